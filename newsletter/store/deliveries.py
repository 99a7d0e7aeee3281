"""The ledger: enqueue, finish, call off; and for many workers on PostgreSQL: claim, take over.

There a worker first claims rows (they stay queued, under its name), then begins them one per connection (`sending`,
in the database before a byte leaves), then records what came of it: both in `store.shared`. So after a crash only
rows that are `sending` are in doubt, and there is at most one per connection. SQLite's way is `store.embedded`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    collate,
    delete,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)

from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import OPEN_STATES, REACHED_STATES, Claim, DeliveryState
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.subscriber import SubscriptionState
from newsletter.store.database import insert
from newsletter.store.issues import move
from newsletter.store.tables import deliveries, issues, sent_stories, subscribers, subscriptions

_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)
_SILENCE = timedelta(seconds=3)  # of a worker whose session is gone, until it is taken for dead
_PRESENCE = 0x73656E64  # our class of PostgreSQL's advisory locks: a worker that lives holds one
_TAKING_OVER = 0x74616B65  # and another of them: of who takes over, for all issues
_d = deliveries.c


def enqueue(
    connection: Connection, issue: Issue, order: Callable[[ColumnElement[str]], ColumnElement[str]] | None = None
) -> int:
    """One queued row for each active subscriber of the issue's edition; how many there are.

    `order`: by what, made from the mail domain, the rows are ordered, so that some lie side by side.
    """
    domain = mail_domain(connection)
    this = select(issues.c.id).where(issues.c.id == issue.id).scalar_subquery()  # NULL, and refused, if there is none
    zero, empty = literal(0), literal("")
    rows = (
        select(
            this, subscribers.c.id, subscribers.c.email, domain,
            literal(DeliveryState.QUEUED.value), zero, zero, zero, empty, empty,
        )
        .join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber)
        .where(
            subscriptions.c.newsletter == issue.newsletter,
            subscriptions.c.edition == issue.edition,
            subscriptions.c.state == SubscriptionState.ACTIVE.value,
        )
    )  # fmt: skip
    if order is not None:
        # Each run of numbers that rises is quick to put into the unique index; in no order it takes twice as long.
        rows = rows.order_by(order(domain), subscribers.c.id)
    columns = ["issue", "subscriber", "email", "domain", "state", "attempts", "doubts", "code", "status", "text"]
    return connection.execute(deliveries.insert().from_select(columns, rows)).rowcount


def mail_domain(connection: Connection) -> ColumnElement[str]:
    """In SQL: what stands behind the @ of a subscriber's address."""
    at_sign = (func.instr if connection.dialect.name == "sqlite" else func.strpos)(subscribers.c.email, "@")
    return func.lower(func.substr(subscribers.c.email, at_sign + 1))


def mark_stories(connection: Connection, issue: Issue) -> Sequence[tuple[int, int]]:
    """Writes the issue's stories down as sent to its edition; (story, issue) of those that had been before."""
    stories = {story.story for story in issue.stories}
    already = connection.execute(
        select(sent_stories.c.story, sent_stories.c.issue).where(
            sent_stories.c.newsletter == issue.newsletter,
            sent_stories.c.edition == issue.edition,
            sent_stories.c.story.in_(stories),
        )
    ).all()
    rows = [
        {"newsletter": issue.newsletter, "edition": issue.edition, "story": story, "issue": issue.id}
        for story in sorted(stories - {row.story for row in already})
    ]
    if rows:
        connection.execute(insert(connection, sent_stories), rows)
    return [(row.story, row.issue) for row in already]


def mark_what_reached_somebody(connection: Connection, issue: Issue) -> None:
    """Of a cancelled issue: a message that was in flight as it was called off has told its stories after all."""
    if issue_state(connection, issue.id) is IssueState.CANCELLED and _reached(connection, issue.id):
        mark_stories(connection, issue)


def issue_state(connection: Connection, issue_id: int) -> IssueState:
    return IssueState(connection.execute(_ISSUE_STATE, {"issue_id": issue_id}).scalar_one())


_ISSUE_STATE = select(issues.c.state).where(issues.c.id == bindparam("issue_id"))


