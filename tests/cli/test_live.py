"""The line that a terminal shows while an issue is sent: it fits, it is true, and what matters stays longest."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from newsletter.cli.live import ProgressLine, Speedometer, State, line
from newsletter.cli.words import about, clock
from newsletter.domain.accounting import Accounting
from newsletter.domain.issue import IssueState
from tests.cli.desk import REPOSITORY

BOOKS = Accounting(
    1, IssueState.SENDING, recipients=20_000, sent=12_345, deferred=3, failed=12, queued=7_640, seconds=24.0
)


def drawn(state: State, width: int) -> list[str]:
    console = Console(width=width, color_system=None, force_terminal=True, legacy_windows=False)
    with console.capture() as capture:
        console.print(ProgressLine("issue 1", state))
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
    speedometer = Speedometer(timer=lambda: now[0])
    for quarter in range(200):
        now[0] = quarter / 4
        sent = 3 * quarter if quarter < 100 else 300 + 25 * (quarter - 100)
        state = speedometer.look(replace(BOOKS, sent=10_000 + sent, seconds_left=38.0))
    assert state.rate == pytest.approx(100, rel=0.05)
    assert state.left == 38.0


def test_nobody_can_say_when_retries_will_be_over() -> None:
    speedometer = Speedometer(timer=lambda: 1.0)
    assert speedometer.look(replace(BOOKS, queued=0, deferred=7640)).left is None


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


SHOWN = """
import sys, time
from pathlib import Path
from rich.console import Console
from newsletter.cli.live import line
from newsletter.domain.accounting import Accounting
from newsletter.domain.issue import IssueState

print("what stood there before")
with line("issue 1", Console(file=sys.stderr)) as show:
    sent = 0
    while not Path("stop").exists():
        sent += 1
        show(Accounting(1, IssueState.SENDING, 20_000, sent=sent, queued=20_000 - sent, reason=sys.argv[1]))
        time.sleep(0.02)
print("what stands there after")
time.sleep(60)
"""


class Gone(io.StringIO):
    """A terminal that somebody closed."""

    def isatty(self) -> bool:
        return True

    def write(self, _text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_a_terminal_that_goes_away_costs_nothing_but_the_line() -> None:
    told = []
    with line("issue 1", Console(file=Gone(), force_terminal=True)) as show:
        show(BOOKS)
        told.append("went on")
    assert told == ["went on"]


@dataclass(frozen=True)
class Terminal:
    """A real one, that folds its lines when it is made narrower."""

    socket: Path
    folder: Path

    def begin(self, *command: str) -> None:
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", "100", "-y", "12", "-c", str(self.folder), *command)

    def resize(self, width: int) -> None:
        self._tmux("resize-window", "-x", str(width))

    def shown(self) -> list[str]:
        """What stands in it, and what has rolled out of sight: a fold may do that."""
        return [line.rstrip() for line in self._tmux("capture-pane", "-p", "-S", "-").splitlines() if line.strip()]

    def when(self, condition: Callable[[list[str]], bool]) -> list[str]:
        """What it shows as soon as that is so; after a while what it shows anyhow."""
        until = time.monotonic() + 5
        while not condition(lines := self.shown()) and time.monotonic() < until:
            time.sleep(0.05)
        return lines

    def end(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory() as short:  # a socket's path may not be long
        made = Terminal(Path(short) / "tmux", tmp_path)
        yield made
        made.end()


@pytest.mark.parametrize(("reason", "rows"), [("", 1), ("mx: refused", 2)])
def test_a_terminal_that_changes_its_width_is_left_clean(terminal: Terminal, reason: str, rows: int) -> None:
    script = terminal.folder / "shown.py"
    script.write_text(SHOWN)
    terminal.begin(f"env -u COLUMNS -u LINES PYTHONPATH={REPOSITORY} TERM=screen {sys.executable} {script} '{reason}'")
    terminal.when(lambda lines: len(lines) > rows)
    for width in (60, 110, 46, 80):
        terminal.resize(width)
        lines = terminal.when(lambda lines: len(lines) == 1 + rows)
        assert lines[0] == "what stood there before", lines
        assert len(lines) == 1 + rows, lines
    (terminal.folder / "stop").touch()
    after = "what stands there after"
    assert terminal.when(lambda lines: after in lines) == ["what stood there before", after]
