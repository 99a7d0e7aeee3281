"""The chunks of issues on PostgreSQL: cut when an issue starts, each with a job in the queue, gone when it is done.

A row of `chunks` stays while its part of the ledger has an open delivery, and names the job that will see to it; where
there is none (an issue was paused, a job got lost), `cover` defers one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError

from newsletter.domain.chunk import CHUNK_SIZE, LANES, SHARED, SHARED_LANES, Chunk, Span, Tracks, cut, tracks
from newsletter.domain.delivery import DeliveryState
from newsletter.domain.issue import Issue, IssueState
from newsletter.store import deliveries, erasure, queue, tables
from newsletter.store.deliveries import IS_OPEN
from newsletter.store.issues import OVER
from newsletter.store.tables import Id, chunks, issues

HELD_ELSEWHERE = timedelta(seconds=5)  # until rows that others hold, or gave back, are looked at again
_COVERING = 0x636F7672  # any number of ours: the advisory lock of who looks for chunks without a job
_ROOM_TO_SORT = text(
    "SELECT set_config('work_mem', '128MB', true) WHERE pg_size_bytes(current_setting('work_mem')) < 128 * 1024 ^ 2"
)
"""For the transaction that starts an issue. With the server's usual 4 MB, readers by the million are sorted on disk."""
_LOCK_WAIT = "1s"
_SET_LOCK_WAIT = text("SELECT set_config('lock_timeout', :wait, true)")
_c, _d = chunks.c, tables.deliveries.c


def enqueue(connection: Connection, issue: Issue, size: int = CHUNK_SIZE, lanes: int = LANES) -> int:
    """The issue's deliveries, side by side by mailbox group, in chunks with a job each; how many there are.

    All in the caller's transaction, the jobs too.
    """
    erasure.hold_off(connection)
    connection.execute(_ROOM_TO_SORT)
    # Right after an import the lists may pass for empty: then they are looked through for each reader as the issue is
    # queued, and each turn of the ledger takes three times as long.
    _analyze(connection, "subscribers, subscriptions")
    waiting = _gather(connection, issue)
    plan = tracks(_count(connection, waiting), size)
    shared = [f"{SHARED}{number}" for number in range(plan.shared)]
    names = [*shared, *sorted(set(plan.named.values()).difference(shared))]
    track = _track(plan, names)
    # Each run of numbers that rises is quick to put into the unique index; in no order it takes twice as long.
    number = deliveries.enqueue(connection, issue, waiting, track(waiting.c.domain), waiting.c.subscriber)
    waiting.drop(connection)
    _analyze(connection, "deliveries")  # else the first claims read all rows of the issue, not the chunk's
    add(connection, cut(issue.id, _spans(connection, issue, track, names), size, lanes))
    return number


def cut_anew(connection: Connection, issue_id: int) -> None:
    """Chunks for an issue whose deliveries came from another database, in the order of their ids; without jobs."""
    ids = select(func.count(), func.min(_d.id), func.max(_d.id)).where(_d.issue == issue_id, IS_OPEN)
    number, first, last = connection.execute(ids).one()
    if not number:
        return
    width = (last - first) // min(SHARED_LANES, -(-number // CHUNK_SIZE)) + 1
    begins = range(first, last + 1, width)
    spans = [Span(f"{SHARED}{lane}", begin, min(begin + width - 1, last)) for lane, begin in enumerate(begins)]
    rows = [{name: getattr(chunk, name) for name in Chunk.__slots__} for chunk in cut(issue_id, spans)]
    connection.execute(insert(chunks), rows)


def add(connection: Connection, new: Sequence[Chunk]) -> None:
    """Writes chunks down, and defers a job for each."""
    jobs = queue.defer(connection, new)
    rows = [{name: getattr(chunk, name) for name in Chunk.__slots__} for chunk in new]
    if rows:
        connection.execute(insert(chunks), [{**row, "job": job} for row, job in zip(rows, jobs, strict=True)])


def get(connection: Connection, issue_id: int, number: int, job: int) -> Chunk | None:
    """The chunk that a job is to deliver; None when it is done, or another job sees to it."""
    this = and_(_c.issue == issue_id, _c.number == number, _c.job == job)
    row = connection.execute(select(chunks).where(this)).first()
    return None if row is None else _chunk(row)


def go_on(
    connection: Connection,
    chunk: Chunk,
    job: int,
    now: datetime,
    most: timedelta,
    *,
    not_before: datetime | None = None,
    cut_short: bool = False,
) -> None:
    """At the end of a job: the chunk's next one, as soon as something of it may go out.

    If nothing of it is open, or the issue is over, the chunk is done. `most` is the longest pause there is.
    `not_before`: nothing may go sooner, whatever is due. `cut_short`: the job was stopped, and leaves its place.
    """
    this = and_(_c.issue == chunk.issue, _c.number == chunk.number)
    if connection.execute(select(chunks).where(this, _c.job == job).with_for_update()).first() is None:
        return
    state = deliveries.issue_state(connection, chunk.issue)
    if state is IssueState.PAUSED:
        connection.execute(update(chunks).where(this).values(job=None))
        return
    if state is not IssueState.SENDING:
        connection.execute(delete(chunks).where(this))
        return
    within = and_(_d.issue == chunk.issue, _d.id.between(chunk.first, chunk.last))
    due = _due(connection, within, now, most)
    if due is None:
        connection.execute(delete(chunks).where(this))
        return
    due = max(due, not_before or due)
    [following] = queue.defer(connection, [chunk], None if cut_short and due <= now + HELD_ELSEWHERE else due)
    connection.execute(update(chunks).where(this).values(job=following))


