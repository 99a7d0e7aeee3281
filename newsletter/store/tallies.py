"""What the processes that send have counted, and which of them live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from newsletter.domain.tally import Mark
from newsletter.store.database import insert
from newsletter.store.tables import senders, tallies

LIVES = timedelta(seconds=30)  # whoever was seen within it is thought to live
_FORGOTTEN = timedelta(days=1)


def add(connection: Connection, increments: Mapping[Mark, float]) -> None:
    """Adds to the sums of all processes."""
    rows = [{"what": what, "kind": kind, "amount": amount} for (what, kind), amount in sorted(increments.items())]
    if rows:  # in order, so that two processes never wait for each other's rows
        made = insert(connection, tallies)
        grown = {"amount": tallies.c.amount + made.excluded.amount}
        connection.execute(made.on_conflict_do_update(index_elements=["what", "kind"], set_=grown), rows)


def sums(connection: Connection) -> dict[Mark, float]:
    return {(row.what, row.kind): row.amount for row in connection.execute(select(tallies))}


def beat(connection: Connection, name: str, role: str, now: datetime) -> None:
    """The process `name` lives; those that were not seen for a day are forgotten."""
    connection.execute(delete(senders).where(senders.c.seen_at < now - _FORGOTTEN))
    made = insert(connection, senders).values(name=name, role=role, seen_at=now)
    connection.execute(made.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now}))


def leave(connection: Connection, name: str) -> None:
    connection.execute(delete(senders).where(senders.c.name == name))


def living(connection: Connection, now: datetime) -> dict[str, int]:
    """How many processes of each role live."""
    wanted = select(senders.c.role, func.count()).where(senders.c.seen_at > now - LIVES).group_by(senders.c.role)
    return {row[0]: row[1] for row in connection.execute(wanted)}