def claim(
    connection: Connection,
    issue: Issue,
    worker: str,
    size: int,
    now: datetime,
    most: timedelta,
    lease: timedelta,
    without: frozenset[str] = frozenset(),
    chunk: Chunk | None = None,
) -> list[Claim]:
    """Puts `worker`'s name on up to `size` rows that may go out now, due retries first; see Ledger.claim.

    Only on those of `chunk`, if there is one.
    """
    values = {"issue": issue.id, "newsletter": issue.newsletter, "now": now, "latest": now + most}
    elsewhere = _d.domain.not_in(without) if without else true()
    looks: list[tuple[Select[Any], Mapping[str, object]]]
    if chunk is None:
        looks = [(_DUE.where(elsewhere), {}), *((_FRESH, gap) for gap in _gaps(without))]
    else:
        within = {"first": chunk.first, "last": chunk.last}
        looks = [(_DUE_OF_CHUNK.where(elsewhere), within), (_FRESH_OF_CHUNK.where(elsewhere), within)]
    claims: list[Claim] = []
    for wanted, where in looks:
        if len(claims) < size:
            claims += _claims(connection, wanted, values | {**where, "size": size - len(claims)})
    if claims:
        connection.execute(_CLAIM, [{"b_id": c.id, "b_email": c.email, "b_worker": worker} for c in claims])
        extend(connection, worker, lease)
    return claims


def _gaps(without: Collection[str]) -> list[dict[str, str]]:
    """The stretches of the alphabet between these domains, each without its ends.

    One look at each finds what may go out, however many rows of a domain that is left out lie between.
    """
    ends = ["", *sorted(without), _LAST]
    return [{"after": after, "before": before} for after, before in pairwise(ends)]


def _claims(connection: Connection, wanted: Select[Any], values: Mapping[str, object]) -> list[Claim]:
    return [
        Claim(
            id=row.id, subscriber=row.subscriber, email=row.email, name=row.name, since=row.since,
            state=DeliveryState(row.state), attempts=row.attempts, doubts=row.doubts, first_at=row.first_at,
        )
        for row in connection.execute(wanted, values)
    ]  # fmt: skip


def _free(which: ColumnElement[bool]) -> Select[Any]:
    """Unclaimed rows; the address and name are the reader's present ones, the row's where the reader is gone."""
    email = func.coalesce(subscribers.c.email, _d.email).label("email")
    name = func.coalesce(subscribers.c.name, "").label("name")
    columns = (_d.id, _d.subscriber, email, name, subscriptions.c.since, _d.state, _d.attempts, _d.doubts, _d.first_at)
    theirs = and_(subscriptions.c.subscriber == _d.subscriber, subscriptions.c.newsletter == bindparam("newsletter"))
    return (
        select(*columns)
        .outerjoin_from(deliveries, subscribers, subscribers.c.id == _d.subscriber)
        .outerjoin(subscriptions, theirs)
        .where(_d.issue == bindparam("issue"), which, _d.worker.is_(None))
        .limit(bindparam("size"))
        .with_for_update(of=deliveries, skip_locked=True)
    )


# Made once: building a statement costs more than running it.
_IS_FRESH = _d.state == DeliveryState.QUEUED.value
_IS_DUE = and_(
    _d.state == literal_column("'deferred'"),  # in the text of the statement, where a partial index looks for it
    or_(_d.due_at <= bindparam("now"), _d.due_at > bindparam("latest")),
)
_by_domain = collate(_d.domain, "C")
_IS_BETWEEN = and_(_by_domain > bindparam("after"), _by_domain < bindparam("before"))
_LAST = "\U0010ffff"  # behind every domain
_IN_CHUNK = _d.id.between(bindparam("first"), bindparam("last"))
# In the indexes' own order: without it PostgreSQL may read past all that is sent.
_FRESH, _DUE = _free(and_(_IS_FRESH, _IS_BETWEEN)).order_by(_by_domain), _free(_IS_DUE).order_by(_d.due_at)
# In the order of their ids: so the primary key leads to them, however many rows of the issue are queued.
_FRESH_OF_CHUNK, _DUE_OF_CHUNK = (_free(and_(which, _IN_CHUNK)).order_by(_d.id) for which in (_IS_FRESH, _IS_DUE))
_CLAIM = (
    update(deliveries)
    .where(_d.id == bindparam("b_id"))
    .values(worker=bindparam("b_worker"), email=bindparam("b_email"))
)


