"""Who holds which rows of the ledger on PostgreSQL, where many workers share it: claim, live, take over.

A worker first claims rows (they stay queued, under its name), then begins them one per connection (`sending`, in the
database before a byte leaves), then records what came of it: both in `store.shared`. So after a crash only rows that
are `sending` are in doubt, and there is at most one per connection. Who has rows has a lease, one for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
    update,
)

from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import UNANSWERED, Claim, DeliveryPolicy, DeliveryState, in_doubt
from newsletter.domain.issue import Issue
from newsletter.domain.warmup import Day
from newsletter.store.accounts import tried_since
from newsletter.store.database import insert
from newsletter.store.issues import OVER
from newsletter.store.tables import deliveries, leases, subscribers, subscriptions

_SILENCE = timedelta(seconds=3)  # of a worker whose session is gone, until it is taken for dead
_COMING_BACK = timedelta(seconds=15)  # after a restart of the server nobody is missed for so long
_PRESENCE = 0x73656E64  # our class of PostgreSQL's advisory locks: a worker that lives holds one
_SHARING_A_DAY = 0x64617900  # and of who claims of a warm-up plan's day
_TAKING_OVER = 0x74616B65  # and another of them: of who takes over, for all issues
LOCK_WAIT = text("SET LOCAL lock_timeout = '2s'")
_d, _l = deliveries.c, leases.c


@dataclass(frozen=True, slots=True)
class Holder:
    """A worker in one run, for an issue or with `chunk` a part of it: whose name claims go under."""

    issue: Issue
    policy: DeliveryPolicy
    worker: str
    chunk: Chunk | None = None


def claim(
    connection: Connection, holder: Holder, size: int, now: datetime, without: frozenset[str], day: Day | None = None
) -> list[Claim]:
    """Puts the holder's name on up to `size` rows that may go out now, due retries first; see Ledger.claim.

    Only on those of its chunk, if there is one, and no more than are left of the `day` of a warm-up plan.
    """
    issue, chunk, latest = holder.issue, holder.chunk, now + holder.policy.retry_most
    if day is not None and day.allowance is not None:
        connection.execute(select(func.pg_advisory_xact_lock(_SHARING_A_DAY)))
        left = left_of(connection, day)
        size = size if left is None else min(size, left)
    whose = {"issue": issue.id, "newsletter": issue.newsletter, "edition": issue.edition}
    values = {**whose, "now": now, "latest": latest}
    elsewhere = _d.domain.not_in(without) if without else true()
    looks: list[tuple[Select[Any], Mapping[str, object]]]
    if chunk is None:
        looks = [(_DUE.where(elsewhere), {}), *((_FRESH, gap) for gap in _gaps(without))]
    else:
        within = {"first": chunk.first, "last": chunk.last}
        looks = [(_DUE_OF_CHUNK.where(elsewhere), within), (_FRESH_OF_CHUNK.where(elsewhere), within)]
    extend(connection, holder)
    claims: list[Claim] = []
    for wanted, where in looks:
        if len(claims) < size:
            claims += _claims(connection, wanted, values | {**where, "size": size - len(claims)})
    if claims:
        taken = {"ids": [claim.id for claim in claims], "emails": [claim.email for claim in claims]}
        connection.execute(_CLAIM, {"worker": holder.worker, **taken})
    return claims


def left_of(connection: Connection, day: Day) -> int | None:
    """See Ledger.left_of: what was tried is gone, and what is held by somebody to be tried, of whatever issue."""
    if day.allowance is None:
        return None
    by_the_living = _l.until > func.clock_timestamp()  # what a dead worker holds of a paused issue goes nowhere
    held = select(func.count()).select_from(deliveries.join(leases, _l.worker == _d.worker)).where(by_the_living)
    return day.left(tried_since(connection, day.begins) + (connection.scalar(held) or 0))


def _gaps(without: Collection[str]) -> list[dict[str, str]]:
    """The stretches of the alphabet between these domains, each from its first possible name on.

    The first begins with "": an erased reader has no domain any more, and may be in the queue again.
    One look at each finds what may go out, however many rows of a domain that is left out lie between.
    """
    ends = ["", *sorted(without), _LAST]
    return [{"first_name": after and f"{after}{_NEXT}", "before": before} for after, before in pairwise(ends)]


def _claims(connection: Connection, wanted: Select[Any], values: Mapping[str, object]) -> list[Claim]:
    return [
        Claim(
            id=row.id, subscriber=row.subscriber, email=row.email, name=row.name, since=row.since,
            state=DeliveryState(row.state), attempts=row.attempts, doubts=row.doubts, first_at=row.first_at,
            wanted=row.wanted,
        )
        for row in connection.execute(wanted, values)
    ]  # fmt: skip


def _free(which: ColumnElement[bool]) -> Select[Any]:
    """Unclaimed rows; the address and name are the reader's present ones, the row's where the reader is gone."""
    email = func.coalesce(subscribers.c.email, _d.email).label("email")
    name = func.coalesce(subscribers.c.name, "").label("name")
    is_active = and_(subscriptions.c.state == "active", subscriptions.c.edition == bindparam("edition"))
    wanted = func.coalesce(is_active, false()).label("wanted")
    person = (_d.id, _d.subscriber, email, name, subscriptions.c.since, wanted)
    columns = (*person, _d.state, _d.attempts, _d.doubts, _d.first_at)
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
_IS_BETWEEN = and_(_by_domain >= bindparam("first_name"), _by_domain < bindparam("before"))
_NEXT = "\x01"  # behind a domain it makes the first name that comes after it
_LAST = "\U0010ffff"  # behind every domain
_IN_CHUNK = _d.id.between(bindparam("first"), bindparam("last"))
# In the indexes' own order: without it PostgreSQL may read past all that is sent.
_FRESH, _DUE = _free(and_(_IS_FRESH, _IS_BETWEEN)).order_by(_by_domain), _free(_IS_DUE).order_by(_d.due_at)
# In the order of their ids: so the primary key leads to them, however many rows of the issue are queued.
_FRESH_OF_CHUNK, _DUE_OF_CHUNK = (_free(and_(which, _IN_CHUNK)).order_by(_d.id) for which in (_IS_FRESH, _IS_DUE))
# One statement, for a machine that falls asleep between many keeps its locks.
_CLAIM = text(
    "UPDATE deliveries SET worker = :worker, email = taken.email, domain = lower(substring(taken.email from '[^@]*$')) "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:emails AS text[])) AS taken (id, email) WHERE deliveries.id = taken.id"
)


def extend(connection: Connection, holder: Holder) -> None:
    """Renews the holder's lease; begins it at the first claim, and for one that was taken for dead and was not."""
    until = func.clock_timestamp() + holder.policy.lease
    lasts = insert(connection, leases).values(worker=holder.worker, issue=holder.issue.id, until=until)
    connection.execute(lasts.on_conflict_do_update(index_elements=[_l.worker], set_={"until": lasts.excluded.until}))


