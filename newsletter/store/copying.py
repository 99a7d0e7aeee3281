"""Everything of one database in another: from SQLite to PostgreSQL, say, with every number as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, insert, select, text

from newsletter.domain.issue import IssueState
from newsletter.errors import StoreError, WrongState
from newsletter.store import queue_schema, tables, tallies
from newsletter.store.database import MOVED_TO, Database
from newsletter.store.deliveries import IS_OPEN

_PAGE, _PAGE_OF_BIG = 1000, 20  # rows that are read and written at once
_BIG = (tables.issues, tables.pictures, tables.bodies)  # whose rows hold whole mails, or more
_OF_THE_MOMENT = (tables.senders, tables.leases, tables.day_shares, tables.chunks)  # who sends, and what of
_OF_ITS_PLACE = (*queue_schema.KEYS, MOVED_TO)  # settings of one database, and of no other

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
            new.execute(delete(tables.settings).where(tables.settings.c.key.not_in(_OF_ITS_PLACE)))
            for table in COPIED:
                for page in _pages(old, table):
                    if rows := [row for row in page if table is not tables.settings or row["key"] not in _OF_ITS_PLACE]:
                        new.execute(insert(table), rows)
                    done += len(page)
                    tell(done, total)
                _go_on_counting(old, new, table)
            if not target.is_sqlite:
                _cut_anew(new)
    return {table.name: count for table, count in counts.items()}


def demand_rest(source: Database, old: Connection, now: datetime) -> None:
    """Raises WrongState while somebody works on the database, or an issue is being sent."""
    if running := [role for role, number in tallies.living(old, now).items() if number]:
        raise WrongState(f"`newsletter {running[0]}` works on this database. Stop it, and copy again.")
    for number in old.scalars(select(tables.issues.c.id).where(tables.issues.c.state == IssueState.SENDING.value)):
        remedy = f"Let it finish, by `newsletter resume {number}`, or `newsletter pause {number}` first"
        raise WrongState(f"issue {number} is being sent, or its sending was cut short. {remedy}; then copy again.")
    held = select(tables.deliveries.c.issue).where(tables.deliveries.c.worker.is_not(None), IS_OPEN)
    if number := old.scalar(held.limit(1)):
        again = f"`newsletter resume {number}` takes them over, and `newsletter pause {number}` stops it then"
        raise WrongState(f"a worker that died holds deliveries of issue {number}. {again}; then copy again.")


def _demand_empty(target: Database, new: Connection) -> None:
    for table in COPIED:  # but for the settings: a new one has some of its own
        if table is not tables.settings and new.execute(select(table).limit(1)).first() is not None:
            raise StoreError(f"{target.place} is not empty: it has {table.name}. Name a new one, or an empty one.")


def _pages(old: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    size = _PAGE_OF_BIG if table in _BIG else _PAGE
    rows = old.execution_options(yield_per=size).execute(select(table).order_by(*table.primary_key)).mappings()
    for page in rows.partitions(size):
        yield [dict(row) for row in page]


def _go_on_counting(old: Connection, new: Connection, table: Table) -> None:
    """No number that was given once is given again, to somebody who would have the links of who is erased."""
    column = table.autoincrement_column
    if column is None:
        return
    last = max(new.scalar(select(func.max(column))) or 0, _last_given(old, table, column))
    names = {"place": table.name, "name": column.name, "last": last}
    if not last:
        return
    if new.dialect.name != "sqlite":
        new.execute(text("SELECT setval(pg_get_serial_sequence(:place, :name), :last)"), names)
    elif table.dialect_options["sqlite"]["autoincrement"]:
        new.execute(text("DELETE FROM sqlite_sequence WHERE name = :place"), {"place": table.name})
        new.execute(text("INSERT INTO sqlite_sequence VALUES (:place, :last)"), {"place": table.name, "last": last})


def _last_given(old: Connection, table: Table, column: Column[Any]) -> int:
    """The highest number that the table ever gave, as far as the database knows."""
    if old.dialect.name == "sqlite":
        if not table.dialect_options["sqlite"]["autoincrement"]:
            return 0
        if not old.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")):  # an early database
            return 0
        asked = text("SELECT seq FROM sqlite_sequence WHERE name = :place")
        return old.scalar(asked, {"place": table.name}) or 0
    sequence = old.scalar(
        text("SELECT pg_get_serial_sequence(:place, :name)"), {"place": table.name, "name": column.name}
    )
    return old.scalar(text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")) or 0  # noqa: S608


def _cut_anew(new: Connection) -> None:
    """What machines share of an issue is no part of the copy; whoever resumes a paused one finds it."""
    from newsletter.store import chunks

    for number in new.scalars(select(tables.issues.c.id).where(tables.issues.c.state == IssueState.PAUSED.value)).all():
        chunks.cut_anew(new, number)
