"""The queue of mails to one person about their own subscription: confirm, welcome, address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, union_all, update

from newsletter.domain.delivery import OPEN_STATES, DeliveryState
from newsletter.domain.notice import NewNotice, NoticeKind
from newsletter.store.tables import notices


@dataclass(frozen=True, slots=True)
class Notice:
    """`data` is what its kind needs to make its links; `attempts` counts the present one."""

    id: int
    kind: str  # a NoticeKind, unless another version queued it
    email: str
    newsletter: str
    edition: str
    data: Mapping[str, str]
    attempts: int
    created_at: datetime


def queue(connection: Connection, notice: NewNotice, now: datetime) -> None:
    row = {
        "kind": notice.kind,
        "person": notice.person,
        "email": notice.email,
        "newsletter": notice.newsletter,
        "edition": notice.edition,
        "data": dict(notice.data),
        "state": DeliveryState.QUEUED,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
        "text": "",
    }
    connection.execute(insert(notices).values(row))


def queued_since(connection: Connection, person: bytes, kind: NoticeKind, since: datetime) -> dict[str, int]:
    """How many notices of that kind the person got since then (an instant), for each newsletter."""
    rows = connection.execute(
        select(notices.c.newsletter, func.count())
        .where(notices.c.person == person, notices.c.kind == kind, notices.c.created_at > since)
        .group_by(notices.c.newsletter)
    )
    return {row[0]: row[1] for row in rows}


def queued_for(
    connection: Connection, person: bytes, kind: NoticeKind, newsletter: str, edition: str, since: datetime
) -> bool:
    """Whether the person got one of that kind since then that names this edition."""
    theirs = (notices.c.person == person, notices.c.kind == kind, notices.c.created_at > since)
    named = (notices.c.newsletter == newsletter, notices.c.edition == edition)
    return connection.execute(select(notices.c.id).where(*theirs, *named).limit(1)).first() is not None


class Latest(NamedTuple):
    """How a notice stands, with the server's words, and when it was queued."""

    state: DeliveryState
    words: str
    created_at: datetime


def latest(connection: Connection, person: bytes, kind: NoticeKind, newsletter: str, since: datetime) -> Latest | None:
    """The newest notice of that kind to that person since then."""
    theirs = (notices.c.person == person, notices.c.kind == kind, notices.c.newsletter == newsletter)
    wanted = select(notices.c.state, notices.c.text, notices.c.created_at).where(*theirs, notices.c.created_at > since)
    row = connection.execute(wanted.order_by(notices.c.id.desc()).limit(1)).first()
    return Latest(DeliveryState(row.state), row.text, row.created_at) if row else None


def claim(connection: Connection, now: datetime, lease: timedelta, person: bytes | None = None) -> Notice | None:
    """Takes the next that is due, for the time of the lease; what a dead process had claimed comes back when its ends.

    One at a time: who is erased while others are sent is not in anybody's hands. With `person` only what goes to them.
    """
    theirs = () if person is None else (notices.c.person == person,)
    firsts = [  # one of each state, which the index has at hand: all of them at once would be sorted for each notice
        select(notices.c.id, notices.c.due_at)
        .where(notices.c.state == state, notices.c.due_at <= now, *theirs)
        .order_by(notices.c.due_at, notices.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .subquery()
        for state in OPEN_STATES
    ]
    first = union_all(*(select(one.c.id, one.c.due_at) for one in firsts)).subquery()
    chosen = select(first.c.id).order_by(first.c.due_at, first.c.id).limit(1)
    claimed = {"state": DeliveryState.SENDING, "due_at": now + lease, "attempts": notices.c.attempts + 1}
    row = connection.execute(
        update(notices).where(notices.c.id == chosen.scalar_subquery()).values(claimed).returning(notices)
    ).first()
    if row is None:
        return None
    return Notice(row.id, row.kind, row.email, row.newsletter, row.edition, row.data, row.attempts, row.created_at)


def finish(connection: Connection, notice: int, state: DeliveryState, text: str) -> None:
    """Sent, or failed for good: the address is no longer needed, only that there was a notice."""
    closed = {"state": state, "text": text, "email": "", "data": {}}
    connection.execute(update(notices).where(notices.c.id == notice).values(closed))


def defer(connection: Connection, notice: int, due_at: datetime, text: str) -> None:
    later = {"state": DeliveryState.DEFERRED, "due_at": due_at, "text": text}
    connection.execute(update(notices).where(notices.c.id == notice).values(later))


def waiting(connection: Connection) -> int:
    """How many are not sent yet."""
    return connection.scalar(select(func.count()).where(notices.c.state.in_(OPEN_STATES))) or 0
