"""How an issue's delivery fares as a whole, and when it should pause itself rather than go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import LOGIN_REFUSED, UNSUITED, Outcome, OutcomeKind

REJECTED_IN_A_ROW = 100
REFUSED_IN_A_ROW = 10
LONGEST_SILENCE = timedelta(minutes=30)
FEW, FEW_OF_MANY = 10, 0.1
_TOO_BIG = "5.3.4"  # RFC 3463 §3.4


@dataclass(slots=True)
class Pulse:
    """Fed with every outcome. `silent_since`: when a server first put somebody off since it last took a message."""

    silent_since: datetime | None = None
    rejected: int = 0
    refused: int = 0

    def feel(self, outcome: Outcome, now: datetime, so_far: Callable[[], Accounting]) -> str:
        """Why the issue should pause now, "" to go on. `so_far` is asked only after a long silence."""
        if outcome.kind is OutcomeKind.ACCEPTED:
            self.silent_since, self.rejected, self.refused = None, 0, 0
            return ""
        self.rejected = self.rejected + 1 if outcome.kind is OutcomeKind.REJECTED else 0
        if outcome.kind is OutcomeKind.BROKEN:
            return self._shut_out(outcome)
        return self._put_off(outcome, now, so_far)

    def _shut_out(self, outcome: Outcome) -> str:
        """There was no session to send in. A server that is down or busy (421) is waited for, however long."""
        self.refused += outcome.code >= 500 or outcome.status == UNSUITED
        if outcome.code in LOGIN_REFUSED:
            return f"the mail server does not let us in: {_words(outcome)}"
        if self.refused < REFUSED_IN_A_ROW:
            return ""
        if outcome.status == UNSUITED:
            return f"the mail server lacks what config.yaml asks for: {outcome.text}"
        if outcome.code >= 500:
            if outcome.status == _TOO_BIG:
                return f"the message is too big for the mail server: {_words(outcome)}"
            return f"the mail server refuses the sender, not the readers: {_words(outcome)}"
        return ""

    def _put_off(self, outcome: Outcome, now: datetime, so_far: Callable[[], Accounting]) -> str:
        """The server answers, and takes nothing."""
        self.silent_since = min(self.silent_since or now, now)  # a clock that is set back begins anew
        if self.rejected >= REJECTED_IN_A_ROW:
            return f"the last {self.rejected} attempts all failed for good; the server's last answer: {_words(outcome)}"
        if now - self.silent_since >= LONGEST_SILENCE and not few_left(so_far()):
            minutes = LONGEST_SILENCE // timedelta(minutes=1)
            return f"nothing was accepted for {minutes} minutes; the last answer: {_words(outcome)}"
        return ""


def few_left(so_far: Accounting) -> bool:
    """Whether others have the issue and only a few wait: full mailboxes, say. They must not stop it."""
    waiting = so_far.queued + so_far.deferred
    return so_far.sent > 0 and (waiting < FEW or waiting < FEW_OF_MANY * so_far.recipients)


def _words(outcome: Outcome) -> str:
    words = (str(outcome.code or ""), outcome.status, outcome.text)
    return " ".join(word for word in words if word) or "no answer"
