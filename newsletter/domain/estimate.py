"""How fast an issue goes of late, and when it will be done, as far as anybody can tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest

from newsletter.domain.pace import Limits
from newsletter.domain.warmup import WarmUp, day_of

_FARTHEST = timedelta(days=366)
_SOONEST = 0.5  # seconds: the first answers come all at once, and say nothing of the rest


@dataclass(slots=True)
class Meter:
    """How many a second, of late. Times are seconds of any clock; one that jumps spoils twice its memory at most.

    `memory` is how late "of late" is, in seconds: what went before that counts less and less.
    """

    began: float
    memory: float = 30.0
    at: float = 0.0
    level: float = 0.0

    def __post_init__(self) -> None:
        self.at = self.began

    def count(self, number: int, now: float) -> None:
        self._fade(now)
        self.level += number

    def rate(self, now: float) -> float | None:
        """None before there is anything to go by."""
        self._fade(now)
        if self.level <= 0.5 or now - self.began < _SOONEST:
            return None
        seen = 1.0 - math.exp(-(now - self.began) / self.memory)
        return self.level / (seen * self.memory)

    def _fade(self, now: float) -> None:
        if now < self.at:
            self.began -= self.at - now
        else:
            self.level *= math.exp((self.at - now) / self.memory)
        self.at = now


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is still to do. `groups`: of the queued, how many to each mailbox group that is worth counting alone.

    `retries` wait until `retries_due`, when the last of them falls due as of now. `sent_today` is for a warm-up plan.
    """

    queued: int
    groups: Mapping[str, int] = field(default_factory=dict)
    retries: int = 0
    retries_due: datetime | None = None
    sent_today: int = 0


@dataclass(frozen=True, slots=True)
class Speed:
    """What it goes by. `recent`: messages a second of late, None: not known yet; `slowed`: the present rate of groups
    that pushed back; `connections`: how many there are."""

    recent: float | None
    limits: Limits = field(default_factory=Limits)
    slowed: Mapping[str, float] = field(default_factory=dict)
    connections: int = 1
    plan: WarmUp | None = None


def worth_counting(queued: Mapping[str, int], named: Iterable[str], most: int = 50) -> dict[str, int]:
    """Of all groups those that may be the last: the `named`, and the biggest of the others, for these have one rate."""
    biggest = nlargest(most, queued, key=lambda group: queued[group])
    return {group: queued.get(group, 0) for group in (*biggest, *named)}


def done_at(ahead: Ahead, speed: Speed, now: datetime) -> datetime | None:
    """When the last message will have gone; None when there is nothing to tell it by, or it is more than a year away.

    The slowest part decides: all messages over all connections, or one group at its own pace. A warm-up plan lets
    each day's share go and no more. Retries are at best taken when they fall due.
    """
    seconds = _working_seconds(ahead, speed)
    if seconds is None or seconds > _FARTHEST.total_seconds():
        return None
    done = now + timedelta(seconds=seconds)
    if speed.plan:
        share = seconds / ahead.queued if ahead.queued else 0.0
        planned = _by_the_day(ahead, speed.plan, share, now)
        if planned is None:
            return None
        done = max(done, planned)
    return max(done, ahead.retries_due) if ahead.retries and ahead.retries_due else done


def _working_seconds(ahead: Ahead, speed: Speed) -> float | None:
    """How long the queued take if every hour is as good as the next; None when nothing tells how fast it goes."""
    if not ahead.queued:
        return 0.0
    limits = speed.limits
    through_connections = None if limits.connection is None else limits.connection * speed.connections
    known = [rate for rate in (speed.recent, limits.overall, through_connections) if rate]
    times = [ahead.queued / min(known)] if known else []
    for group, count in ahead.groups.items():
        if rate := speed.slowed.get(group) or limits.of(group):
            times.append(count / rate)
    return max(times, default=None)


def _by_the_day(ahead: Ahead, plan: WarmUp, share: float, now: datetime) -> datetime | None:
    """When a plan's days have let all go; within a day a message takes `share` seconds."""
    waiting, sent, at = ahead.queued, ahead.sent_today, now
    while waiting and at - now < _FARTHEST:
        day = day_of(plan, at)
        left = day.left(sent)
        fitting = waiting if left is None else min(left, waiting)
        if fitting == waiting:
            return at + timedelta(seconds=share * waiting)
        waiting, sent, at = waiting - fitting, 0, day.ends
    return None if waiting else at
