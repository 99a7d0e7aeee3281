"""What reads before it writes, about readers, goes one after the other: on SQLite all does, PostgreSQL is asked."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

_READERS = 0x72656164  # any number of ours: an advisory lock, shared by those who change a few readers


def one_at_a_time(connection: Connection, *people: bytes) -> None:
    """Until this transaction ends, whoever else calls this for one of `people` (keyed hashes of addresses) waits.

    Else two clicks on one button would read the same state, and each act on it. Call it before anything about them is
    read.
    """
    if connection.dialect.name == "sqlite":
        return
    connection.execute(select(func.pg_advisory_xact_lock_shared(_READERS)))
    for number in sorted(int.from_bytes(person[:8], signed=True) for person in people):  # in one order: nobody locks up
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def all_at_once(connection: Connection) -> None:
    """Until this transaction ends nobody else changes any reader: for changes of thousands, which take a second."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_READERS)))
