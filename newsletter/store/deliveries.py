"""The ledger's rows on either database: enqueue, finish, call off.

What is written while an issue is delivered is another matter on each: `store.embedded`; `store.shared` and `holders`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    Case,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from newsletter.domain.delivery import OPEN_STATES, REACHED_STATES, DeliveryState, SkipReason
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.subscriber import SubscriptionState
from newsletter.store.database import insert
from newsletter.store.issues import move
from newsletter.store.tables import deliveries, issues, sent_stories, subscribers, subscriptions

_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)
_d = deliveries.c
IS_OPEN = _d.state.in_([state.value for state in OPEN_STATES])
_CALLING_OFF = 0x6F666600  # our class of PostgreSQL's advisory locks: who calls an issue off


def readers(connection: Connection, issue: Issue) -> Select[tuple[int, str, str]]:
    """Who is to get the issue, the active subscribers of its edition: `subscriber`, `email`, and its mail `domain`."""
    at_sign = (func.instr if connection.dialect.name == "sqlite" else func.strpos)(subscribers.c.email, "@")
    domain: ColumnElement[str] = func.lower(func.substr(subscribers.c.email, at_sign + 1))
    return (
        select(subscribers.c.id.label("subscriber"), subscribers.c.email, domain.label("domain"))
        .join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber)
        .where(
            subscriptions.c.newsletter == issue.newsletter,
            subscriptions.c.edition == issue.edition,
            subscriptions.c.state == SubscriptionState.ACTIVE.value,
        )
    )


def enqueue(connection: Connection, issue: Issue, these: FromClause, *order: ColumnElement[int]) -> int:
    """One queued row for each of `these` readers, put in by `order`, so that some lie side by side; how many."""
    this = select(issues.c.id).where(issues.c.id == issue.id).scalar_subquery()  # NULL, and refused, if there is none
    zero, empty, queued = literal(0), literal(""), literal(DeliveryState.QUEUED.value)
    who = (these.c.subscriber, these.c.email, these.c.domain)
    rows = select(this, *who, queued, zero, zero, zero, empty, empty).order_by(*order)
    columns = ["issue", "subscriber", "email", "domain", "state", "attempts", "doubts", "code", "status", "text"]
    made = deliveries.insert().from_select(columns, rows)
    return connection.execute(made, execution_options={"preserve_rowcount": True}).rowcount  # psycopg's is -1 without


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


def told_too(connection: Connection, newsletter: str, edition: str, other: str) -> None:
    """What an edition was told counts for another of its newsletter as well: its readers move there."""
    columns = (sent_stories.c.newsletter, literal(other).label("edition"), sent_stories.c.story, sent_stories.c.issue)
    told = select(*columns).where(sent_stories.c.newsletter == newsletter, sent_stories.c.edition == edition)
    names = ["newsletter", "edition", "story", "issue"]
    connection.execute(insert(connection, sent_stories).from_select(names, told).on_conflict_do_nothing())


def mark_what_reached_somebody(connection: Connection, issue: Issue) -> None:
    """Of a cancelled issue: a message that was in flight as it was called off has told its stories after all."""
    if issue_state(connection, issue.id) is IssueState.CANCELLED and _reached(connection, issue.id):
        mark_stories(connection, issue)


def issue_state(connection: Connection, issue_id: int) -> IssueState:
    return IssueState(connection.execute(_ISSUE_STATE, {"issue_id": issue_id}).scalar_one())


_ISSUE_STATE = select(issues.c.state).where(issues.c.id == bindparam("issue_id"))


def next_due(connection: Connection, issue_id: int, now: datetime, most: timedelta) -> datetime | None:
    """When the next retry that nobody has claimed falls due; None when there is none."""
    waiting = select(func.min(_d.due_at)).where(
        _d.issue == issue_id, _d.state == DeliveryState.DEFERRED.value, _d.worker.is_(None)
    )
    due: datetime | None = connection.scalar(waiting)
    return min(due, now + most) if due else None


def finish(connection: Connection, issue_id: int, now: datetime) -> bool:
    """The issue is sent, if no delivery of it is open any more; False when one is, or the issue is not sending."""
    if connection.execute(select(_d.id).where(_d.issue == issue_id, IS_OPEN).limit(1)).first():
        return False
    return move(connection, issue_id, [IssueState.SENDING], IssueState.SENT, finished_at=now, reason="")


def uncertain(connection: Connection, issue_id: int) -> int:
    """How many of the issue nobody knows of whether their readers have it."""
    return connection.scalar(select(func.count()).where(_is_uncertain(issue_id))) or 0


def queue_again(connection: Connection, issue_id: int) -> None:
    """Puts uncertain deliveries back in the queue as if they had never been tried; only the attempts stay counted."""
    anew = {"state": DeliveryState.QUEUED.value, "doubts": 0, "first_at": None, "due_at": None, "worker": None}
    connection.execute(update(deliveries).where(_is_uncertain(issue_id)).values(anew))


def _is_uncertain(issue_id: int) -> ColumnElement[bool]:
    return and_(_d.issue == issue_id, _d.state == DeliveryState.UNCERTAIN.value)


def call_off(connection: Connection, issue_id: int, now: datetime) -> None:
    """Nobody who still waits gets the issue; if nobody got it at all, its stories may go into another.

    Who may have got it already, by a try that was never answered, stays uncertain.
    """
    if connection.dialect.name == "postgresql":
        alone_at_calling_off(connection, issue_id)
    waiting = and_(_d.issue == issue_id, _d.state.in_([state.value for state in _WAITING]))
    doubtful = {"state": DeliveryState.UNCERTAIN.value, "worker": None, "due_at": None}
    connection.execute(update(deliveries).where(waiting, _d.doubts > 0).values(doubtful))
    # The words are ours: a server's last answer is no reason any more.
    words = {"code": 0, "status": "", "text": SkipReason.CANCELLED.value}
    gone = {"state": DeliveryState.SKIPPED.value, **words, "at": called_off_at(now), "worker": None}
    connection.execute(update(deliveries).where(waiting).values(**gone, due_at=None))
    if not _reached(connection, issue_id):
        connection.execute(delete(sent_stories).where(sent_stories.c.issue == issue_id))


def alone_at_calling_off(connection: Connection, issue_id: int) -> None:
    """On PostgreSQL, till the transaction ends: two at once would wait for each other's rows."""
    connection.execute(select(func.pg_advisory_xact_lock(_CALLING_OFF, issue_id)))


