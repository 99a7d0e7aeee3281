"""Lets a message go out when few enough lie with the server whole and unanswered."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from newsletter.domain.window import Window

_SLOW = 0.005  # seconds a message: beside that it costs a server nothing to read from several at once
PATIENCE = 0.1  # seconds: what a server has not answered by then keeps nobody waiting any longer


class Departure(Protocol):
    """A message that waits for a place. Without its end it needs none: should we die, the server throws it away."""

    def begin(self) -> None:
        """It may go out but for its end. May be called again, and not at all."""
        ...

    def finish(self) -> None:
        """It has a place: all that has not gone out yet does now."""
        ...


class Limiter:
    """One for each mail server. Who has a message to send takes a place, and leaves it when the answer is heard and
    written down: till then a crash would leave it in doubt.

    The next in line has sent its message already, all but the end: so the server need not wait for it, and does not
    have to read many at a time. Where a server is slow or far away, all who wait have: there a message takes long.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._out: dict[object, float] = {}  # since when, the first to come first
        self._overdue: dict[object, float] = {}  # those we lost patience with
        self._waiting: dict[object, Departure] = {}  # the first to come is the next
        self._is_slow = False  # the server, by its last answer
        self._alarm: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # the alarm's: one that has ended rings no more

    def enter(self, who: object, message: Departure) -> None:
        """`message` goes out at once, or as soon as it can: in that moment, not when its task comes to it."""
        self._waiting[who] = message
        self._let_in()
        self._set_alarm()

    def answered(self, who: object) -> None:
        """The server has answered; how long that took says how many places pay."""
        now = time.monotonic()
        since = self._out[who] if who in self._out else self._overdue[who]
        self._is_slow = now - since > _SLOW * self._window.size
        self._window.answered(now - since, now, time.thread_time)

    def leave(self, who: object) -> None:
        """Gives up its place, or its turn, if it has one."""
        waited = self._waiting.pop(who, None)
        since = self._out.pop(who, None) or self._overdue.pop(who, None)
        if waited or since is not None:
            self._let_in()

    @property
    def _places(self) -> int:
        """The window's, or as many as answers are overdue: else a server that takes seconds would get one at a time."""
        return max(self._window.size, len(self._overdue))

    def _let_in(self) -> None:
        while self._waiting and len(self._out) < self._places:
            who = next(iter(self._waiting))
            self._out[who] = time.monotonic()
            self._waiting.pop(who).finish()
        if self._is_slow:
            for message in list(self._waiting.values()):
                message.begin()
        elif self._waiting:
            next(iter(self._waiting.values())).begin()

    def _set_alarm(self) -> None:
        """Sees to it that nobody waits for an answer that does not come."""
        if not self._waiting:
            return
        loop = asyncio.get_running_loop()
        if self._alarm is None or self._loop is not loop:
            since = next(iter(self._out.values()))
            wait = max(since + PATIENCE - time.monotonic(), 0.0)
            self._alarm, self._loop = loop.call_later(wait, self._lose_patience), loop

    def _lose_patience(self) -> None:
        self._alarm = None
        until = time.monotonic() - PATIENCE
        for who in [who for who, since in self._out.items() if since <= until]:
            self._overdue[who] = self._out.pop(who)
        self._let_in()
        self._set_alarm()
