"""How long a run has waited without getting anywhere, and what for."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

_GETS_ON = 1.0  # seconds after a delivery in which one worker's trouble is not the run's


class Stall:
    """`most` is how long the run may wait. `reason` says what it waits for, "" while it gets on."""

    def __init__(self, most: timedelta, timer: Callable[[], float] = time.monotonic) -> None:
        self.reason = ""
        self._most, self._timer = most.total_seconds(), timer
        self._since: float | None = None
        self._delivered = float("-inf")

    def gets_on(self) -> None:
        """A message was delivered."""
        self._since, self.reason, self._delivered = None, "", self._timer()

    def note(self, reason: str) -> None:
        """What holds it up for a moment; how long it has waited is another matter."""
        self.reason = reason

    def waits(self, reason: str) -> None:
        self.reason = reason
        if self._since is None:
            self._since = self._timer()

    def rests(self, reason: str) -> None:
        """One worker does; what for is told of the run only when the others get nothing done either."""
        told = self.reason
        self.waits(reason)
        if self._timer() - self._delivered < _GETS_ON:
            self.reason = told

    def is_over(self, pause: float = 0.0) -> bool:
        """Whether `pause` more seconds of waiting would be too many; a run that gets on waits for nothing."""
        if self._since is None:
            return pause > self._most
        return self._timer() + pause > self._since + self._most
