"""A delivery's line as SQLite's driver takes it and gives it: in tuples, for a message has no time for more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from newsletter.domain.delivery import Claim, DeliveryState, Settled
from newsletter.text.reply import unaddressed

# Places in a row of `embedded_queue._CLAIM`:
ID, EMAIL, EMAIL_WHEN_QUEUED, IS_WANTED = 0, 2, 9, 10
# Places in a row that `recorded` makes:
STATE, TEXT, RECORDED_ID = 0, -2, -1
_WAITING = {state.value: state for state in (DeliveryState.QUEUED, DeliveryState.DEFERRED)}


def recorded(line: Settled) -> tuple[Any, ...]:
    """In the order of `embedded._RECORD`; the last is the delivery's id."""
    number, _, state, attempts, doubts, due_at, first_at, now, code, status, text = line
    at = instant(now)
    first = at if first_at is now else first_at and instant(first_at)
    return state.value, attempts, doubts, due_at and instant(due_at), first, at, code, status, text, number


def for_journal(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without the addresses among the server's words: who is erased is to stand in no file, and nobody looks there."""
    words = unaddressed(row[TEXT])
    return row if words == row[TEXT] else (*row[:TEXT], words, row[RECORDED_ID])


def claimed(row: Sequence[Any]) -> Claim:
    since, first = moment(row[4]), moment(row[8])
    return Claim(row[0], row[1], row[2], row[3], since, _WAITING[row[5]], row[6], row[7], first, bool(row[IS_WANTED]))


def new_address(number: int, email: str) -> tuple[str, str, int]:
    """In the order of `embedded._READDRESS`."""
    return email, email.rpartition("@")[2].lower(), number


def instant(at: datetime) -> str:
    """As store.tables.Instant keeps it."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:-6]  # without +00:00


def moment(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) if stored else None
