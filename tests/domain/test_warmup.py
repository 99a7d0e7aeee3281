"""Warm-up: day totals are exact, whatever the day looks like."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.warmup import WarmUp, allowance, day_of

PARIS = WarmUp(50, date(2026, 3, 27), most=1000, timezone="Europe/Paris")
ZONES = ["Europe/Paris", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe", "UTC"]


def test_it_doubles_up_to_its_ceiling() -> None:
    days = [allowance(PARIS, PARIS.started + timedelta(days=n)) for n in range(7)]
    assert days == [50, 100, 200, 400, 800, 1000, 1000]


def test_without_a_ceiling_it_ends_by_itself() -> None:
    plan = WarmUp(50, date(2026, 3, 27))
    assert allowance(plan, date(2026, 4, 6)) == 50 * 1024
    assert allowance(plan, date(2099, 1, 1)) is None


def test_a_plan_that_does_not_grow_holds() -> None:
    assert allowance(WarmUp(50, date(2026, 1, 1), growth=1.0), date(2099, 1, 1)) == 50


def test_before_it_began_the_first_day_holds() -> None:
    assert allowance(PARIS, date(2026, 1, 1)) == 50


def test_a_growth_in_parts_is_exact_enough() -> None:
    assert [allowance(WarmUp(100, date(2026, 1, 1), 1.1), date(2026, 1, n)) for n in (1, 2, 3)] == [100, 110, 121]


def test_a_product_that_a_float_puts_a_hair_too_low_costs_no_message() -> None:
    assert 100 * 1.15 < 115
    assert allowance(WarmUp(100, date(2026, 1, 1), 1.15), date(2026, 1, 2)) == 115
    assert allowance(WarmUp(1000, date(2026, 1, 1), 1.4), date(2026, 1, 3)) == 1960


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)]
)
def test_a_day_is_as_long_as_its_date(day: str, hours: int) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo("Europe/Paris"))
    found = day_of(PARIS, noon)
    assert found.date.isoformat() == day
    assert found.ends - found.begins == timedelta(hours=hours)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 700 * 86400), st.sampled_from(ZONES))
def test_days_meet_without_gap_or_overlap(second: int, zone: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    day = day_of(WarmUp(1, date(2026, 1, 1), timezone=zone), now)
    assert day.begins <= now < day.ends
    after = day_of(WarmUp(1, date(2026, 1, 1), timezone=zone), day.ends)
    assert after.begins == day.ends
    assert after.date == day.date + timedelta(days=1)


def test_who_sends_all_the_time_sends_each_days_total_exactly_across_a_clock_change() -> None:
    """One message a minute would be more than each day's share; sent are counted since the day began."""
    now, sent = datetime(2026, 3, 26, 23, 30, tzinfo=UTC), []
    while now < datetime(2026, 3, 31, 22, tzinfo=UTC):
        day = day_of(PARIS, now)
        if day.left(len(sent) - bisect_left(sent, day.begins)):
            sent.append(now)
        now += timedelta(minutes=1)
    zone = ZoneInfo("Europe/Paris")
    dates = [at.astimezone(zone).date() for at in sent]
    assert [dates.count(PARIS.started + timedelta(days=n)) for n in range(5)] == [50, 100, 200, 400, 800]


def test_what_is_left_is_never_less_than_nothing() -> None:
    day = day_of(PARIS, datetime(2026, 3, 27, 12, tzinfo=UTC))
    assert (day.left(49), day.left(50), day.left(99)) == (1, 0, 0)
