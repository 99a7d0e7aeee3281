"""How findings name many things: the first ones, and how many more."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST = 100  # characters of one


def first_of(things: Sequence[str], most: int = 1) -> str:
    """`a`, or `a and 3 more`."""
    shown = ", ".join(thing if len(thing) <= _LONGEST else f"{thing[:_LONGEST]}…" for thing in things[:most])
    rest = len(things) - most
    return f"{shown} and {rest} more" if rest > 0 else shown
