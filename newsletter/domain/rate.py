"""How fast something goes of late, and from that when it will be done."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

WINDOW = 10.0  # seconds that "of late" is
_SOONEST = 0.5  # seconds of which a rate can be told


@dataclass(slots=True)
class Rate:
    """A sliding rate. It is fed with what has been done so far, at moments of a clock that nobody sets (seconds)."""

    window: float = WINDOW
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, at: float, count: int) -> None:
        """`count` is all that was done by `at`; a moment earlier than the last one counts as the last one."""
        if self._samples:
            at = max(at, self._samples[-1][0])
        self._samples.append((at, count))
        while len(self._samples) > 2 and self._samples[1][0] <= at - self.window:
            self._samples.popleft()  # the one that stays reaches back to the edge of the window, or behind it

    @property
    def per_second(self) -> float | None:
        """None until there is something to tell; never negative, though a count may shrink when work is given back."""
        if len(self._samples) < 2:
            return None
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        if ended - began < _SOONEST:
            return None
        return max(after - before, 0) / (ended - began)


def seconds_left(left: int, per_second: float | None) -> float | None:
    """Until `left` things are done at that rate; None where nobody can say, because nothing moves.

    What `show` says of a delivery of another process; the run itself knows more (`domain.estimate`).
    """
    if not left:
        return 0.0
    return left / per_second if per_second else None
