"""How an issue stands, as one run of its delivery knows it."""

from __future__ import annotations

from dataclasses import replace

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import DeliveryState
from newsletter.domain.running_accounting import RunningAccounting
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line
from newsletter.services.delivery.stall import Stall


class RunAccount:
    """One per run. It begins when the ledger is opened; before that nobody may ask for more than `reason`."""

    def __init__(self, errand: Errand, line: Line, stall: Stall) -> None:
        self._errand, self._line, self._stall = errand, line, stall
        self._running: RunningAccounting | None = None

    def begin(self, started: Accounting) -> None:
        """`started` is what the ledger counted."""
        self._running = RunningAccounting(started)

    @property
    def has_begun(self) -> bool:
        """Whether it knows how the issue stands."""
        return self._running is not None

    @property
    def reason(self) -> str:
        """What the run waits for, or why it paused; "" while it gets on."""
        return self._stall.reason

    def move(self, was: DeliveryState, now: DeliveryState) -> None:
        """A delivery has another state."""
        self._begun().move(was, now)

    def so_far(self) -> Accounting:
        """The accounting as this run knows it, without asking the ledger. As long as nothing goes, nobody can say how
        much longer it takes."""
        books = replace(self._begun().so_far(), reason=self.reason or self._line.why())
        return books if self.reason else replace(books, seconds_left=self._line.seconds_left(books))

    def whole(self) -> Accounting:
        """The accounting of the whole issue; for a chunk's run the database is asked."""
        return self.so_far() if self._errand.chunk is None else self._errand.accounting()

    def _begun(self) -> RunningAccounting:
        assert self._running is not None, "the office is not open"
        return self._running
