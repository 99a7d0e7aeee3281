"""What reads before it writes, about one person, goes one after the other."""

from __future__ import annotations

from sqlalchemy import Connection, func, select


def one_at_a_time(connection: Connection, *people: bytes) -> None:
    """Until this transaction ends, whoever else calls this for one of `people` (keyed hashes of addresses) waits.

    For PostgreSQL, where two clicks on one button would else read the same state and each act on it; on SQLite one
    writes at a time. Call it before anything about them is read.
    """
    if connection.dialect.name == "sqlite":
        return
    for number in sorted(int.from_bytes(person[:8], signed=True) for person in people):  # in one order: nobody locks up
        connection.execute(select(func.pg_advisory_xact_lock(number)))
