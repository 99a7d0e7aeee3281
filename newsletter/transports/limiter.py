"""Lets the end of a message go out when few enough lie with the server whole and unanswered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from newsletter.domain.window import Window

PATIENCE = 0.1  # seconds: what a server has not answered by then keeps nobody waiting any longer


class Limiter:
    """One for each server. Who has sent a message but for its end takes a place, and leaves it when the answer is heard
    and written down: till then a crash would leave it in doubt.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._out: dict[object, float] = {}  # since when, the first to come first
        self._overdue: dict[object, float] = {}  # those we lost patience with
        self._turns: dict[object, Callable[[], None]] = {}  # who waits, and what is done when it comes
        self._alarm: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # the alarm's: one that has ended rings no more

    def enter(self, who: object) -> bool:
        """Takes a place, if there is one and nobody waits for it; whether it did."""
        if self._turns or len(self._out) >= self._places:
            return False
        self._out[who] = time.monotonic()
        return True

    def wait(self, who: object, go: Callable[[], None]) -> None:
        """Takes a place as soon as it can; `go` is called then, and there: what it sends is on its way at once."""
        self._turns[who] = go
        self._watch()

    def answered(self, who: object) -> None:
        """The server has answered; how long that took says how many places pay."""
        now = time.monotonic()
        since = self._out[who] if who in self._out else self._overdue[who]
        self._window.answered(now - since, now, time.thread_time)

    def leave(self, who: object) -> None:
        """Gives up its place, or its turn, if it has one."""
        self._turns.pop(who, None)
        if self._out.pop(who, None) or self._overdue.pop(who, None):
            self._let_in()

    @property
    def _places(self) -> int:
        """Where many answers are overdue as many more are tried: else a server that takes seconds got one at a time."""
        return max(self._window.size, len(self._overdue))

    def _let_in(self) -> None:
        while self._turns and len(self._out) < self._places:
            who = next(iter(self._turns))
            self._out[who] = time.monotonic()
            self._turns.pop(who)()

    def _watch(self) -> None:
        """Sees to it that nobody waits for an answer that does not come."""
        loop = asyncio.get_running_loop()
        if self._turns and (self._alarm is None or self._loop is not loop):
            since = next(iter(self._out.values()))
            wait = max(since + PATIENCE - time.monotonic(), 0.0)
            self._alarm, self._loop = loop.call_later(wait, self._lose_patience), loop

    def _lose_patience(self) -> None:
        self._alarm = None
        until = time.monotonic() - PATIENCE
        for who in [who for who, since in self._out.items() if since <= until]:
            self._overdue[who] = self._out.pop(who)
        self._let_in()
        self._watch()