def extend(connection: Connection, worker: str, lease: timedelta) -> None:
    """Renews the lease on all that a worker holds."""
    until = func.clock_timestamp() + lease
    connection.execute(update(deliveries).where(_d.worker == worker).values(lease_until=until))


def dead_workers(connection: Connection, issue_id: int, me: str, lease: timedelta) -> list[str]:
    """Who holds rows of the issue and lives no more: their lease ended, or their session is gone and they are silent.

    A server that restarts takes everybody's session along; who lives goes on renewing (more often than every second).
    Nobody while another takes over, for two at once get in each other's way.
    """
    if not connection.scalar(select(func.pg_try_advisory_xact_lock(_TAKING_OVER))):
        return []
    workers = connection.execute(
        select(_d.worker, func.min(_d.lease_until))
        .where(_d.issue == issue_id, _d.worker.is_not(None), _d.worker != me)
        .group_by(_d.worker)
    ).all()
    here: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    silent = here + lease - min(_SILENCE, lease / 2)
    return [
        worker
        for worker, until in workers
        if until is None or until < here or (until < silent and _gone(connection, worker))
    ]


def _gone(connection: Connection, worker: str) -> bool:
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(_PRESENCE, func.hashtext(worker)))))


def take_over(connection: Connection, issue_id: int, workers: Collection[str], keep: bool, now: datetime) -> int:
    """Frees what these workers held; how many deliveries they left in doubt.

    What was in flight is uncertain: it stays so with `keep`, else it is queued again.
    """
    held = and_(_d.issue == issue_id, _d.worker.is_not(None), _d.worker.in_(workers))
    doubtful = connection.execute(
        update(deliveries)
        .where(held, _d.state == DeliveryState.SENDING.value)
        .values(
            state=(DeliveryState.UNCERTAIN if keep else DeliveryState.QUEUED).value,
            attempts=_d.attempts + 1,
            first_at=func.coalesce(_d.first_at, now),
            at=now,
            text="the sender stopped before it heard the server's answer",
            worker=null(),
            lease_until=null(),
        )
    ).rowcount
    connection.execute(update(deliveries).where(held).values(worker=null(), lease_until=null()))
    return doubtful


def announce(connection: Connection, worker: str) -> None:
    """As long as this connection lives, others see that the worker does."""
    connection.execute(select(func.pg_advisory_lock(_PRESENCE, func.hashtext(worker))))


def withdraw(connection: Connection, worker: str) -> None:
    """Takes `announce` back. A connection that goes on living in a pool would keep it, and the server's room for it."""
    connection.execute(select(func.pg_advisory_unlock(_PRESENCE, func.hashtext(worker))))


def next_due(connection: Connection, issue_id: int, now: datetime, most: timedelta) -> datetime | None:
    """When the next retry that nobody has claimed falls due; None when there is none."""
    waiting = select(func.min(_d.due_at)).where(
        _d.issue == issue_id, _d.state == DeliveryState.DEFERRED.value, _d.worker.is_(None)
    )
    due: datetime | None = connection.scalar(waiting)
    return min(due, now + most) if due else None


def finish(connection: Connection, issue_id: int, now: datetime) -> bool:
    """The issue is sent, if no delivery of it is open any more; False when one is, or the issue is not sending."""
    is_open = select(_d.id).where(_d.issue == issue_id, _d.state.in_([state.value for state in OPEN_STATES]))
    if connection.execute(is_open.limit(1)).first():
        return False
    return move(connection, issue_id, [IssueState.SENDING], IssueState.SENT, finished_at=now, reason="")


def call_off(connection: Connection, issue_id: int, now: datetime) -> None:
    """Nobody who still waits gets the issue; if nobody got it at all, its stories may go into another."""
    waiting = and_(_d.issue == issue_id, _d.state.in_([state.value for state in _WAITING]))
    gone = {"state": DeliveryState.SKIPPED.value, "text": "cancelled", "at": now, "worker": None, "lease_until": None}
    connection.execute(update(deliveries).where(waiting).values(**gone, due_at=None))
    if not _reached(connection, issue_id):
        connection.execute(delete(sent_stories).where(sent_stories.c.issue == issue_id))


def _reached(connection: Connection, issue_id: int) -> bool:
    reached = select(_d.id).where(_d.issue == issue_id, _d.state.in_([state.value for state in REACHED_STATES]))
    return connection.execute(reached.limit(1)).first() is not None
