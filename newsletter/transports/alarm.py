"""An alarm that is set anew for each answer, and hardly ever rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `ring` with the seconds it was set to, when they are over and `off` was not called meanwhile.

    To put it off costs the event loop nothing: its timer stays, and when that runs out it is seen how much is left.
    """

    def __init__(self, ring: Callable[[float], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()  # asked once: Python asks the system for our number each time
        self._seconds: float | None = None  # None: it is off
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        self._seconds, self._due = seconds, self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            self._start()

    def off(self) -> None:
        self._seconds = None

    def cancel(self) -> None:
        """It is not needed any more, and keeps nobody in memory."""
        self._seconds = None
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._run_out)

    def _run_out(self) -> None:
        self._timer = None
        if self._seconds is None:
            return
        if self._loop.time() < self._due:
            self._start()
        else:
            seconds, self._seconds = self._seconds, None
            self._ring(seconds)
