"""Text that a database takes: PostgreSQL knows no NUL, and neither writes half a character of UTF-16."""

from __future__ import annotations

import re

_HALVES = re.compile("[\ud800-\udfff]")
_UNKNOWN = "\ufffd"


def storable(text: str) -> str:
    """`text` without NUL, and with a replacement sign for each lone surrogate."""
    if text.isprintable():
        return text
    text = text.replace("\0", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub(_UNKNOWN, text)
    return text
