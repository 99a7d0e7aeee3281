"""How findings name many things, and how two parts are compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_LONGEST = 100  # characters of one


def first_of(things: Sequence[str], most: int = 1) -> str:
    """`a`, or `a and 3 more`."""
    shown = ", ".join(thing if len(thing) <= _LONGEST else f"{thing[:_LONGEST]}…" for thing in things[:most])
    rest = len(things) - most
    return f"{shown} and {rest} more" if rest > 0 else shown


def squeezed(text: str) -> str:
    """Letters and digits alone: line ends, joiners and typographic spaces differ between the parts."""
    return "".join(char for char in text.casefold() if unicodedata.category(char)[0] in "LNS")
