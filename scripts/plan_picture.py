"""The picture of a delivery plan as SVG, written by hand: readable on light and on dark, without any library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

Scale = Callable[[float], float]
WIDTH, HEIGHT = 960, 800
LEFT, RIGHT = 64, 168
TOP, DEEP = 96, 330  # of the upper chart: where it begins, how high it is
LOW, LOW_DEEP = 540, 190  # of the lower one
STYLE = """
  svg { --paper: #ffffff; --ink: #1d2433; --soft: #5b6475; --line: #dfe3ea; --alarm: #c2362b;
        --c0: #2f6fde; --c1: #17a398; --c2: #8a5cd0; --c3: #d9822b; --c4: #93a1b5; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #12161f; --ink: #e8ecf4; --soft: #9aa5b8; --line: #2b3342; --alarm: #ff8a7d;
          --c0: #5b93f5; --c1: #35c4b5; --c2: #ab84ea; --c3: #f0a04f; --c4: #64728a; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--soft); }
  .title { font-size: 19px; font-weight: 600; fill: var(--ink); }
  .name { font-weight: 600; fill: var(--ink); }
  .small { font-size: 12px; }
  .right { text-anchor: end; }
  .mid { text-anchor: middle; }
  .alarm { fill: var(--alarm); font-weight: 600; }
  .grid { stroke: var(--line); stroke-width: 1; }
  .storm { stroke: var(--alarm); stroke-width: 1; stroke-dasharray: 2 3; }
  .limit { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 5 4; }
"""


@dataclass(frozen=True)
class Line:
    """One group: messages a second in each step."""

    name: str
    readers: int
    rates: Sequence[float]


@dataclass(frozen=True)
class Day:
    """A day of the warm-up: how many go, and how many the plan allows (None: as many as you like)."""

    date: date
    sent: int
    allowed: int | None


@dataclass(frozen=True)
class Picture:
    """Times are seconds since the start; `step` is that of a line's points."""

    lines: Sequence[Line]
    step: int
    seconds: float
    storm: tuple[float, float]
    pushed: int
    limit: float
    expected: float
    days: Sequence[Day]


def draw(picture: Picture) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t">',
        '<title id="t">An issue to a million readers: messages a second by mailbox group, and a warm-up</title>',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="var(--paper)"/>',
        *_stacked(picture),
        *_bars(picture),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _stacked(picture: Picture) -> Iterable[str]:
    """Areas one above the other: their sum is what leaves a second."""
    hours = -(-max(picture.seconds, picture.expected) // 1800) / 2
    most = -(-picture.limit // 50) * 50 + 30

    def x(seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / (hours * 3600)

    def y(rate: float) -> float:
        return TOP + DEEP * (1 - rate / most)

    readers = sum(line.readers for line in picture.lines)
    yield _text(28, 40, f"One issue, {readers:,} readers: messages a second", "title")
    yield _text(28, 62, "each mailbox group at its own pace; one that pushes back slows no other")
    for rate in range(0, int(most) + 1, 50):
        yield f'<line class="grid" x1="{LEFT}" x2="{x(hours * 3600):.1f}" y1="{y(rate):.1f}" y2="{y(rate):.1f}"/>'
        yield _text(LEFT - 10, y(rate) + 4, f"{rate}", "right")
    below = [0.0] * max(len(line.rates) for line in picture.lines)
    for number, line in enumerate(picture.lines):
        above = [low + high for low, high in zip(below, _padded(line.rates, len(below)), strict=True)]
        yield _area(below, above, picture.step, x, y, f"var(--c{number})")
        below = above
    yield from _storm(picture, x)
    top, end = y(picture.limit), x(hours * 3600)
    yield f'<line class="limit" x1="{LEFT}" x2="{end:.1f}" y1="{top:.1f}" y2="{top:.1f}"/>'
    yield _text(end - 4, top - 8, f"limit for all: {picture.limit:g} a second", "right small")
    for half in range(int(hours * 2) + 1):
        name = "start" if not half else f"{half // 2} h" if half % 2 == 0 else f"{half // 2}:30"
        yield _text(x(half * 1800), TOP + DEEP + 20, name, "mid")
    yield from _mark(x(picture.expected), y, 100, f"expected: {_clock(picture.expected)}")
    yield from _mark(x(picture.seconds), y, 76, f"done: {_clock(picture.seconds)}")
    yield from _legend(picture)


def _storm(picture: Picture, x: Scale) -> Iterable[str]:
    begin, end = (x(at) for at in picture.storm)
    high = f'y="{TOP + 4}" width="{end - begin:.1f}" height="{DEEP - 4}"'
    yield f'<rect x="{begin:.1f}" {high} fill="var(--alarm)" opacity=".13"/>'
    for at in (begin, end):
        yield f'<line class="storm" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP + 4}" y2="{TOP + DEEP}"/>'
    yield _text((begin + end) / 2, TOP + 18, "yahoo answers 421", "mid alarm")
    yield _text((begin + end) / 2, TOP + 35, f"only {picture.pushed} messages hear it", "mid small")


def _mark(at: float, y: Scale, rate: float, words: str) -> Iterable[str]:
    top = y(rate)
    yield f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top:.1f}" y2="{TOP + DEEP}" stroke="var(--ink)" stroke-width="1.2"/>'
    yield f'<circle cx="{at:.1f}" cy="{top:.1f}" r="3.5" fill="var(--ink)"/>'
    yield _text(at + 8, top + 4, words, "name small")


def _area(below: Sequence[float], above: Sequence[float], step: int, x: Scale, y: Scale, colour: str) -> str:
    there = [f"{x(at * step):.1f},{y(rate):.1f}" for at, rate in enumerate(above)]
    back = [f"{x(at * step):.1f},{y(rate):.1f}" for at, rate in reversed([*enumerate(below)])]
    return f'<polygon points="{" ".join([*there, *back])}" fill="{colour}" stroke="var(--paper)" stroke-width="1"/>'


def _legend(picture: Picture) -> Iterable[str]:
    """Beside the chart, in the order of the areas from above."""
    for place, number in enumerate(reversed(range(len(picture.lines)))):
        line, top = picture.lines[number], TOP + 34 + place * 52
        left = WIDTH - RIGHT + 22
        yield f'<rect x="{left}" y="{top - 11}" width="12" height="12" rx="3" fill="var(--c{number})"/>'
        yield _text(left + 20, top, line.name, "name")
        yield _text(left + 20, top + 17, f"{line.readers:,} readers", "small")


def _bars(picture: Picture) -> Iterable[str]:
    days = picture.days
    most = max(day.sent for day in days)
    wide = (WIDTH - LEFT - 40) / len(days)
    yield _text(28, LOW - 42, "The same issue from a new sender who warms up: messages a day", "title")
    told = (
        f"{days[0].sent:,} on the first day, twice as many on each later one, at most {most:,}; done on day {len(days)}"
    )
    yield _text(28, LOW - 20, told)
    for number, day in enumerate(days):
        high = max(LOW_DEEP * day.sent / most, 1.5)
        left, top = LEFT + number * wide, LOW + 24 + LOW_DEEP - high
        place = f'x="{left + 6:.1f}" y="{top:.1f}" width="{wide - 12:.1f}" height="{high:.1f}"'
        yield f'<rect {place} rx="3" fill="var(--c0)"/>'
        yield _text(left + wide / 2, top - 7, f"{day.sent:,}", "mid name small")
        yield _text(left + wide / 2, LOW + 24 + LOW_DEEP + 19, f"{day.date:%-d %b}", "mid small")
    bottom = LOW + 24 + LOW_DEEP
    yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 40}" y1="{bottom}" y2="{bottom}"/>'


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}"


def _padded(rates: Sequence[float], length: int) -> list[float]:
    return [*rates, *[0.0] * (length - len(rates))]


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(words)}</text>'
