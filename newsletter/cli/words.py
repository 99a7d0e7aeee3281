"""How the terminal says numbers, times and names."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.errors import repeated


def count(number: int, thing: str, things: str | None = None) -> str:
    """`1 message`, `1,234 messages`, `no messages`."""
    noun = thing if number == 1 else things or f"{thing}s"
    return f"{number:,} {noun}" if number else f"no {noun}"


def brief(at: datetime, zone: str, now: datetime) -> str:
    """`27 Nov 08:00 GMT`; with its year when that is not this one's."""
    local = at.astimezone(ZoneInfo(zone))
    year = "" if local.year == now.astimezone(ZoneInfo(zone)).year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {local:%H:%M} {local.tzname()}"


def shared_zone(moments: Sequence[str]) -> str:
    """The zone at the end of each of what `brief` said, where it is the same one; a heading says it then."""
    zones = {said.rsplit(" ", 1)[-1] for said in moments}
    return zones.pop() if len(zones) == 1 else ""


def offset(at: datetime) -> str:
    """`+01:00`, of an aware local time."""
    return f"{at:%z}"[:3] + ":" + f"{at:%z}"[3:5]


def length(span: timedelta) -> str:
    """`9 days`, `1 day 18 hours`, `2 hours`, `5 minutes`, `less than a minute`."""
    hours, rest = divmod(int(span.total_seconds()), 3600)
    days, over = divmod(hours, 24)
    if days:
        return count(days, "day") + (f" {count(over, 'hour')}" if over and days < 3 else "")
    if hours:
        return count(hours, "hour")
    return count(rest // 60, "minute") if rest >= 60 else "less than a minute"


def distance(span: timedelta) -> str:
    """`in 9 days`, as `length` says it; `now`."""
    return f"in {length(span)}" if span >= timedelta(seconds=1) else "now"


def seconds(span: float) -> str:
    """`0.3 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if span < 10:
        return f"{span:.1f} s"
    if span < 60:
        return f"{span:.0f} s"
    minutes, rest = divmod(round(span), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def about(span: float) -> str:
    """`less than a minute`, `about 4 minutes`, `about 3 hours`, `about 2 days`: an estimate, said as one."""
    minutes = round(span / 60)
    if not minutes:
        return "less than a minute"
    if minutes < 90:
        return f"about {count(minutes, 'minute')}"
    hours = round(minutes / 60)
    return f"about {count(hours, 'hour')}" if hours < 48 else f"about {count(round(hours / 24), 'day')}"


def rate(per_second: float) -> str:
    """`5,431`, `12`, `0.3`: messages a second."""
    return f"{per_second:,.0f}" if per_second >= 10 or not per_second else f"{per_second:.1f}"


def clock(span: float) -> str:
    """`12 s`, `3:20 min`, `2 h 05`, `3 days`: as short as a line that must fit a terminal wants it; never `0 s`."""
    whole = math.ceil(span) or 1
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02}" if hours < 48 else f"{hours // 24} days"


def iso(at: datetime | None) -> str | None:
    """ISO 8601 as JSON carries it, to the second."""
    return at.isoformat(timespec="seconds") if at else None


def one_of(kind: str, wanted: str, known: Iterable[str]) -> str:
    """Says that there is no such thing, which there are, and which was perhaps meant."""
    there = list(known)
    near = difflib.get_close_matches(wanted, there, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return f"there is no {kind} `{repeated(wanted)}`.{hint} There are: {', '.join(there) or 'none'}."