def cover(connection: Connection, issue_id: int | None = None) -> int:
    """A job for each chunk that has none, of one issue or of all that are being sent; how many.

    Nothing while another process looks: workers look every second, so what is missing then has a job soon.
    """
    if not connection.scalar(select(func.pg_try_advisory_xact_lock(_COVERING))):
        return 0
    wanted = (
        select(chunks)
        .join(issues, issues.c.id == _c.issue)
        .where(issues.c.state == IssueState.SENDING.value, or_(_c.job.is_(None), ~queue.comes(_c.job)))
        .order_by(_c.number)
        .with_for_update(of=chunks, skip_locked=True)  # a job that ends right now sees to its chunk itself
    )
    if issue_id is not None:
        wanted = wanted.where(_c.issue == issue_id)
    found = [_chunk(row) for row in connection.execute(wanted)]
    for chunk, job in zip(found, queue.defer(connection, found), strict=True):
        this = and_(_c.issue == chunk.issue, _c.number == chunk.number)
        connection.execute(update(chunks).where(this).values(job=job))
    return len(found)


def finish_done(connection: Connection, now: datetime) -> list[int]:
    """Ends the issues that are being sent and have nothing open left (nobody to send to, a death at the very end)."""
    left = select(_d.id).where(_d.issue == issues.c.id, IS_OPEN)
    done = select(issues.c.id).where(issues.c.state == IssueState.SENDING.value, ~left.exists())
    return [number for number in connection.scalars(done).all() if deliveries.finish(connection, number, now)]


def forget(connection: Connection) -> None:
    """Takes out of the queue what belongs to issues that are over: sent by a terminal, cancelled."""
    gone = connection.scalars(delete(chunks).where(_c.issue.in_(OVER)).returning(_c.job)).all()
    queue.call_off(connection, sorted(job for job in gone if job is not None))


def _due(connection: Connection, within: ColumnElement[bool], now: datetime, most: timedelta) -> datetime | None:
    """When something of a chunk may go out again; None when nothing of it is open."""
    later = select(func.min(_d.due_at)).where(within, _d.state == DeliveryState.DEFERRED.value, _d.worker.is_(None))
    others = select(_d.id).where(within, IS_OPEN, or_(_d.state != DeliveryState.DEFERRED.value, _d.worker.is_not(None)))
    due: datetime | None = connection.scalar(later)
    if connection.execute(others.limit(1)).first():
        soon = now + HELD_ELSEWHERE
        return min(due, soon) if due else soon
    return min(due, now + most) if due else None


def _analyze(connection: Connection, names: str) -> None:
    """Has PostgreSQL count what is there; not, when a VACUUM or another issue's start holds a table for long."""
    before = connection.scalar(text("SHOW lock_timeout"))
    try:
        with connection.begin_nested():
            connection.execute(_SET_LOCK_WAIT, {"wait": _LOCK_WAIT})
            connection.execute(text(f"ANALYZE {names}"))
    except OperationalError as error:
        if error.connection_invalidated:
            raise
    connection.execute(_SET_LOCK_WAIT, {"wait": before})


def _gather(connection: Connection, issue: Issue) -> Table:
    """The issue's readers in a table of their own, for they are gone through twice; the caller drops it."""
    columns = (Column("subscriber", Id), Column("email", Text), Column("domain", Text))
    waiting = Table("waiting", MetaData(), *columns, prefixes=["TEMPORARY"])
    waiting.create(connection, checkfirst=False)
    connection.execute(insert(waiting).from_select(list(waiting.c), deliveries.readers(connection, issue)))
    return waiting


def _count(connection: Connection, waiting: Table) -> dict[str, int]:
    """How many there are of each mail domain."""
    rows = select(waiting.c.domain, func.count()).group_by(waiting.c.domain)
    return {row[0]: row[1] for row in connection.execute(rows)}


def _track(plan: Tracks, names: Sequence[str]) -> Callable[[ColumnElement[str]], ColumnElement[int]]:
    """In SQL: the place in `names` of a mail domain's track; the shared ones stand first.

    A JSON object is looked up faster than a CASE of many branches, and numbers are sorted faster than names.
    """
    places = {name: place for place, name in enumerate(names)}
    named = cast(literal(json.dumps({domain: places[name] for domain, name in plan.named.items()})), JSONB)

    def track(domain: ColumnElement[str]) -> ColumnElement[int]:
        own = cast(named.op("->>", return_type=Text())(domain), Integer)
        return func.coalesce(own, func.hashtext(domain).op("&")(plan.shared - 1))

    return track


def _spans(
    connection: Connection,
    issue: Issue,
    track: Callable[[ColumnElement[str]], ColumnElement[int]],
    names: Sequence[str],
) -> list[Span]:
    """Where each track begins and ends. Ids were given out in the order of the rows."""
    place = track(_d.domain).label("place")
    rows = select(place, func.min(_d.id), func.max(_d.id)).where(_d.issue == issue.id).group_by(place)
    return [Span(names[at], first, last) for at, first, last in connection.execute(rows)]


def _chunk(row: Any) -> Chunk:
    return Chunk(row.issue, row.number, row.lane, row.position, row.first, row.last)
