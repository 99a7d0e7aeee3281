"""When it will be done: the slowest part decides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.estimate import Ahead, Meter, Speed, done_at, worth_counting
from newsletter.domain.pace import Limits
from newsletter.domain.warmup import WarmUp

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def seconds(ahead: Ahead, speed: Speed) -> float | None:
    done = done_at(ahead, speed, NOW)
    return (done - NOW).total_seconds() if done else None


def test_by_the_recent_rate() -> None:
    assert seconds(Ahead(12_000), Speed(200.0)) == 60


def test_nobody_can_tell_without_a_rate() -> None:
    assert done_at(Ahead(5), Speed(None), NOW) is None
    assert done_at(Ahead(0), Speed(None), NOW) == NOW
    assert done_at(Ahead(10**9), Speed(1.0), NOW) is None, "more than a year away"


def test_limits_tell_before_anything_was_sent() -> None:
    assert seconds(Ahead(1000), Speed(None, Limits(overall=10))) == 100
    assert seconds(Ahead(1000), Speed(None, Limits(connection=2), connections=5)) == 100


def test_the_biggest_groups_and_those_with_a_rate_of_their_own_are_worth_counting() -> None:
    queued = {"google": 9, "small": 1, "apple": 5, "smaller": 1}
    assert worth_counting(queued, ["small", "yahoo"], most=2) == {"google": 9, "apple": 5, "small": 1, "yahoo": 0}


def test_the_slowest_group_decides() -> None:
    ahead = Ahead(10_000, {"google": 4500, "apple": 700})
    assert seconds(ahead, Speed(1000.0, Limits(groups={"google": 10, "apple": 10}))) == 450
    assert seconds(ahead, Speed(1000.0, Limits(groups={"google": 10}), slowed={"apple": 0.5})) == 1400


def test_a_group_that_is_left_alone_counts_with_its_limit() -> None:
    assert seconds(Ahead(100, {"apple": 100}), Speed(100.0, Limits(group=2), slowed={"apple": 0.0})) == 50


def test_retries_are_waited_for() -> None:
    due = NOW + timedelta(minutes=9)
    assert done_at(Ahead(100, retries=3, retries_due=due), Speed(100.0), NOW) == due
    assert seconds(Ahead(100_000, retries=3, retries_due=due), Speed(100.0)) == 1000


def test_a_warm_up_takes_its_days() -> None:
    plan = WarmUp(100, NOW.date())
    speed = Speed(10.0, plan=plan)
    assert seconds(Ahead(100), speed) == 10
    tomorrow = datetime(2026, 6, 2, tzinfo=UTC)
    assert done_at(Ahead(150), speed, NOW) == tomorrow + timedelta(seconds=5)
    assert done_at(Ahead(100, sent_today=100), speed, NOW) == tomorrow + timedelta(seconds=10)
    assert done_at(Ahead(100 + 200 + 400 + 1), speed, NOW) == datetime(2026, 6, 4, tzinfo=UTC) + timedelta(seconds=0.1)
    assert done_at(Ahead(5000), Speed(1.0, plan=WarmUp(1, date(2026, 6, 1), growth=1.0)), NOW) is None


def test_the_meter_tells_the_rate_from_the_start_and_follows_it() -> None:
    meter, now = Meter(100.0), 100.0
    assert meter.rate(now) is None
    for _ in range(20):
        now += 0.1
        meter.count(5, now)
    assert meter.rate(now) == pytest.approx(50, rel=0.05)
    for _ in range(1800):
        now += 0.1
        meter.count(1, now)
    assert meter.rate(now) == pytest.approx(10, rel=0.05)
    assert meter.rate(now + 3600) is None


@pytest.mark.parametrize("jump", [-5000.0, 5000.0])
def test_the_meter_survives_a_clock_that_jumps(jump: float) -> None:
    meter, now = Meter(10_000.0), 10_000.0
    for step in range(3000):
        now += 0.1 + (jump if step == 500 else 0)
        meter.count(2, now)
    assert meter.rate(now) == pytest.approx(20, rel=0.05)


def test_nothing_is_told_of_a_moment() -> None:
    meter = Meter(100.0)
    meter.count(5, 100.1)
    assert meter.rate(100.4) is None
    assert meter.rate(100.5) == pytest.approx(10, rel=0.05)


def test_a_short_memory_follows_sooner() -> None:
    short, long = Meter(0.0, memory=5.0), Meter(0.0)
    for quarter in range(1, 300):
        for meter in (short, long):
            meter.count(10 if quarter < 240 else 50, quarter / 4)
    assert short.rate(75.0) == pytest.approx(200, rel=0.1)
    assert long.rate(75.0) == pytest.approx(108, rel=0.1)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 10**9)), max_size=50))
def test_no_clock_makes_a_rate_negative(counts: list[tuple[float, int]]) -> None:
    meter = Meter(0.0)
    for now, number in counts:
        meter.count(number, now)
        rate = meter.rate(now)
        assert rate is None or rate > 0
