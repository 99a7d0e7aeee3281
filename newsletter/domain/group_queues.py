"""A queue for each mailbox group: what waits to go out, kept apart, so that a slow group holds up no other."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from newsletter.domain.mailboxes import group_of
from newsletter.domain.pace import Pacer

ENOUGH = 50  # what may wait in the queue of a group that has a rate before no more is fetched for it,
_AHEAD = 5.0  # or so many seconds' worth, whichever is more
LOW = 50  # less than this in all, and more is fetched

T = TypeVar("T")


class GroupQueues(Generic[T]):
    """What is put in comes out one by one: of all whose group may go, what was put in first.

    Not by turns: under a limit for all, thousands of small groups would leave a large one nothing.
    As long as nothing is limited there is one line, first come first out, and nobody is asked.
    """

    def __init__(self, pacer: Pacer, domain: Callable[[T], str]) -> None:
        self._pacer = pacer
        self._domain = domain
        self._line: deque[T] = deque()
        self._queues: dict[str, deque[tuple[int, T]]] = {}
        self._domains: dict[str, set[str]] = {}  # by group, of what waits
        self._ready: list[tuple[int, str]] = []  # groups that may go, as far as we know, by their first's number
        self._alarms: list[tuple[float, str]] = []  # when which of the others may
        self._sorted = 0  # how much waits in queues
        self._number = 0
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._line) + self._sorted

    def add(self, items: Iterable[T]) -> None:
        self._line.extend(items)

    def take(self, now: float) -> T | None:
        """The next that may go, and goes with that; None when nothing may (see `wait`)."""
        if self._pacer.quiet and not self._queues:
            return self._line.popleft() if self._line else None
        self._sort()
        self._wake(now)
        while self._ready and self._pacer.everyone(now) <= 0:
            group = heapq.heappop(self._ready)[1]
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

    def wants(self, now: float) -> bool:
        """Whether more should be fetched: little is left, or nothing of it may go where something else might."""
        if len(self) < LOW:
            return True
        return not self._line and not self._ready and self._pacer.everyone(now) <= 0

    def full(self) -> frozenset[str]:
        """The domains of which enough waits: no more need be fetched."""
        if self._queues or not self._pacer.quiet:
            self._sort()
        enough = (group for group, queue in self._queues.items() if len(queue) >= self._most(group))
        return frozenset(domain for group in enough for domain in self._domains[group])

    def _most(self, group: str) -> float:
        rate = self._pacer.rate(group)
        return float("inf") if rate is None else max(ENOUGH, _AHEAD * rate)

    def _sort(self) -> None:
        """From the one line into the queues."""
        while self._line:
            item = self._line.popleft()
            domain = self._domain(item)
            group = group_of(domain)
            if group not in self._queues:
                self._queues[group] = deque()
                self._domains[group] = set()
                heapq.heappush(self._ready, (self._number, group))
            self._queues[group].append((self._number, item))
            self._number += 1
            self._sorted += 1
            self._domains[group].add(domain)

    def _wake(self, now: float) -> None:
        """A clock that was set back wakes all: their waits are found anew."""
        back, self._now = now < self._now, now
        while self._alarms and (back or self._alarms[0][0] <= now):
            group = heapq.heappop(self._alarms)[1]
            heapq.heappush(self._ready, (self._queues[group][0][0], group))

    def _pop(self, group: str) -> T:
        queue = self._queues[group]
        _, item = queue.popleft()
        self._sorted -= 1
        if queue:
            heapq.heappush(self._ready, (queue[0][0], group))
        else:
            del self._queues[group]
            del self._domains[group]
        return item
