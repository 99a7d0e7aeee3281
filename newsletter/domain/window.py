"""How many messages may lie with a mail server whole and unanswered at once: few, unless more of them pay.

What a server has whole it delivers, though we die before its answer: each is a reader who may get the issue twice. One
at a time is as fast as many where the server takes a message after the other, and much slower where it is far away,
or works on several at once. So the window opens by trial: twice as many for a while, and if much more gets through
then, it stays open so far. Now and then half as many are tried too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean

_A_QUARTER = 4  # of the connections: more of them in doubt are too many, where it is no matter of waiting for a server
_AT_HAND = 2  # enough where we are what is slow: the server has another while we write down the one
_BUSY = 0.93  # share of its time in which a sender works: above, it is what is slow
_WORTH = 0.3  # of what twice as many could bring at most: less is no reason for a wider window
_CLEAR = 0.6  # of that too: more, and the window is doubled again at once, where an answer takes _SLOW or longer
_SLOW = 0.005  # seconds; at a quicker server a pause costs nothing, while each trial puts more at its mercy
_MANY, _SHORT = 16, 0.05  # to judge by: so many answers or more, in so many seconds or more
_FEW, _LONG = 4, 0.3  # or fewer, from a server that takes its time
_PAUSE_SLOW, _PAUSE_QUICK, _PAUSE_MOST = 0.25, 1.0, 60.0  # seconds between two trials, longer while they change nothing


@dataclass(frozen=True, slots=True)
class _Judged:
    """What came of a size: how long an answer took, and how many a second there were."""

    size: int
    seconds: float
    rate: float


@dataclass(slots=True)
class Window:
    """Of one server. `size` messages may be unanswered at once, at most `most`. Times are seconds of a steady clock."""

    most: int
    size: int = 1
    _stands: _Judged | None = None  # the size that a trial is measured by; None: that one is being looked at itself
    _narrower: bool = False  # whether the next trial is one of half as many
    _pause: float = 0.0  # before the next trial; 0: as at first
    _rests_until: float = 0.0
    _stale: int = 0  # answers still to come to what went out before the size was changed
    _seconds: list[float] = field(default_factory=list)
    _last: float = float("-inf")  # when the latest answer came
    _began: float = 0.0
    _worked: float = 0.0

    def answered(self, seconds: float, now: float, worked: Callable[[], float]) -> None:
        """An answer came `seconds` after its message had its place.

        `worked` tells how many seconds of a processor's time the sender has taken up to now.
        """
        before, self._last = self._last, now
        if self._stale:
            self._stale -= 1
            return
        if now < self._rests_until:
            return
        if not self._seconds:
            self._began, self._worked = max(before, now - seconds), worked()  # they may come many at a time
        self._seconds.append(seconds)
        took = now - self._began
        if self._knows_enough(took):
            busy = worked() - self._worked > _BUSY * took
            least = max(min(_AT_HAND, self.most // _A_QUARTER), 1) if busy else 1
            self._judge(_Judged(self.size, fmean(self._seconds), len(self._seconds) / took), least, now)

    def _knows_enough(self, took: float) -> bool:
        answers = len(self._seconds)
        if took < _LONG:
            return took >= _SHORT and answers >= max(_MANY, 2 * self.size)
        return answers >= max(_FEW, self.size)

    def _judge(self, here: _Judged, least: int, now: float) -> None:
        if here.size < least:
            self._settle(least, here, now)
        elif self._stands is None:
            self._try_another(here, least, now)
        else:
            self._compare(self._stands, here, now)

    def _try_another(self, here: _Judged, least: int, now: float) -> None:
        sizes = (max(here.size // 2, least), min(here.size * 2, self.most))
        ways = [size for size in (sizes if self._narrower else sizes[::-1]) if size != here.size]
        if not ways:
            self._settle(here.size, here, now)
        else:
            self._narrower = ways[0] > here.size
            self._go_to(ways[0], here)

    def _compare(self, before: _Judged, here: _Judged, now: float) -> None:
        few, many = sorted((before, here), key=lambda judged: judged.size)
        gain = _gain(few, many)
        if here is many and gain > _CLEAR and here.seconds > _SLOW and here.size < self.most:
            self._pause = 0.0
            self._go_to(min(2 * here.size, self.most), here)
        else:
            better = many if gain > _WORTH else few
            self._pause = 0.0 if better is here else min(2 * self._pause, _PAUSE_MOST)
            self._settle(better.size, here, now)

    def _settle(self, size: int, judged: _Judged, now: float) -> None:
        self._pause = self._pause or (_PAUSE_SLOW if judged.seconds > _SLOW else _PAUSE_QUICK)
        self._rests_until = now + self._pause
        self._go_to(size, None)

    def _go_to(self, size: int, stands: _Judged | None) -> None:
        self._stale = self.size
        self.size, self._stands = size, stands
        self._seconds = []


def _gain(few: _Judged, many: _Judged) -> float:
    """What the wider window brought, of what it could bring at most: 1 when twice as many are twice as fast."""
    return (many.rate / few.rate - 1) / (many.size / few.size - 1)
