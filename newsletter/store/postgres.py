"""How we connect to PostgreSQL, for SQLAlchemy and for the queue alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_NOTICES_A_CUT = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
"""A connection over which nothing comes any more is given up in half a minute, about the lease of a delivery, not in
the two hours that are the system's own."""

_LONGEST_WAIT = "lock_timeout = '60s'"
LOCK_WAIT = f"SET {_LONGEST_WAIT}"
"""Whoever meets somebody else's lock, on a whole table, say, waits for so long, which is longer than ours are held."""

LOCK_WAIT_ONCE = f"SET LOCAL {_LONGEST_WAIT}"
"""For one transaction."""

SESSION = "; ".join(
    (
        "SET idle_in_transaction_session_timeout = '20s'",
        LOCK_WAIT,
        "SET tcp_keepalives_idle = 10",
        "SET tcp_keepalives_interval = 5",
        "SET tcp_keepalives_count = 3",
        "SET tcp_user_timeout = 20000",
    )
)
"""The same on the server's side, said when a session begins (a pooler like PgBouncer takes no options in an address): a
machine that falls asleep in the middle of a transaction, or cannot be reached any more, keeps its locks from the others
for so long, not for ever. What is sent in one go (a turn of the ledger) does not end in the middle."""

POOL: dict[str, Any] = {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 45}
"""Each chunk at work keeps a connection, and borrows another now and then."""


def connect_args(url: URL) -> dict[str, Any]:
    """What the address itself does not say."""
    return {name: value for name, value in _NOTICES_A_CUT.items() if name not in url.query}


def prepare(connection: Any, _record: Any) -> None:
    """SQLAlchemy's `connect` event."""
    connection.execute(SESSION)
    connection.commit()


async def configure(connection: AsyncConnection[Any]) -> None:
    """The same for the pool of the queue."""
    await connection.execute(SESSION)
    await connection.commit()


def options(engine: Engine) -> dict[str, Any]:
    """What psycopg's `connect` is to be given, so that it reaches the same database in the same way."""
    _, named = engine.dialect.create_connect_args(engine.url)
    return {**named, **connect_args(engine.url)}
