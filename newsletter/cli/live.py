"""The one live line of a terminal while an issue is sent: how much, how fast, how much longer, and what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.live import Live
from rich.live_render import LiveRender
from rich.progress_bar import ProgressBar
from rich.segment import ControlType, Segment
from rich.table import Table
from rich.text import Text

from newsletter.cli.words import clock, rate
from newsletter.domain.accounting import Accounting
from newsletter.domain.estimate import Meter

_GAP = 2
_BAR_MOST, _BAR_LEAST = 32, 8
_OF_LATE = 5.0  # seconds: the memory of the rate that is shown
# This row, then from its second column all that is ahead: from the corner of the screen some terminals take it for a
# new page, and keep the old one.
_WIPE = "\r\x1b[2K\x1b[C\x1b[J\r"
_CUT, _FOLD = "\x1b[?7l", "\x1b[?7h"  # what becomes of a line too long for a width we have not heard of yet
Part = tuple[str, str]  # words and their colour


@dataclass(frozen=True, slots=True)
class State:
    """What the line tells at one moment: `rate` in messages a second, `left` in seconds; None: nobody can say."""

    books: Accounting
    rate: float | None = None
    left: float | None = None


@dataclass(slots=True)
class Speedometer:
    """Turns the accounts that a delivery reports into what the line tells."""

    timer: Callable[[], float] = time.monotonic
    _meter: Meter | None = None
    _sent: int = 0

    def look(self, books: Accounting) -> State:
        now = self.timer()
        if self._meter is None:  # what was sent before this run says nothing of its speed
            self._meter = Meter(now, memory=_OF_LATE)
        else:
            self._meter.count(books.sent - self._sent, now)
        self._sent = books.sent
        return State(books, self._meter.rate(now), books.seconds_left)


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """A state, drawn as wide as the terminal is: what matters least goes first where there is no room for all."""

    name: str
    state: State

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        parts, room = fitting(self.name, self.state, options.max_width)
        cells: list[RenderableType] = [Text(words, style=style) for words, style in parts]
        books = self.state.books
        if room:
            done, every = _over(books), max(books.recipients, 1)
            bar = ProgressBar(every, done, width=room, complete_style="cyan", finished_style="cyan")
            cells.insert(1 if parts[0][0] == self.name else 0, bar)
        yield _row(cells)
        if books.reason:
            yield Text(f"{books.reason}. Ctrl-C stops, nothing is lost.", style="yellow")


def fitting(name: str, state: State, width: int) -> tuple[list[Part], int]:
    """The parts that have room in `width` columns, in the order of the line, and how wide the bar may be (0: none)."""
    parts = _parts(name, state)
    for unwanted in _DISPENSABLE:
        room = width - _length(parts.values())
        if room >= _GAP + _BAR_LEAST:
            return list(parts.values()), min(room - _GAP, _BAR_MOST)
        if room >= 0 and "name" not in parts:  # a bar says more than the name does, but less than any number
            break
        parts.pop(unwanted, None)
    return list(parts.values()), 0


_DISPENSABLE = ("name", "deferred", "rate", "share", "uncertain", "failed")


def _parts(name: str, state: State) -> dict[str, Part]:
    books = state.books
    parts = {
        "name": (name, ""),
        "share": (f"{100 * _over(books) // max(books.recipients, 1)}%", ""),
        "sent": (f"{books.sent:,} sent", "green"),
        **{key: (f"{number:,} {key}" if number else "", colour) for key, number, colour in _troubles(books)},
        "rate": ("" if state.rate is None else f"{rate(state.rate)}/s", ""),
        "left": ("" if state.left is None else f"{clock(state.left)} left", "cyan"),
    }
    return {key: part for key, part in parts.items() if part[0]}


def _troubles(books: Accounting) -> Iterable[tuple[str, int, str]]:
    yield "deferred", books.deferred, "yellow"
    yield "failed", books.failed, "red"
    yield "uncertain", books.uncertain, "yellow"


def _over(books: Accounting) -> int:
    return books.recipients - books.queued - books.deferred


def _length(parts: Iterable[Part]) -> int:
    words = [words for words, _ in parts]
    return sum(map(len, words)) + _GAP * (len(words) - 1)


def _row(cells: list[RenderableType]) -> Table:
    row = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    for _ in cells:
        row.add_column(no_wrap=True)
    row.add_row(*cells)
    return row


class _Anchored(LiveRender):
    """Leaves the cursor where the drawing begins, and wipes from there on.

    A terminal that is made narrower folds what stands in it and carries the cursor along. From the end of the drawing
    nobody knows how many rows up it began; from its beginning all of it lies ahead, however it was folded.
    """

    def position_cursor(self) -> Control:
        return _control(_WIPE)

    def restore_cursor(self) -> Control:
        """Called at the end, one row below the beginning."""
        return _control("\r\x1b[A" + _WIPE)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _control(_CUT)
        yield from super().__rich_console__(console, options)
        rows = self.last_render_height - 1
        yield _control(_FOLD + "\r" + (f"\x1b[{rows}A" if rows > 0 else ""))


def _control(codes: str) -> Control:
    """Rich's own have none that wipes all that lies ahead."""
    control = Control()
    control.segment = Segment(codes, None, [(ControlType.CARRIAGE_RETURN,)])
    return control


class _Live(Live):
    """Rich's, but for where the cursor stands meanwhile."""

    def __init__(self, console: Console) -> None:
        super().__init__(console=console, auto_refresh=False, transient=True)
        self._live_render = _Anchored("")


@contextmanager
def line(name: str, console: Console) -> Iterator[Callable[[Accounting], None]]:
    """Draws the line anew with each account it is given; at the end it is gone."""
    speedometer, live = Speedometer(), _Live(console)

    def show(books: Accounting) -> None:
        with suppress(OSError):  # a terminal that has gone away stops no sending, nor its answer
            live.update(ProgressLine(name, speedometer.look(books)), refresh=True)

    with suppress(OSError):
        live.start()
    try:
        yield show
    finally:
        with suppress(OSError):
            live.stop()
