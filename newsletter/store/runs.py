"""Runs of schedules: one row per edition and local date. The unique key is what makes a run fall due once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Update, and_, delete, func, or_, select, update

from newsletter.domain.occurrence import Occurrence
from newsletter.store.database import insert
from newsletter.store.tables import runs, watched_schedules

_r, _w = runs.c, watched_schedules.c


class RunState(StrEnum):
    """RUNNING: a process is at it. WAITING: it failed, and is tried again. DONE: its issue was started. EMPTY: nothing
    was to be sent. SKIPPED: it was let go. FAILED: for good.
    """

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    EMPTY = "empty"
    SKIPPED = "skipped"
    FAILED = "failed"


class LetGo(StrEnum):
    """Why a run is SKIPPED: the words are told, and stored."""

    MISSED = "missed: nothing was running at the time"
    FIRST = "before the first watch"
    NEW = "the schedule is a new one, and begins with its next date"
    BY_HAND = "skipped by hand"


_BY_HAND = and_(_r.state == RunState.SKIPPED, _r.text == LetGo.BY_HAND)


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as it stands in the table. `issue` is known once it was built; `text` says how the run ended."""

    newsletter: str
    edition: str
    occurrence: Occurrence
    state: RunState
    issue: int | None = None
    text: str = ""
    worker: str | None = None


def latest(connection: Connection, newsletter: str, edition: str, until: date) -> Run | None:
    """The edition's latest run, whatever came of it; None when it never had one. A date that was skipped by hand had
    none, and may be one to come.

    What a clock that was ahead wrote down for dates after `until` does not count.
    """
    wanted = _of_edition(newsletter, edition, until).where(~_BY_HAND).limit(1)
    found = connection.execute(wanted).mappings().first()
    return _run(found) if found else None


def note_skipped(
    connection: Connection, newsletter: str, edition: str, occurrence: Occurrence, now: datetime, why: LetGo
) -> bool:
    """Writes down that this one is not run; False when somebody else has it already."""
    row = _row(newsletter, edition, occurrence, now) | {"state": RunState.SKIPPED, "text": why}
    return _is_new(connection, row)


def skipped_by_hand(connection: Connection, newsletter: str, edition: str, since: date = date.min) -> set[date]:
    """The dates, from `since` on."""
    theirs = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date >= since.isoformat())
    return {date.fromisoformat(day) for day in connection.scalars(select(_r.local_date).where(*theirs, _BY_HAND))}


def let_go_late(connection: Connection, newsletter: str, edition: str) -> set[date]:
    """Those of them that had fallen due by then."""
    theirs = (_r.newsletter == newsletter, _r.edition == edition, _r.started_at >= _r.due_at)
    return {date.fromisoformat(day) for day in connection.scalars(select(_r.local_date).where(*theirs, _BY_HAND))}


def forget_skipped(connection: Connection, newsletter: str, edition: str, days: Collection[date]) -> None:
    """These dates were skipped by hand, and are to run after all."""
    theirs = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date.in_([day.isoformat() for day in days]))
    connection.execute(delete(runs).where(*theirs, _BY_HAND))


def let_go_by_hand(connection: Connection, newsletter: str, edition: str, occurrence: Occurrence) -> bool:
    """Whether a run of that date waited for another try; it gets none."""
    theirs = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date == occurrence.local_date.isoformat())
    ended = {"state": RunState.SKIPPED, "text": LetGo.BY_HAND, "worker": None, "lease_until": None}
    waits = update(runs).where(*theirs, _r.state == RunState.WAITING)
    return connection.execute(waits.values(ended)).rowcount == 1


def make_room(
    connection: Connection, newsletter: str, edition: str, occurrence: Occurrence, reasons: Collection[LetGo]
) -> None:
    """Forgets that an earlier hour of that date was let go, for one of these reasons."""
    same = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date == occurrence.local_date.isoformat())
    let_go = (_r.due_at < occurrence.at, _r.state == RunState.SKIPPED, _r.text.in_(reasons))
    connection.execute(delete(runs).where(*same, *let_go))


def claim(
    connection: Connection,
    newsletter: str,
    edition: str,
    occurrence: Occurrence,
    worker: str,
    now: datetime,
    lease: timedelta,
) -> Run | None:
    """The run, ours until `lease` has passed; None when another process has or had it."""
    held = {"state": RunState.RUNNING, "worker": worker, "lease_until": _clock(connection, now) + lease}
    row = _row(newsletter, edition, occurrence, now) | held
    return Run(newsletter, edition, occurrence, RunState.RUNNING, worker=worker) if _is_new(connection, row) else None


def watched_since(
    connection: Connection, newsletter: str, edition: str, schedule: str, now: datetime
) -> datetime | None:
    """Since when the edition has this schedule; None for one that nobody has seen yet, or only by a clock ahead."""
    wanted = select(_w.since).where(_w.newsletter == newsletter, _w.edition == edition, _w.schedule == schedule)
    since: datetime | None = connection.scalar(wanted.where(_w.since <= now))
    return since


def watch_from(connection: Connection, newsletter: str, edition: str, schedule: str, now: datetime) -> None:
    row = {"schedule": schedule, "since": now}
    made = insert(connection, watched_schedules).values(newsletter=newsletter, edition=edition, **row)
    connection.execute(made.on_conflict_do_update(index_elements=[_w.newsletter, _w.edition], set_=row))


