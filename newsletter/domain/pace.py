"""How fast messages may leave: overall, to each mailbox group, over each connection; and who goes slower for a while.

Times are seconds of a clock that the caller reads; a monotonic one is best, any will do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.domain.backoff import BackOff, first_push, pushes_back
from newsletter.domain.bucket import Bucket
from newsletter.domain.delivery import Outcome, OutcomeKind

_MANY, _KEPT = 4000, 400  # mailbox groups that are remembered, of the 100,000 of a list of a million


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages a second, None: as fast as it goes. `groups` names some mailbox groups, `group` is for all others."""

    overall: float | None = None
    group: float | None = None
    connection: float | None = None
    groups: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def by_group(self) -> bool:
        """Whether any mailbox group has a limit of its own."""
        return self.group is not None or any(rate is not None for rate in self.groups.values())

    def of(self, group: str) -> float | None:
        return self.groups.get(group, self.group)


@dataclass(slots=True)
class Allowance:
    """How many messages may still go before `until`: a warm-up plan's day. A clock set back makes it wait for `span` at
    most.
    """

    left: int
    until: float
    span: float

    def wait(self, now: float) -> float:
        self.until = min(self.until, now + self.span)
        return max(self.until - now, 0.0) if self.left <= 0 else 0.0


class Pacer:
    """Says who may go now: who has nothing to wait for of `everyone` and `alone`. `begin` goes, `heard` tells what came
    of it.

    Where nothing is limited and nobody pushed back, `quiet` is True and nobody need ask.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self._overall = Bucket(limits.overall, now) if limits.overall is not None else None
        self._buckets: dict[str, Bucket] = {}
        self._slowed: dict[str, BackOff] = {}
        self._allowance: Allowance | None = None
        self._accepted: Counter[str] = Counter()  # by group
        self._began = now
        self._many = _MANY
        self._limited = limits.by_group

    @property
    def quiet(self) -> bool:
        return not (self._limited or self._slowed or self._overall or self._allowance)

    def everyone(self, now: float) -> float:
        """Seconds until any message may go at all; 0: now."""
        overall = self._overall.wait(now) if self._overall else 0.0
        return max(overall, self._allowance.wait(now)) if self._allowance else overall

    def alone(self, group: str, now: float) -> float:
        """Seconds until `group` by itself would let a message go; 0: now."""
        slowed = self._slowed.get(group)
        if slowed and slowed.is_past(now):
            self._set_free(group, now)
            slowed = None
        pause = slowed.wait(now) if slowed else 0.0
        bucket = self._bucket(group, now)
        return max(pause, bucket.wait(now)) if bucket else pause

    def begin(self, group: str, now: float) -> None:
        """A message to `group` goes now."""
        if self._overall:
            self._overall.take(now)
        if self._allowance:
            self._allowance.left -= 1
        if bucket := self._bucket(group, now):
            bucket.take(now)

    def undo(self, group: str) -> None:
        """A message to `group` that was to go did not."""
        if self._overall:
            self._overall.give_back()
        if self._allowance:
            self._allowance.left += 1
        if bucket := self._buckets.get(group):
            bucket.give_back()

    def heard(self, group: str, outcome: Outcome, now: float) -> None:
        """What came of a message to `group`."""
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._count(group)
            if slowed := self._slowed.get(group):
                slowed.accepted(now)
                self._follow(group, slowed, now)
        elif pushes_back(outcome):
            self._push(group, now)

    def connection(self, now: float) -> Bucket | None:
        """What one connection waits for before each message; None: nothing."""
        return Bucket(self.limits.connection, now) if self.limits.connection is not None else None

    def allow(self, left: int | None, now: float, seconds: float) -> None:
        """Until `seconds` from now at most `left` messages may go, None: as many as like. To be told anew then."""
        self._allowance = None if left is None else Allowance(left, now + seconds, seconds)

    def slowed(self, now: float) -> dict[str, float]:
        """The groups that pushed back, each with its present rate; 0 while it is left alone."""
        return {group: 0.0 if state.wait(now) > 0 else state.rate for group, state in self._slowed.items()}

    def rate(self, group: str) -> float | None:
        """How fast `group` may go at present, its pauses apart; None: as fast as it goes."""
        slowed = self._slowed.get(group)
        return slowed.rate if slowed else self.limits.of(group)

    def _bucket(self, group: str, now: float) -> Bucket | None:
        bucket = self._buckets.get(group)
        if bucket is None and (rate := self.rate(group)) is not None:
            if len(self._buckets) >= self._many:
                self._forget(now)
            bucket = self._buckets[group] = Bucket(rate, now)
        return bucket

    def _forget(self, now: float) -> None:
        """A bucket that lets one pass is as good as a new one."""
        self._buckets = {group: bucket for group, bucket in self._buckets.items() if bucket.wait(now) > 0}
        self._many = max(_MANY, 2 * len(self._buckets))

    def _push(self, group: str, now: float) -> None:
        slowed = self._slowed.get(group)
        if slowed:
            slowed.pushed(now)
        else:
            if len(self._slowed) >= _MANY:
                self._set_free(next(iter(self._slowed)), now)  # whom we know longest: it will say it again
            slowed = self._slowed[group] = first_push(self.limits.of(group), self._measured(group, now), now)
        self._follow(group, slowed, now)

    def _follow(self, group: str, slowed: BackOff, now: float) -> None:
        """The group's bucket goes at the rate of its back-off; when that is over, as if nothing had been."""
        if slowed.over:
            self._set_free(group, now)
        elif bucket := self._buckets.get(group):
            bucket.turn_to(slowed.rate, now)

    def _set_free(self, group: str, now: float) -> None:
        del self._slowed[group]
        rate = self.limits.of(group)
        if rate is None:
            self._buckets.pop(group, None)
        elif bucket := self._buckets.get(group):
            bucket.turn_to(rate, now)

    def _count(self, group: str) -> None:
        self._accepted[group] += 1
        if len(self._accepted) > _MANY:
            self._accepted = Counter(dict(self._accepted.most_common(_KEPT)))

    def _measured(self, group: str, now: float) -> float:
        """How many a second the group took until now."""
        return self._accepted[group] / max(now - self._began, 1.0)
