"""How findings name many things, and how two parts are compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_LONGEST = 100  # characters of one


def first_of(things: Sequence[str]) -> str:
    """`a`, or `a and 3 more`. Of nothing it is ""."""
    if not things:
        return ""
    first, rest = things[0], len(things) - 1
    shown = first if len(first) <= _LONGEST else f"{first[:_LONGEST]}…"
    return f"{shown} and {rest} more" if rest else shown


def squeezed(text: str) -> str:
    """Letters and digits alone: line ends, joiners and typographic spaces differ between the parts."""
    return "".join(char for char in text.casefold() if unicodedata.category(char)[0] in "LNS")
