"""Reminders to editors: one row per edition and local date. The unique key is what makes one go out once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, select

from newsletter.domain.occurrence import Occurrence
from newsletter.store.database import insert
from newsletter.store.tables import reminders

_r = reminders.c


def known(connection: Connection, newsletter: str, edition: str, occurrence: Occurrence) -> bool:
    """Whether somebody has reminded of it already."""
    same = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date == occurrence.local_date.isoformat())
    return bool(connection.scalar(select(exists().where(*same))))


def note(
    connection: Connection, newsletter: str, edition: str, occurrence: Occurrence, issue: int | None, now: datetime
) -> bool:
    """Writes down that it is reminded of; False when another process was faster."""
    row = {
        "newsletter": newsletter,
        "edition": edition,
        "local_date": occurrence.local_date.isoformat(),
        "due_at": occurrence.at,
        "issue": issue,
        "at": now,
    }
    statement = insert(connection, reminders).values(row).on_conflict_do_nothing().returning(_r.local_date)
    return connection.execute(statement).first() is not None