def called_off_at(now: datetime) -> Case[datetime]:
    """The moment of a row that waits no longer: of its last try, which counts for a day of a warm-up plan, else now."""
    return case((_d.attempts > 0, _d.at), else_=now)


def half_cancelled(connection: Connection, also: Collection[int] = ()) -> list[int]:
    """The cancelled issues of which somebody still waits, and those in `also`: whoever cancelled them was cut short.

    So was who sent those of `also` that are sent, at the very end.
    """
    waits = select(_d.id).where(_d.issue == issues.c.id, _d.state.in_([state.value for state in _WAITING]))
    cancelled, sent = (issues.c.state == state.value for state in (IssueState.CANCELLED, IssueState.SENT))
    marked = and_(issues.c.id.in_(also), or_(cancelled, sent))
    return list(connection.scalars(select(issues.c.id).where(or_(and_(cancelled, waits.exists()), marked))))


def call_off_what_came_back(connection: Connection, issue_id: int, now: datetime) -> None:
    """Of a cancelled issue: what was in flight, and would have been tried again."""
    if issue_state(connection, issue_id) is IssueState.CANCELLED:
        call_off(connection, issue_id, now)


def _reached(connection: Connection, issue_id: int) -> bool:
    reached = select(_d.id).where(_d.issue == issue_id, _d.state.in_([state.value for state in REACHED_STATES]))
    return connection.execute(reached.limit(1)).first() is not None
