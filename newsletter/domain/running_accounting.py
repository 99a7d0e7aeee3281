"""An issue's accounting as one run knows it, without asking the ledger: how it stood at the start, and what moved."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from newsletter.domain.accounting import COUNTED, Accounting
from newsletter.domain.delivery import DeliveryState


class RunningAccounting:
    """Follows the ledger as far as this run moves it."""

    def __init__(self, started: Accounting) -> None:
        self._started = started
        self._moved: Counter[str] = Counter()

    def move(self, was: DeliveryState, now: DeliveryState) -> None:
        """A delivery has another state."""
        self._moved[was] -= 1
        self._moved[now] += 1

    def so_far(self) -> Accounting:
        counts = {name: getattr(self._started, name) + self._moved[name] for name in COUNTED}
        return replace(self._started, **counts)
