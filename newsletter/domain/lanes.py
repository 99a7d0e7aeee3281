"""A lane for each mailbox group: what waits to go out, kept apart, so that a slow group holds up no other."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from newsletter.domain.mailboxes import group_of
from newsletter.domain.pace import Pacer

LANE = 50  # what may wait in one lane before no more is fetched for it

T = TypeVar("T")


class Lanes(Generic[T]):
    """What is put in comes out one by one as soon as its group may go, groups taking turns.

    As long as nothing is limited there is one line, first come first out, and nobody is asked.
    """

    def __init__(self, pacer: Pacer, domain: Callable[[T], str]) -> None:
        self._pacer = pacer
        self._domain = domain
        self._line: deque[T] = deque()
        self._lanes: dict[str, deque[T]] = {}
        self._domains: dict[str, set[str]] = {}  # by group, of what waits
        self._ready: deque[str] = deque()  # groups that may go, as far as we know
        self._alarms: list[tuple[float, str]] = []  # when which of the others may
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._line) + sum(map(len, self._lanes.values()))

    def add(self, items: Iterable[T]) -> None:
        self._line.extend(items)

    def take(self, now: float) -> T | None:
        """The next that may go, and goes with that; None when nothing may (see `wait`)."""
        if self._pacer.quiet and not self._lanes:
            return self._line.popleft() if self._line else None
        self._sort()
        self._wake(now)
        while self._ready and self._pacer.everyone(now) <= 0:
            group = self._ready.popleft()
            if (pause := self._pacer.alone(group, now)) > 0:
                heapq.heappush(self._alarms, (now + pause, group))
                continue
            self._pacer.begin(group, now)
            return self._pop(group)
        return None

    def wait(self, now: float) -> float | None:
        """Seconds until `take` may give something, 0: now; None when nothing waits."""
        if self._line or self._ready:
            return self._pacer.everyone(now)
        if not self._alarms:
            return None
        return max(self._alarms[0][0] - now, self._pacer.everyone(now), 0.0)

    def full(self) -> frozenset[str]:
        """The domains of which enough waits: no more need be fetched."""
        self._sort_if_limited()
        return frozenset(
            domain for group, lane in self._lanes.items() if len(lane) >= LANE for domain in self._domains[group]
        )

    def clear(self) -> list[T]:
        """Everything that waits, to be given back."""
        left = [*self._line, *(item for lane in self._lanes.values() for item in lane)]
        self._line.clear()
        self._lanes.clear()
        self._domains.clear()
        self._ready.clear()
        self._alarms.clear()
        return left

    def _sort_if_limited(self) -> None:
        if self._lanes or not self._pacer.quiet:
            self._sort()

    def _sort(self) -> None:
        """From the one line into the lanes."""
        while self._line:
            item = self._line.popleft()
            domain = self._domain(item)
            group = group_of(domain)
            if group not in self._lanes:
                self._lanes[group] = deque()
                self._domains[group] = set()
                self._ready.append(group)
            self._lanes[group].append(item)
            self._domains[group].add(domain)

    def _wake(self, now: float) -> None:
        """A clock that was set back wakes all: their waits are found anew."""
        back, self._now = now < self._now, now
        while self._alarms and (back or self._alarms[0][0] <= now):
            self._ready.append(heapq.heappop(self._alarms)[1])

    def _pop(self, group: str) -> T:
        lane = self._lanes[group]
        item = lane.popleft()
        if lane:
            self._ready.append(group)
        else:
            del self._lanes[group]
            del self._domains[group]
        return item
