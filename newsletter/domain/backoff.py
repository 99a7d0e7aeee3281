"""How a mailbox group that pushes back is treated: left alone for a while, then slower, then step by step as before.

Like TCP (RFC 5681): a push-back halves the rate, at each one in a row the pause doubles; what is accepted raises the
rate, quickly up to half of where it broke and with care above that. What a whole mail server says of itself (no
session, a refused sender) is no push-back: see `pushes_back`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.domain.delivery import Outcome, OutcomeKind

PAUSE_FIRST, PAUSE_MOST = 15.0, 900.0  # seconds
SLOWEST = 0.05  # a second: one message in twenty seconds finds out whether a group takes mail again
AT_FIRST = 10.0  # a second: who broke below that is taken to have broken there, for one push-back says little
SET_FREE = 2.0  # so many times the rate at which it broke, a group without a limit of its own is free again
_FORGOTTEN = 3600.0  # seconds without a word: what a group asked for then is not what it asks for now
_STEP = 0.02  # messages a second, for each that is accepted: the rate doubles in 35 seconds
_BACK_IN = 1800.0  # seconds of accepted messages after which a group is as fast as ever, however low it fell
_ABOUT_RATE = re.compile(r"\brate\b|too many|too fast|too much mail|slow down|throttl", re.IGNORECASE)
_GREY = re.compile(r"gr[ea]y-?list", re.IGNORECASE)


def pushes_back(outcome: Outcome) -> bool:
    """Whether a group asks us to go slower: 421, or a temporary refusal with an enhanced status of 4.7.x.

    Not what was said before the recipient was named, nor of the server's own state (4.3.x), nor greylisting, which
    asks for a second try of the one message. Without an enhanced status 450 to 452 count if their words are of rate.
    """
    if outcome.early or outcome.kind not in (OutcomeKind.DEFERRED, OutcomeKind.BROKEN):
        return False
    if outcome.code // 100 != 4 or _GREY.search(outcome.text):
        return False
    if outcome.status.startswith("4.7."):
        return True
    if outcome.code == 421:
        return not outcome.status.startswith("4.3.")
    return not outcome.status and bool(_ABOUT_RATE.search(outcome.text))


@dataclass(slots=True)
class BackOff:
    """What is known of one group since it first pushed back. Rates are messages a second, times are seconds.

    `broke_at`: the rate at which it did; `most`: the rate it returns to in the end.
    """

    rate: float
    broke_at: float
    most: float
    in_a_row: int = 0
    pause: float = 0.0
    paused_until: float = 0.0
    heard_at: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the pause ends. It is never longer than it was meant to be, whatever the clock does."""
        self.paused_until = min(self.paused_until, now + self.pause)
        return max(self.paused_until - now, 0.0)

    def pushed(self, now: float) -> None:
        """The group pushed back. Answers to what was under way when the pause began are the same push."""
        self.heard_at = now
        if self.wait(now) > 0:
            return
        self.pause = min(PAUSE_FIRST * 2.0 ** min(self.in_a_row, 20), PAUSE_MOST)
        self.paused_until = now + self.pause
        if self.in_a_row == 0:
            self.broke_at = self.rate
        self.in_a_row += 1
        self.rate = max(self.rate / 2, SLOWEST)

    def accepted(self, now: float) -> None:
        """The group took a message. What was under way when the pause began says nothing."""
        self.heard_at = now
        if self.wait(now) > 0:
            return
        self.in_a_row = 0
        half = self.broke_at / 2
        step = _STEP if self.rate < half else max(_STEP * half, self.most / _BACK_IN) / self.rate
        self.rate = min(self.rate + min(step, self.rate), self.most)

    def is_past(self, now: float) -> bool:
        """Whether nothing was heard of the group for so long that it may be as free as it was."""
        return self.wait(now) == 0 and now - max(self.heard_at, self.paused_until) > _FORGOTTEN

    @property
    def over(self) -> bool:
        """Whether the group is as free as it was."""
        return self.rate >= self.most


def first_push(limit: float | None, measured: float, now: float) -> BackOff:
    """A group pushes back for the first time: `limit` is its own, None for none; `measured` is how fast it went."""
    rate = max(measured, AT_FIRST) if limit is None else min(limit, max(measured, AT_FIRST))
    state = BackOff(rate, rate, max(rate * SET_FREE, 1.0) if limit is None else limit)
    state.pushed(now)
    return state
