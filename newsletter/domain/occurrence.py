"""When a schedule falls due: on which local dates, and at which instant of each.

The rule, in one sentence: on each of its days a schedule falls due at the first instant at which the clock on the
wall of its time zone reads `at` or later. So in a spring gap (02:30 where 02:00 jumps to 03:00) it falls due the
moment the gap ends, in an autumn fold (02:30 read twice) the first time only, and on a date that the zone leaves
out altogether (Samoa had no 30 December 2011) not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ON_TIME = timedelta(minutes=5)  # a run that starts later than this after it fell due was missed
_DAY = timedelta(days=1)
_LAST_DATE = date(9998, 12, 31)  # a zone's offset could carry a later one beyond what datetime holds


class Missed(StrEnum):
    """What becomes of a run that fell due while no process was there to start it."""

    CATCH_UP = "catch_up"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Schedule:
    """`days` are English names (monday … sunday), `at` is the wall clock's time in `timezone` (an IANA name).

    With CATCH_UP a missed run is made up for until `within` has passed since it fell due. `remind` is how long before
    it falls due the editor hears of it; None: not at all.
    """

    days: tuple[str, ...]
    at: time
    timezone: str = "UTC"
    missed: Missed = Missed.CATCH_UP
    within: timedelta = timedelta(hours=12)
    remind: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a schedule falls due. `local_date` names it, once and for all; `at` is the instant, in UTC.

    UTC, because Python compares two times of one zone by their wall clocks and takes 02:10 after a fold for
    earlier than 02:50 before it.
    """

    local_date: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What to do about `occurrence`: run it now, or note that it was missed for good."""

    occurrence: Occurrence
    run: bool


def occurrence_on(schedule: Schedule, day: date) -> Occurrence | None:
    """The occurrence of one local date; None when it is not one of the schedule's days or the zone leaves it out."""
    zone = ZoneInfo(schedule.timezone)
    if WEEKDAYS[day.weekday()] not in schedule.days or not _exists(day, zone):
        return None
    return Occurrence(day, first_instant(datetime.combine(day, schedule.at), zone))


def occurrences(schedule: Schedule, after: datetime, settled: date | None = None) -> Iterator[Occurrence]:
    """All that fall due later than `after` (aware, in whatever zone), in order, as far as the calendar goes.

    Dates up to `settled` have had their run.
    """
    after = after.astimezone(UTC)
    day = _local_date(schedule, after) - 2 * _DAY  # a gap around midnight can carry an instant past its own date
    while day < _LAST_DATE:
        found = occurrence_on(schedule, day)
        if found and found.at > after and (settled is None or found.local_date > settled):
            yield found
        day += _DAY


def next_occurrence(schedule: Schedule, after: datetime, settled: date | None = None) -> Occurrence:
    """The first of `occurrences`. Raises ValueError when the calendar ends before it."""
    found = next(occurrences(schedule, after, settled), None)
    if found is None:
        raise ValueError(f"no occurrence between {after} and the end of the calendar")
    return found


def latest_occurrence(schedule: Schedule, until: datetime) -> Occurrence | None:
    """The last that fell due at `until` or before it, looking back three weeks: a schedule has a day in each."""
    until = until.astimezone(UTC)
    day = _local_date(schedule, until) + _DAY
    for _ in range(21):
        found = occurrence_on(schedule, day)
        if found and found.at <= until:
            return found
        day -= _DAY
    return None


def longest_gap(schedule: Schedule) -> timedelta:
    """Between two of its days, in whole days."""
    days = sorted(WEEKDAYS.index(day) for day in set(schedule.days))
    return max(timedelta(days=(after - day - 1) % 7 + 1) for day, after in zip(days, [*days[1:], days[0]], strict=True))


def due(schedule: Schedule, last_run: date | None, now: datetime) -> Due | None:
    """What fell due since `last_run`, the local date of the last run; None when nothing did.

    Of several missed occurrences only the latest counts: three weeks of silence make one issue, not three.
    A schedule that never ran (`last_run` None) has missed nothing: it begins with its next occurrence.
    """
    latest = latest_occurrence(schedule, now)
    if latest is None or (last_run is not None and latest.local_date <= last_run):
        return None
    late = now.astimezone(UTC) - latest.at
    return Due(latest, run=last_run is not None and late <= grace(schedule))


def grace(schedule: Schedule) -> timedelta:
    """How late a run may begin, or be tried again."""
    return max(schedule.within, ON_TIME) if schedule.missed is Missed.CATCH_UP else ON_TIME


def reminder_at(schedule: Schedule, occurrence: Occurrence) -> datetime | None:
    """When the editor hears of that occurrence: `remind` before it, but not before the one before it fell due."""
    if schedule.remind is None:
        return None
    before = latest_occurrence(schedule, occurrence.at - timedelta(seconds=1))
    return max(occurrence.at - schedule.remind, before.at) if before else occurrence.at - schedule.remind


def reminder_due(schedule: Schedule, now: datetime, settled: date | None = None) -> Occurrence | None:
    """The coming occurrence, when it is time to remind of it; None when it is not. What fell due needs no reminder."""
    if schedule.remind is None:
        return None
    coming = next_occurrence(schedule, now, settled)
    return coming if now.astimezone(UTC) >= coming.at - schedule.remind else None


def _local_date(schedule: Schedule, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(schedule.timezone)).date()


def _exists(day: date, zone: ZoneInfo) -> bool:
    return _reading(first_instant(datetime.combine(day, time()), zone), zone).date() == day


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which a clock in `zone` reads `wall` (naive) or later."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _reading(first, zone) == wall:
        return first
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # in a gap fold=1 counts with the later offset
    return _end_of_gap(before, first, wall, zone)


def _end_of_gap(early: datetime, late: datetime, wall: datetime, zone: ZoneInfo) -> datetime:
    """Halves the span until one second is left: `early` still reads less than `wall`, `late` does not."""
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
        if _reading(middle, zone) < wall:
            early = middle
        else:
            late = middle
    return late


def _reading(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
