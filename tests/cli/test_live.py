"""The line that a terminal shows while an issue is sent: it fits, it is true, and what matters stays longest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from newsletter.cli.live import Line, State, Watch
from newsletter.cli.words import about, clock
from newsletter.domain.accounting import Accounting
from newsletter.domain.issue import IssueState

BOOKS = Accounting(
    1, IssueState.SENDING, recipients=20_000, sent=12_345, deferred=3, failed=12, queued=7_640, seconds=24.0
)


def drawn(state: State, width: int) -> list[str]:
    console = Console(width=width, color_system=None, force_terminal=True, legacy_windows=False)
    with console.capture() as capture:
        console.print(Line("issue 1", state))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_eighty_columns_hold_everything() -> None:
    [line] = drawn(State(BOOKS, 512.0, 15.0), 80)
    assert line.startswith("issue 1  ━━━━")
    assert line.endswith("  61%  12,345 sent  3 deferred  12 failed  512/s  15 s left")
    assert len(line) <= 80


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (60, "61%  12,345 sent  3 deferred  12 failed  512/s  15 s left"),
        (44, "12,345 sent  12 failed  15 s left"),
        (40, "12,345 sent  12 failed  15 s left"),
        (24, "12,345 sent  15 s left"),
    ],
)
def test_narrow_terminals_lose_what_matters_least(width: int, told: str) -> None:
    [line] = drawn(State(BOOKS, 512.0, 15.0), width)
    assert told in (line, line.removeprefix("61%  "))


@given(
    st.integers(30, 200), st.integers(1, 5_000_000), st.floats(0, 50_000) | st.none(), st.floats(0, 1e6) | st.none(),
    st.data(),
)  # fmt: skip
def test_it_is_one_line_that_fits_whatever_it_tells(
    width: int, recipients: int, rate: float | None, left: float | None, data: st.DataObject
) -> None:
    counts = [data.draw(st.integers(0, recipients // 5)) for _ in range(4)]
    sent, deferred, failed, uncertain = counts
    books = Accounting(
        1, IssueState.SENDING, recipients, sent, deferred, failed, 0, uncertain, queued=recipients - sum(counts)
    )
    lines = drawn(State(books, rate, left), width)
    assert len(lines) == 1
    assert len(lines[0]) <= width
    assert f"{sent:,} sent" in lines[0] or "…" in lines[0]


def test_what_it_waits_for_stands_below() -> None:
    lines = drawn(State(replace(BOOKS, reason="127.0.0.1:25: connection refused"), 0.0, None), 80)
    assert lines[1] == "127.0.0.1:25: connection refused. Ctrl-C stops, nothing is lost."


def test_the_rate_is_that_of_late_and_the_time_left_is_what_the_run_says() -> None:
    now = [0.0]
    watch = Watch(timer=lambda: now[0])
    for quarter in range(200):
        now[0] = quarter / 4
        sent = 3 * quarter if quarter < 100 else 300 + 25 * (quarter - 100)
        state = watch.look(replace(BOOKS, sent=10_000 + sent, seconds_left=38.0))
    assert state.rate == pytest.approx(100, rel=0.05)
    assert state.left == 38.0


def test_nobody_can_say_when_retries_will_be_over() -> None:
    watch = Watch(timer=lambda: 1.0)
    assert watch.look(replace(BOOKS, queued=0, deferred=7640)).left is None


@pytest.mark.parametrize(
    ("span", "short", "words"),
    [
        (0.2, "1 s", "less than a minute"),
        (59, "59 s", "about 1 minute"),
        (200, "3:20 min", "about 3 minutes"),
        (7500, "2 h 05", "about 2 hours"),
        (260_000, "3 days", "about 3 days"),
    ],
)
def test_how_long_it_will_take(span: float, short: str, words: str) -> None:
    assert (clock(span), about(span)) == (short, words)
