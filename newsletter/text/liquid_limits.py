"""What a filter may take and make: a few that feed on themselves would otherwise fill the memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

MOST = 2_000_000  # characters of one value
_ITEM = 20  # characters that an item counts as, besides its own: it takes room, and time to walk
_LONGEST_NUMBER = 4_096  # bits; each `times` doubles them


def bounded(run: Callable[..., Any]) -> Callable[..., Any]:
    """`run`, which raises ValueError where a value that goes in or comes out is too large."""

    @wraps(run)  # takes along what the Liquid library marks a filter with
    def guarded(*values: object, **named: object) -> object:
        for value in values:
            check(value)
        result = run(*values, **named)
        check(result)
        return result

    return guarded


def check(value: object) -> None:
    """Raises ValueError when `value` is larger than a filter may take."""
    if isinstance(value, int):
        if value.bit_length() > _LONGEST_NUMBER:
            raise ValueError("a filter makes too large a number")
    elif _size(value, MOST) > MOST:
        raise ValueError("a filter makes too much text")


def _size(value: object, most: int) -> int:
    """Characters in `value`, its items counted in, until they are more than `most`."""
    if isinstance(value, (str, range)):
        return len(value)
    if not isinstance(value, (list, tuple)):
        return 1
    size = len(value) * _ITEM
    for each in value:
        if size > most:
            break
        size += _size(each, most - size)
    return size
