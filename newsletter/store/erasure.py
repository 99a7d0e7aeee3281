"""Deleting a person, down to the bytes that a database would leave lying in its file."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select, text, update

from newsletter.domain.delivery import OPEN_STATES, DeliveryState, SkipReason
from newsletter.store.database import Database, in_our_words
from newsletter.store.deliveries import called_off_at
from newsletter.store.tables import deliveries, issues, notices, subscribers, subscriptions

_STARTS_OR_ERASES = 0x65726173  # any number of ours: the advisory lock, shared by those who start an issue


def hold_off(connection: Connection) -> None:
    """Has erasing wait until this transaction ends: who is gathered for an issue is written down a while later.

    For PostgreSQL; on SQLite one writes at a time.
    """
    connection.execute(select(func.pg_advisory_xact_lock_shared(_STARTS_OR_ERASES)))


def erase(connection: Connection, subscriber: int, person: bytes, now: datetime) -> None:
    """Deletes the person everywhere; the ledger keeps its rows for the accounting, without address and words."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_STARTS_OR_ERASES)))
    theirs = and_(deliveries.c.issue.in_(select(issues.c.id)), deliveries.c.subscriber == subscriber)  # by its index
    waiting = deliveries.c.state.in_((DeliveryState.QUEUED, DeliveryState.DEFERRED))
    words = {"code": 0, "status": "", "text": SkipReason.ERASED.value}
    gone = {"state": DeliveryState.SKIPPED, **words, "due_at": None, "at": called_off_at(now)}
    connection.execute(update(deliveries).where(theirs).values(email="", domain="", text=""))
    connection.execute(update(deliveries).where(theirs, waiting).values(gone))
    connection.execute(delete(notices).where(notices.c.person == person))
    named = notices.c.data["subscriber"].as_string() == str(subscriber)  # to an address they want to move to, say
    connection.execute(
        delete(notices).where(notices.c.state.in_(OPEN_STATES), named)
    )  # later it holds no data any more
    connection.execute(delete(subscriptions).where(subscriptions.c.subscriber == subscriber))
    connection.execute(delete(subscribers).where(subscribers.c.id == subscriber))


def overwrite_what_is_freed(connection: Connection) -> None:
    """From here on, what this connection deletes is overwritten with zeros, not only unlinked."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete=ON"))


def empty_the_log(database: Database) -> None:
    """Brings SQLite's write-ahead log home and cuts it off: older pages in it still hold what was deleted."""
    if not database.is_sqlite:
        return
    with in_our_words(), closing(database.engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