def may_take_over(connection: Connection) -> bool:
    """Until the transaction ends nobody else does, for two at once get in each other's way; False: another does now."""
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(_TAKING_OVER))))


def dead_workers(connection: Connection, me: Holder) -> list[str]:
    """Who else claimed of my issue and lives no more: their lease ended, or their session is gone and they are silent.

    A server that restarts takes everybody's session along; who lives comes back soon, and goes on renewing (more often
    than every second).
    For who `may_take_over`. Until the transaction ends the dead cannot come to life again: nobody renews their leases,
    and nobody claims without one.
    """
    connection.execute(LOCK_WAIT)  # what the dead still hold is tried again
    here = func.clock_timestamp()
    lease = me.policy.lease
    silent = here + lease - min(_SILENCE, lease / 2)
    restarted = (func.pg_postmaster_start_time() > here - _COMING_BACK).label("restarted")
    quiet = (
        select(_l.worker, (_l.until < here).label("ended"), restarted)
        .where(_l.issue == me.issue.id, _l.worker != me.worker, _l.until < silent)
        .with_for_update(skip_locked=True)  # who renews it right now lives
    )
    return [
        row.worker
        for row in connection.execute(quiet).all()
        if row.ended or (not row.restarted and _gone(connection, row.worker))
    ]


def dead_at_what_is_over(connection: Connection) -> list[tuple[str, int]]:
    """Whose lease ended after their issue did, and which issue that is; see `dead_workers`."""
    ended = select(_l.worker, _l.issue).where(_l.issue.in_(OVER), _l.until < func.clock_timestamp())
    return [(row.worker, row.issue) for row in connection.execute(ended.with_for_update(skip_locked=True))]


def _gone(connection: Connection, worker: str) -> bool:
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(_PRESENCE, func.hashtext(worker)))))


def take_over(
    connection: Connection, issue_id: int, workers: Collection[str], policy: DeliveryPolicy, now: datetime
) -> int:
    """Frees what these workers held; how many deliveries they left in doubt (`domain.delivery.in_doubt`)."""
    connection.execute(delete(leases).where(_l.worker.in_(workers)))
    held = and_(_d.issue == issue_id, _d.worker.is_not(None), _d.worker.in_(workers))
    tries = select(_d.id, _d.attempts, _d.doubts, _d.first_at)
    in_flight = tries.where(held, _d.state == DeliveryState.SENDING.value).with_for_update()
    doubtful = connection.execute(in_flight).all()
    for number, attempts, doubts, first_at in doubtful:
        state, due = in_doubt(attempts, doubts, first_at, policy, now)
        connection.execute(
            update(deliveries)
            .where(_d.id == number)
            .values(
                state=state.value,
                attempts=attempts + 1,
                doubts=doubts + 1,
                due_at=due,
                first_at=func.coalesce(_d.first_at, now),
                at=now,
                code=0,
                status="",
                text=UNANSWERED,
                worker=null(),
            )
        )
    connection.execute(update(deliveries).where(held).values(worker=null()))
    return len(doubtful)


def announce(connection: Connection, worker: str) -> None:
    """As long as this connection lives, others see that the worker does."""
    connection.execute(select(func.pg_advisory_lock(_PRESENCE, func.hashtext(worker))))


def withdraw(connection: Connection, worker: str) -> None:
    """Takes `announce` back. A connection that goes on living in a pool would keep it, and the server's room for it."""
    connection.execute(select(func.pg_advisory_unlock(_PRESENCE, func.hashtext(worker))))
