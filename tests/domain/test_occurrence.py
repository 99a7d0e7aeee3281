"""The rule of when a schedule falls due, held against every zone there is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.occurrence import (
    WEEKDAYS,
    Missed,
    Occurrence,
    Schedule,
    due,
    latest_occurrence,
    longest_gap,
    next_occurrence,
    occurrence_on,
    occurrences,
)

ZONES = sorted(zone for zone in available_timezones() if zone not in {"localtime", "Factory"})
CHANGES_FROM, CHANGES_TO = datetime(1900, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
zones = st.sampled_from(ZONES)
times = st.times().map(lambda moment: moment.replace(microsecond=0, tzinfo=None))
moments = st.integers(-70 * 365 * 86400, 130 * 365 * 86400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
some_days = st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(lambda days: tuple(sorted(days)))


def daily(zone: str, at: str) -> Schedule:
    return Schedule(WEEKDAYS, time.fromisoformat(at), zone)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Paris", "2026-03-28", "02:30", "2026-03-28T02:30+01:00"),
        ("Europe/Paris", "2026-03-29", "02:30", "2026-03-29T03:00+02:00"),  # gap: the moment it ends
        ("Europe/Paris", "2026-03-29", "02:00", "2026-03-29T03:00+02:00"),
        ("Europe/Paris", "2026-03-29", "03:00", "2026-03-29T03:00+02:00"),
        ("Europe/Paris", "2026-10-25", "02:30", "2026-10-25T02:30+02:00"),  # fold: the first time
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T01:30-04:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-04T02:30+11:00"),  # half an hour
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-05T01:45+11:00"),
        ("America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T01:00-02:00"),  # no midnight that day
        ("America/Havana", "2026-11-01", "00:30", "2026-11-01T00:30-04:00"),
        ("America/St_Johns", "2006-10-29", "00:00", "2006-10-29T00:00-02:30"),  # 00:01 went back to 23:01
        ("America/Toronto", "1919-03-30", "23:45", "1919-03-31T00:30-04:00"),  # 23:30 jumped over midnight
        ("Asia/Kathmandu", "2026-06-01", "08:00", "2026-06-01T08:00+05:45"),
    ],
)
def test_the_clock_on_the_wall_decides(zone: str, day: str, at: str, expected: str) -> None:
    found = occurrence_on(daily(zone, at), date.fromisoformat(day))
    assert found == Occurrence(date.fromisoformat(day), datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Pacific/Apia", "2011-12-30"), ("Pacific/Kwajalein", "1993-08-21"), ("Pacific/Kiritimati", "1994-12-31")],
)
def test_a_date_that_a_zone_leaves_out_has_no_occurrence(zone: str, day: str) -> None:
    missing = date.fromisoformat(day)
    assert occurrence_on(daily(zone, "08:00"), missing) is None
    before = datetime.combine(missing - timedelta(days=2), time(), UTC)
    dates = [found.local_date for found in islice(occurrences(daily(zone, "08:00"), before), 4)]
    assert missing not in dates
    assert missing - timedelta(days=1) in dates
    assert missing + timedelta(days=1) in dates


def test_only_the_days_of_the_schedule_count() -> None:
    schedule = Schedule(("friday", "monday"), time(8), "Europe/London")
    found = islice(occurrences(schedule, datetime(2026, 11, 24, tzinfo=UTC)), 3)
    assert [occurrence.at.strftime("%a %d %H:%M") for occurrence in found] == [
        "Fri 27 08:00",
        "Mon 30 08:00",
        "Fri 04 08:00",
    ]


def changes(zone: str) -> list[datetime]:
    """Every instant between 1900 and 2040 at which the zone's offset changes, to the second."""
    info, found, step = ZoneInfo(zone), [], timedelta(days=7)
    moment = CHANGES_FROM
    while moment < CHANGES_TO:
        if moment.astimezone(info).utcoffset() != (moment + step).astimezone(info).utcoffset():
            early, late = moment, moment + step
            while late - early > timedelta(seconds=1):
                middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
                same = middle.astimezone(info).utcoffset() == early.astimezone(info).utcoffset()
                early, late = (middle, late) if same else (early, middle)
            found.append(late)
        moment += step
    return found


