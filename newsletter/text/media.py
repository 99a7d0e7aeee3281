"""The names of finished pictures, and where they stand in a mail's HTML.

A mail refers to a picture by an address that ends with its name, or by `cid:`, when the picture travels with the mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable

TYPES = {"jpg": "image/jpeg", "png": "image/png"}
_DOMAIN = "@media"  # makes a name into a Content-ID (RFC 2392)
_NAME = re.compile(r"[0-9a-f]{32}\.(?:jpg|png)")
_SRC = re.compile(
    rf"(?P<before>\bsrc=[\"'])(?:cid:(?P<cid>{_NAME.pattern}){_DOMAIN}|https?://[^\"'\s<>]+/(?P<url>{_NAME.pattern}))(?=[\"'])"
)


def is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text))


def content_type(name: str) -> str:
    return TYPES[name.rpartition(".")[2]]


def content_id(name: str) -> str:
    """Without the angle brackets that stand around it in a header."""
    return name + _DOMAIN


def cid(name: str) -> str:
    """What `src` is for a picture that travels with the mail."""
    return f"cid:{content_id(name)}"


def embedded(html: str) -> list[str]:
    """The pictures that travel with a mail, each once, in the order of its HTML."""
    return list(dict.fromkeys(found["cid"] for found in _SRC.finditer(html) if found["cid"]))


def shown(html: str) -> list[str]:
    """All pictures of ours that a mail shows, each once."""
    return list(dict.fromkeys(found["cid"] or found["url"] for found in _SRC.finditer(html)))


def relocated(html: str, place: Callable[[str], str | None]) -> str:
    """With each picture of ours at the address that `place` gives for its name; where that is None, as it was."""

    def moved(found: re.Match[str]) -> str:
        where = place(found["cid"] or found["url"])
        return found[0] if where is None else found["before"] + where

    return _SRC.sub(moved, html)
