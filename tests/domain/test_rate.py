"""A sliding rate follows what happens now, and an estimate is only given when something moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.rate import Rate, seconds_left


def fed(*samples: tuple[float, int], window: float = 10.0) -> Rate:
    rate = Rate(window)
    for at, count in samples:
        rate.add(at, count)
    return rate


def test_nothing_is_told_of_a_moment() -> None:
    assert fed().per_second is None
    assert fed((5.0, 100)).per_second is None
    assert fed((5.0, 100), (5.1, 900)).per_second is None


def test_it_tells_what_happens_now_not_the_mean_of_all() -> None:
    slow_then_fast = [(float(at), at) for at in range(100)] + [(100.0 + at, 100 + 50 * at) for at in range(11)]
    assert fed(*slow_then_fast).per_second == pytest.approx(50)


def test_it_comes_to_rest_when_nothing_moves() -> None:
    samples = [(at / 4, 10 * at) for at in range(40)] + [(10 + at / 4, 390) for at in range(60)]
    assert fed(*samples).per_second == 0


@given(st.floats(0.1, 10_000), st.floats(0.05, 3.0), st.integers(3, 200))
def test_a_steady_rate_is_told_as_it_is(per_second: float, step: float, many: int) -> None:
    rate = fed(*((at * step, round(at * step * per_second)) for at in range(many)))
    told = rate.per_second
    span = min(step * (many - 1), 10.0)
    assert told is None if step * (many - 1) < 0.49 else told is None or abs(told - per_second) <= 1.1 / span


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 10**9)), max_size=50))
def test_no_clock_and_no_count_makes_it_negative(samples: list[tuple[float, int]]) -> None:
    told = fed(*samples).per_second
    assert told is None or told >= 0


def test_the_samples_it_keeps_are_those_of_its_window() -> None:
    rate = fed(*((at / 4, at) for at in range(100_000)))
    assert len(rate._samples) <= 42


def test_what_is_left() -> None:
    assert seconds_left(0, None) == 0
    assert seconds_left(100, None) is None
    assert seconds_left(100, 0.0) is None
    assert seconds_left(100, 50.0) == 2.0