def check(schedule: Schedule, around: datetime) -> None:
    """Exactly one occurrence for each matching local date near `around`, strictly increasing, each by the rule."""
    zone = ZoneInfo(schedule.timezone)
    start, end = around - timedelta(days=3), around + timedelta(days=3)
    found = []
    for occurrence in occurrences(schedule, start):
        if occurrence.at > end:
            break
        found.append(occurrence)
    assert all(early.at < late.at for early, late in pairwise(found))
    dates = [occurrence.local_date for occurrence in found]
    assert len(set(dates)) == len(dates)
    lived = {
        (around + timedelta(minutes=15 * quarter)).astimezone(zone).date() for quarter in range(-2 * 96, 2 * 96 + 1)
    }
    inner = sorted(lived)[1:-1]  # the outermost dates may fall due beyond the window
    assert set(dates) >= {day for day in inner if WEEKDAYS[day.weekday()] in schedule.days}
    assert all(WEEKDAYS[day.weekday()] in schedule.days for day in dates)
    for occurrence in found:
        wanted = datetime.combine(occurrence.local_date, schedule.at)
        reading = occurrence.at.astimezone(zone).replace(tzinfo=None)
        a_second_before = (occurrence.at - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert reading >= wanted > a_second_before


@pytest.mark.long
def test_every_change_of_every_zone() -> None:
    """A wall time just before, in and after each change of offset that a zone had or will have."""
    seen: set[tuple[datetime, timedelta | None]] = set()
    for name in ZONES:
        info = ZoneInfo(name)
        for change in changes(name):
            offsets = (change - timedelta(seconds=1)).astimezone(info).utcoffset(), change.astimezone(info).utcoffset()
            if (change, offsets) in seen:  # many names, one history
                continue
            seen.add((change, offsets))
            before, after = (change - timedelta(seconds=1)).astimezone(info), change.astimezone(info)
            for minutes in (-1, 0, 1):
                near = (before if len(seen) % 2 else after) + timedelta(minutes=15 * minutes)
                schedule = Schedule(WEEKDAYS, near.time().replace(microsecond=0), name)
                day = before.date()
                for candidate in (day, day + timedelta(days=1)):
                    found = occurrence_on(schedule, candidate)
                    if found is None:
                        continue
                    wanted = datetime.combine(candidate, schedule.at)
                    a_second_before = (found.at - timedelta(seconds=1)).astimezone(info).replace(tzinfo=None)
                    assert found.at.astimezone(info).replace(tzinfo=None) >= wanted > a_second_before, (name, change)
    assert len(seen) > 5000


@settings(max_examples=150, deadline=None)
@given(zones, times, some_days, moments)
def test_one_occurrence_per_date_in_any_zone(zone: str, at: time, days: tuple[str, ...], around: datetime) -> None:
    check(Schedule(days, at, zone), around)


@settings(max_examples=60, deadline=None)
@given(zones, times, some_days, moments, zones)
def test_the_observers_zone_changes_nothing(
    zone: str, at: time, days: tuple[str, ...], after: datetime, observer: str
) -> None:
    schedule, elsewhere = Schedule(days, at, zone), after.astimezone(ZoneInfo(observer))
    assert list(islice(occurrences(schedule, after), 5)) == list(islice(occurrences(schedule, elsewhere), 5))
    assert latest_occurrence(schedule, after) == latest_occurrence(schedule, elsewhere)


@settings(max_examples=60, deadline=None)
@given(zones, times, some_days, moments)
def test_the_latest_and_the_next_leave_nothing_between(
    zone: str, at: time, days: tuple[str, ...], now: datetime
) -> None:
    schedule = Schedule(days, at, zone)
    latest = latest_occurrence(schedule, now)
    assert latest is not None
    assert latest.at <= now < next_occurrence(schedule, now).at
    assert next_occurrence(schedule, latest.at) == next_occurrence(schedule, now)


def test_the_calendar_ends() -> None:
    with pytest.raises(ValueError, match="end of the calendar"):
        next_occurrence(daily("UTC", "08:00"), datetime(9998, 12, 31, tzinfo=UTC))


FRIDAY = Schedule(("friday",), time(8), "Europe/London")
AT = datetime(2026, 11, 27, 8, tzinfo=UTC)
LAST_WEEK = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("missed", "last_run", "now", "expected"),
    [
        (Missed.CATCH_UP, LAST_WEEK, AT - timedelta(seconds=1), None),
        (Missed.CATCH_UP, LAST_WEEK, AT, True),
        (Missed.CATCH_UP, LAST_WEEK, AT + timedelta(hours=12), True),
        (Missed.CATCH_UP, LAST_WEEK, AT + timedelta(hours=12, seconds=1), False),
        (Missed.SKIP, LAST_WEEK, AT + timedelta(minutes=5), True),
        (Missed.SKIP, LAST_WEEK, AT + timedelta(minutes=6), False),
        (Missed.CATCH_UP, AT.date(), AT + timedelta(hours=1), None),  # ran already
        (Missed.CATCH_UP, AT.date() + timedelta(days=7), AT, None),  # the clock went back by a week
        (Missed.CATCH_UP, date(2026, 9, 4), AT + timedelta(hours=1), True),  # months of silence: one issue
        (Missed.CATCH_UP, None, AT + timedelta(seconds=30), False),  # never seen before: nothing was missed
    ],
)
def test_due(missed: Missed, last_run: date | None, now: datetime, expected: bool | None) -> None:
    schedule = Schedule(FRIDAY.days, FRIDAY.at, FRIDAY.timezone, missed)
    decision = due(schedule, last_run, now)
    if expected is None:
        assert decision is None
    else:
        assert decision is not None
        assert decision.run is expected
        assert decision.occurrence == Occurrence(AT.date(), AT)


@pytest.mark.parametrize(
    ("days", "gap"),
    [
        (("friday",), 7),
        (("monday", "tuesday"), 6),
        (("tuesday", "friday"), 4),
        (WEEKDAYS, 1),
        (("sunday", "monday"), 6),
    ],
)
def test_the_longest_gap_goes_over_the_weeks_end(days: tuple[str, ...], gap: int) -> None:
    assert longest_gap(Schedule(days, time(8))) == timedelta(days=gap)
