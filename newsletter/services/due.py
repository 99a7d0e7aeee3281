"""What of an edition's schedule is over, and what went wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from newsletter.domain.edition import EditionKey
from newsletter.domain.occurrence import Due, Occurrence, Schedule, due, grace, occurrence_on, occurrences
from newsletter.store import issues, runs
from newsletter.store.database import Database
from newsletter.store.runs import LetGo, Run, RunState

UNWATCHED = (LetGo.FIRST, LetGo.NEW)
"""Nobody watched the schedule when the run was let go."""

_FLAPPING = timedelta(minutes=2)  # two processes with two configurations take turns at changing the schedule
_TROUBLED = (RunState.WAITING, RunState.FAILED)


def last_date_run(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> date | None:
    """The last local date that has had its run; None when the edition never had one.

    An hour that was let go before anybody watched the schedule counts no more when its date has a later one by now:
    somebody changed it. Unless they sent an issue since: nobody gets two on one date.
    """
    with database.read() as connection:
        last = runs.latest(connection, *place, tomorrow(now))
        sent = last and issues.started_since(connection, *place, last.occurrence.at)
    if last is None:
        return None
    day = last.occurrence.local_date
    by_now = occurrence_on(schedule, day)
    is_later = by_now is not None and by_now.at > last.occurrence.at
    is_open = last.state is RunState.SKIPPED and last.text in UNWATCHED and is_later and not sent
    return day - timedelta(days=1) if is_open else day


def coming(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> Iterator[Occurrence]:
    """All that are still to come; a date that has had its run is none, nor one that is skipped by hand."""
    over = last_date_run(database, place, schedule, now)
    with database.read() as connection:
        skipped = runs.skipped_by_hand(connection, *place, since=now.date() - timedelta(days=1))
    return (one for one in occurrences(schedule, now, over) if one.local_date not in skipped)


def pending(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> Occurrence | None:
    """One that fell due and is still to be made up for: nothing was running, or it failed and is tried again."""
    if missed := due(schedule, last_date_run(database, place, schedule, now), now):
        with database.read() as connection:
            is_skipped = missed.occurrence.local_date in runs.skipped_by_hand(connection, *place)
        return None if is_skipped or not _is_made_up_for(database, place, schedule, missed, now) else missed.occurrence
    with database.read() as connection:
        last = runs.latest(connection, *place, tomorrow(now))
    if last and last.state is RunState.WAITING and now - last.occurrence.at <= grace(schedule):
        return last.occurrence
    return None


def let_go_late(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> Occurrence | None:
    """One that would be `pending`, had nobody let it go; a date that was skipped before it came is none."""
    missed = due(schedule, last_date_run(database, place, schedule, now), now)
    with database.read() as connection:
        late = runs.let_go_late(connection, *place)
    if missed is None or missed.occurrence.local_date not in late:
        return None
    return missed.occurrence if _is_made_up_for(database, place, schedule, missed, now) else None


def skip(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> Occurrence | None:
    """Lets the next one go: that which is pending, else the next to come. None when there is none, or another process
    was faster with it."""
    late = pending(database, place, schedule, now)
    chosen = late or next(coming(database, place, schedule, now), None)
    if chosen is None:
        return None
    with database.write() as connection:
        if late and runs.let_go_by_hand(connection, *place, late):  # it waits for another try
            return late
        runs.make_room(connection, *place, chosen, UNWATCHED)
        skipped = runs.note_skipped(connection, *place, chosen, now, LetGo.BY_HAND)
    return chosen if skipped else None


def skipped_ahead(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> list[Occurrence]:
    """What is to come and was skipped by hand, in order, at the hour that the schedule has by now."""
    with database.read() as connection:
        days = runs.skipped_by_hand(connection, *place, since=now.date() - timedelta(days=1))
    found = (occurrence_on(schedule, day) for day in sorted(days))
    return [one for one in found if one and one.at > now]


def run_after_all(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> list[Occurrence]:
    """What was skipped and is so no more: dates to come, before them the run that was let go late, if there is one."""
    late = let_go_late(database, place, schedule, now)
    back = [*([late] if late else []), *skipped_ahead(database, place, schedule, now)]
    with database.write() as connection:
        runs.forget_skipped(connection, *place, [one.local_date for one in back])
    return back


def trouble(database: Database, place: EditionKey, now: datetime) -> Run | None:
    """The edition's latest run, when it did not do what it was there for, and nobody did it by hand since."""
    with database.read() as connection:
        latest = runs.latest(connection, *place, tomorrow(now))
        if latest is None or not _went_wrong(latest):
            return None
        mended = issues.started_since(connection, *place, latest.occurrence.at)
    return None if mended else latest


def in_words(schedule: Schedule) -> str:
    """When it falls due; the rest of it may change."""
    return f"{' '.join(sorted(schedule.days))} {schedule.at:%H:%M:%S} {schedule.timezone}"


def is_of_before(occurrence: Occurrence, since: datetime) -> bool:
    """Whether it fell due before the schedule was as it is, `since` then: a new one begins with its next date."""
    return occurrence.at < since - _FLAPPING


def tomorrow(now: datetime) -> date:
    """In UTC; in no zone it is later than that."""
    return (now + timedelta(days=1)).date()


def _is_made_up_for(database: Database, place: EditionKey, schedule: Schedule, missed: Due, now: datetime) -> bool:
    """Not if it is of before the schedule was as it is."""
    with database.read() as connection:
        since = runs.watched_since(connection, *place, in_words(schedule), now) or now
    return missed.run and not is_of_before(missed.occurrence, since)


def _went_wrong(run: Run) -> bool:
    return run.state in _TROUBLED or (run.state is RunState.SKIPPED and run.text == LetGo.MISSED)
