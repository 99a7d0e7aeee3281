"""Who is next: deliveries that a run has claimed, let go at the pace that the limits allow. It asks no database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.accounting import Accounting
from newsletter.domain.bucket import Bucket
from newsletter.domain.delivery import Claim, Outcome, OutcomeKind
from newsletter.domain.estimate import Ahead, Meter, Speed, done_at, worth_counting
from newsletter.domain.group_queues import GroupQueues
from newsletter.domain.mailboxes import group_of
from newsletter.domain.pace import Limits, Pacer
from newsletter.domain.warmup import Day, WarmUp, day_of
from newsletter.text.clocks import moment

_COUNT_AGAIN = 30.0  # seconds at least between two counts of all that waits
_WORTH_TELLING = 2.0  # seconds that everybody waits


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast messages may leave; one for all that a process sends. `warm_up` None: as many a day as there are."""

    pacer: Pacer
    warm_up: WarmUp | None = None

    def of_connection(self) -> Bucket | None:
        """What one connection waits for before each message; None: nothing."""
        return self.pacer.connection(time.monotonic())


def unlimited() -> Pace:
    """As fast as it goes, until somebody pushes back."""
    return Pace(Pacer(Limits(), time.monotonic()))


class Line:
    """One per run. Where nothing is limited and nobody pushed back, it is a queue and no more."""

    def __init__(
        self, pace: Pace, clock: Callable[[], datetime], connections: int, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._connections = connections
        self._pace, self._clock, self._timer = pace, clock, timer
        self._pacer = pace.pacer
        self._queues: GroupQueues[Claim] = GroupQueues(self._pacer, _domain)
        self._meter = Meter(timer())
        self.day: Day | None = None  # of a warm-up plan
        self._tried_today = 0
        self._groups: dict[str, int] = {}  # how many wait, to those that may be the last
        self._counted_at: float | None = None

    def __len__(self) -> int:
        return len(self._queues)

    def add(self, claims: Iterable[Claim]) -> None:
        self._queues.add(claims)

    def put_back(self, claim: Claim) -> None:
        """One that was taken, and waits again."""
        self.undo(claim)
        self._queues.add([claim])

    def undo(self, claim: Claim) -> None:
        """One that was taken did not go: it counts for no pace, and for no day's share."""
        self._pacer.undo(group_of(_domain(claim)))

    def take(self) -> Claim | None:
        """The next that may go, which is then on its way; None when nobody may."""
        return self._queues.take(self._timer())

    def wait(self) -> float | None:
        """Seconds until `take` may give one, 0: now; None when nobody waits."""
        return self._queues.wait(self._timer())

    def wants(self) -> bool:
        """Whether more should be claimed: few wait, or none of them may go where somebody else might."""
        return self._queues.wants(self._timer())

    def full(self) -> frozenset[str]:
        """The mail domains of which enough wait."""
        return self._queues.full()

    def heard(self, claim: Claim, outcome: Outcome) -> None:
        """What came of a delivery."""
        now, group = self._timer(), group_of(_domain(claim))
        self._pacer.heard(group, outcome, now)
        if outcome.kind is OutcomeKind.BROKEN:
            self.undo(claim)
        else:
            self._tried_today += 1
            self._meter.count(1, now)
            if self._groups.get(group):
                self._groups[group] -= 1

    def is_another_day(self) -> bool:
        """Whether a warm-up plan's day is to be looked at: the first one, or a new one."""
        return self._pace.warm_up is not None and (self.day is None or self._clock() >= self.day.ends)

    def day_at(self, now: datetime) -> Day | None:
        """The day of the warm-up plan that it is at `now`; None: there is no plan."""
        return day_of(self._pace.warm_up, now) if self._pace.warm_up else None

    def begin_day(self, day: Day, tried: int, now: datetime) -> None:
        """`tried` of its share are gone, whatever issue they belonged to."""
        self.day, self._tried_today = day, tried
        self._pacer.allow(day.left(tried), self._timer(), (day.ends - now).total_seconds())

    def lacks_groups(self) -> bool:
        """Whether it should be counted who waits, by group: some have a pace of their own, and may be the last."""
        now, slowed = self._timer(), self._pacer.slowed(self._timer())
        if self._counted_at is None:
            return bool(slowed) or self._pacer.limits.by_group
        return now - self._counted_at > _COUNT_AGAIN and not slowed.keys() <= self._groups.keys()

    def count_groups(self, queued: Mapping[str, int]) -> None:
        """So many of the issue wait, by group."""
        self._counted_at = self._timer()
        named = (*self._pacer.limits.groups, *self._pacer.slowed(self._counted_at))
        self._groups = worth_counting(queued, named)

    def why(self) -> str:
        """What everybody who waits waits for, in words; "" when it is not worth telling."""
        now = self._timer()
        wait = self._queues.wait(now)
        if wait is None or wait < _WORTH_TELLING:
            return ""
        day = self.day
        if day and day.allowance is not None and day.ends - self._clock() <= timedelta(seconds=wait + 1):
            return self.day_is_out()
        slowed = sorted(group for group, rate in self._pacer.slowed(now).items() if rate == 0)
        if slowed:
            return f"{_listed(slowed)} asked for less mail and is left alone for {round(wait)} seconds"
        return f"keeping to the pace: the next may go in {round(wait)} seconds"

    def day_is_out(self) -> str:
        """What there is to wait for when a warm-up plan's day has no more to give."""
        return out_for_today(self._pace.warm_up, self.day) if self._pace.warm_up and self.day else ""

    def seconds_left(self, books: Accounting) -> float | None:
        """Until the last message has gone, as far as anybody can tell."""
        now, timer = self._clock(), self._timer()
        if not books.queued:
            return None  # only retries, which nobody can tell
        ahead = Ahead(queued=books.queued, groups=self._groups, sent_today=self._tried_today)
        limits = self._pacer.limits
        speed = Speed(self._meter.rate(timer), limits, self._pacer.slowed(timer), self._connections, self._pace.warm_up)
        done = done_at(ahead, speed, now)
        return max((done - now) / timedelta(seconds=1), 0.0) if done else None


def out_for_today(plan: WarmUp, day: Day) -> str:
    """In words; "" for a day on which as many may go as like."""
    if day.allowance is None:
        return ""
    again = moment(day.ends, plan.timezone)
    return f"today's {day.allowance:,} of the warm-up plan have gone out; it goes on at {again}"


def _domain(claim: Claim) -> str:
    return claim.email.rpartition("@")[2]


def _listed(groups: list[str]) -> str:
    shown = groups[:3]
    others = len(groups) - len(shown)
    return ", ".join(shown) + (f" and {others} others" if others else "")
