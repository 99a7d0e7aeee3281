"""A token bucket: how often something may happen, exact in the long run, with a small burst allowed.

Its times are seconds of any clock. One that jumps does no harm: ahead, the bucket is full and no fuller; back, it
begins to fill anew from there.
"""

from __future__ import annotations

from dataclasses import dataclass

_HEADROOM = 0.25  # seconds by which somebody may wake up late and still make good what was missed
_INSTANT = 1e-6  # seconds: a shorter wait is none, and a clock that counts since 1970 could not show it


@dataclass(slots=True)
class Bucket:
    """Lets `rate` a second pass (above 0). In any span of t seconds at most rate × t + `burst` do."""

    rate: float
    at: float
    level: float = 1.0

    @property
    def burst(self) -> float:
        return 1.0 + self.rate * _HEADROOM

    def wait(self, now: float) -> float:
        """Seconds until the next may pass; 0: now."""
        self._fill(now)
        missing = (1.0 - self.level) / self.rate
        return missing if missing > _INSTANT else 0.0

    def take(self, now: float) -> None:
        """One passes. Whoever takes without waiting makes the next wait longer."""
        self._fill(now)
        self.level -= 1.0

    def give_back(self) -> None:
        """One that was to pass did not."""
        self.level = min(self.level + 1.0, self.burst)

    def turn_to(self, rate: float, now: float) -> None:
        """Another rate from now on; what was saved up at the old one is kept as far as the new one allows."""
        self._fill(now)
        self.rate = rate
        self.level = min(self.level, self.burst)

    def _fill(self, now: float) -> None:
        if now > self.at:
            self.level = min(self.level + (now - self.at) * self.rate, self.burst)
        self.at = now