def skipped_after(connection: Connection, newsletter: str, edition: str, until: date) -> bool:
    """Whether a clock that was ahead let later dates go."""
    theirs = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date > until.isoformat())
    skipped = select(_r.local_date).where(*theirs, _r.state == RunState.SKIPPED, ~_BY_HAND)
    return connection.execute(skipped.limit(1)).first() is not None


def forget_later(connection: Connection, newsletter: str, edition: str, until: date) -> None:
    """What a clock that was ahead skipped after `until` falls due all the same."""
    theirs = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date > until.isoformat())
    connection.execute(delete(runs).where(*theirs, _r.state == RunState.SKIPPED, ~_BY_HAND))


def abandoned(connection: Connection, now: datetime, lease: timedelta, pause: timedelta) -> list[Run]:
    """Runs whose process died, and those whose next try is due: after a `pause` at most.

    Their lease is over, or lies so far ahead that the clock was set back since.
    """
    here = _clock(connection, now)
    dead = and_(_r.state == RunState.RUNNING, or_(_r.lease_until < here, _r.lease_until > here + 2 * lease))
    due = and_(_r.state == RunState.WAITING, or_(_r.lease_until <= now, _r.lease_until > now + 2 * pause))
    rows = connection.execute(select(runs).where(or_(dead, due)).order_by(_r.due_at)).mappings()
    return [_run(row) for row in rows]


def take_over(connection: Connection, run: Run, worker: str, now: datetime, lease: timedelta) -> Run | None:
    """The dead process's run, or one that waited, now ours; None when another one was faster."""
    changed = connection.execute(
        update(runs)
        .where(*_same(run), _r.state == run.state, _r.worker == run.worker)
        .values(state=RunState.RUNNING, worker=worker, lease_until=_clock(connection, now) + lease)
    )
    if changed.rowcount != 1:
        return None
    return replace(run, state=RunState.RUNNING, worker=worker)


def renew(connection: Connection, run: Run, now: datetime, lease: timedelta) -> bool:
    """Whether the run is still ours; if so, for another `lease`."""
    return connection.execute(_ours(run).values(lease_until=_clock(connection, now) + lease)).rowcount == 1


def remember(connection: Connection, run: Run, issue: int) -> bool:
    """Writes the run's issue down before it starts, so that whoever takes over starts no second one."""
    return connection.execute(_ours(run).values(issue=issue)).rowcount == 1


def finish(connection: Connection, run: Run, state: RunState, issue: int | None, text: str) -> bool:
    ended = {"state": state, "issue": issue, "text": text, "worker": None, "lease_until": None}
    return connection.execute(_ours(run).values(ended)).rowcount == 1


def put_off(connection: Connection, run: Run, text: str, until: datetime) -> bool:
    """It failed, and is tried again then. `run.worker` stays, so that one of those who see it due takes it over."""
    return connection.execute(_ours(run).values(state=RunState.WAITING, text=text, lease_until=until)).rowcount == 1


def listing(connection: Connection, newsletter: str, edition: str, most: int = 20, until: date = date.max) -> list[Run]:
    """The edition's latest runs up to a date, newest first."""
    wanted = _of_edition(newsletter, edition, until)
    return [_run(row) for row in connection.execute(wanted.limit(most)).mappings()]


def _of_edition(newsletter: str, edition: str, until: date) -> Select[Any]:
    theirs = (_r.newsletter == newsletter, _r.edition == edition, _r.local_date <= until.isoformat())
    return select(runs).where(*theirs).order_by(_r.local_date.desc())


def _clock(connection: Connection, now: datetime) -> Any:
    """What leases are told by: on PostgreSQL its own clock, for the machines' may differ by more than a lease."""
    return now if connection.dialect.name == "sqlite" else func.clock_timestamp()


def _is_new(connection: Connection, row: dict[str, object]) -> bool:
    """Inserts the row unless its key is there. RETURNING tells, for psycopg gives no count of an INSERT like that."""
    statement = insert(connection, runs).values(row).on_conflict_do_nothing().returning(_r.local_date)
    return connection.execute(statement).first() is not None


def _row(newsletter: str, edition: str, occurrence: Occurrence, now: datetime) -> dict[str, object]:
    return {
        "newsletter": newsletter,
        "edition": edition,
        "local_date": occurrence.local_date.isoformat(),
        "due_at": occurrence.at,
        "started_at": now,
        "text": "",
    }


def _same(run: Run) -> tuple[ColumnElement[bool], ...]:
    day = run.occurrence.local_date.isoformat()
    return _r.newsletter == run.newsletter, _r.edition == run.edition, _r.local_date == day


def _ours(run: Run) -> Update:
    return update(runs).where(*_same(run), _r.state == RunState.RUNNING, _r.worker == run.worker)


def _run(row: RowMapping) -> Run:
    occurrence = Occurrence(date.fromisoformat(row["local_date"]), row["due_at"])
    ended = (RunState(row["state"]), row["issue"], row["text"], row["worker"])
    return Run(row["newsletter"], row["edition"], occurrence, *ended)
