"""Everything of one database in another: from SQLite to PostgreSQL, say, with every number as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from newsletter.domain.issue import IssueState
from newsletter.errors import StoreError, WrongState
from newsletter.store import tables, tallies
from newsletter.store.database import Database
from newsletter.store.embedded import left_behind

_PAGE = 1000  # rows that are read and written at once
_OF_THE_MOMENT = (tables.senders, tables.leases, tables.day_shares, tables.chunks)  # who sends, and what of
_OF_THE_COPY = ("settings",)  # a new database has rows of its own there

COPIED = tuple(table for table in tables.metadata.sorted_tables if table not in _OF_THE_MOMENT)
"""The tables that are copied, those that others refer to first."""


def copy(source: Database, target: Database, now: datetime, tell: Callable[[int, int], None]) -> dict[str, int]:
    """Copies all that lasts, in one transaction; how many rows each table has.

    `tell` hears how many rows are there by now, and how many there are in all. Raises WrongState where `demand_rest`
    does, StoreError when the target holds anything.
    """
    with source.read() as old:
        demand_rest(source, old, now)
        counts = {table: old.scalar(select(func.count()).select_from(table)) or 0 for table in COPIED}
        done, total = 0, sum(counts.values())
        with target.write() as new:
            _demand_empty(target, new)
            for table in COPIED:
                new.execute(delete(table))
                for page in _pages(old, table):
                    new.execute(insert(table), page)
                    done += len(page)
                    tell(done, total)
            if not target.is_sqlite:
                _go_on_counting(new)
    return {table.name: count for table, count in counts.items()}


def demand_rest(source: Database, old: Connection, now: datetime) -> None:
    """Raises WrongState while somebody works on the database, or an issue is being sent."""
    if running := [role for role, number in tallies.living(old, now).items() if number]:
        raise WrongState(f"`newsletter {running[0]}` works on this database. Stop it, and copy again.")
    going = old.scalars(select(tables.issues.c.id).where(tables.issues.c.state == IssueState.SENDING.value)).all()
    unread = left_behind(source)
    if going or unread:
        number = [*going, *unread][0]
        remedy = f"Let it finish, by `newsletter resume {number}`, or `newsletter pause {number}` first"
        raise WrongState(f"issue {number} is being sent, or its sending was cut short. {remedy}; then copy again.")


def _demand_empty(target: Database, new: Connection) -> None:
    for table in COPIED:
        if table.name not in _OF_THE_COPY and new.execute(select(table).limit(1)).first() is not None:
            raise StoreError(f"{target.place} is not empty: it has {table.name}. Name a new one, or an empty one.")


def _pages(old: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    rows = old.execution_options(yield_per=_PAGE).execute(select(table).order_by(*table.primary_key)).mappings()
    for page in rows.partitions(_PAGE):
        yield [dict(row) for row in page]


def _go_on_counting(new: Connection) -> None:
    """PostgreSQL counts ids by sequences, which know nothing of the rows that came with theirs."""
    for table in COPIED:
        column = table.autoincrement_column
        if column is None:
            continue
        last = new.scalar(select(func.max(column)))
        if last is not None:
            sequence = text("SELECT setval(pg_get_serial_sequence(:place, :name), :last)")
            new.execute(sequence, {"place": table.name, "name": column.name, "last": last})
