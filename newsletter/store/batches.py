"""Long lists of values, asked for in portions that one IN list can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select

_AT_ONCE = 500  # values in one IN list


def rows_of(connection: Connection, wanted: Select[Any], values: Sequence[object]) -> Iterator[Row[Any]]:
    """Every row of `wanted`, which has an expanding parameter named `values`; in no order across portions."""
    for start in range(0, len(values), _AT_ONCE):
        yield from connection.execute(wanted, {"values": list(values[start : start + _AT_ONCE])})
