"""Warming up: a new sender's mail grows from day to day, so that receivers learn to trust it.

A day is a date on the clocks of the plan's time zone, from its first instant to the next one's: 23, 24 or 25 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.domain.occurrence import WEEKDAYS, Schedule, latest_occurrence, next_occurrence

_AS_MANY_AS_YOU_LIKE = 10**9  # a day: more is no limit


@dataclass(frozen=True, slots=True)
class WarmUp:
    """`first_day` messages on the date `started` (and before it), `growth` times as many on each later one.

    `most`: the plan never allows more a day; None: it grows until it is no limit any more.
    """

    first_day: int
    started: date
    growth: float = 2.0
    most: int | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the plan: its allowance (None: as many as you like), and when it begins and ends, in UTC."""

    date: date
    allowance: int | None
    begins: datetime
    ends: datetime

    def left(self, sent: int) -> int | None:
        """How many may still go when `sent` went since the day began."""
        return None if self.allowance is None else max(self.allowance - sent, 0)


def day_of(plan: WarmUp, now: datetime) -> Day:
    """The day that it is at `now` (aware)."""
    midnight = Schedule(WEEKDAYS, time(), plan.timezone)
    begun = latest_occurrence(midnight, now)
    today = now.astimezone(ZoneInfo(plan.timezone)).date()
    ends = next_occurrence(midnight, now).at
    return Day(today, allowance(plan, today), begun.at if begun else ends - timedelta(days=1), ends)


def allowance(plan: WarmUp, day: date) -> int | None:
    """How many messages may go on that date; None: as many as you like."""
    ceiling = _AS_MANY_AS_YOU_LIKE if plan.most is None else plan.most
    allowed = float(plan.first_day)
    for _ in range((day - plan.started).days):
        if allowed >= ceiling or plan.growth <= 1:
            break
        allowed *= plan.growth
    return plan.most if allowed >= ceiling else int(allowed + 1e-6)
