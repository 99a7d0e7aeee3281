"""How an issue's delivery fares as a whole, and when it should pause itself rather than go on."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.delivery import Outcome, OutcomeKind

REJECTED_IN_A_ROW = 100
REFUSED_IN_A_ROW = 10
SILENT_SECONDS = 30 * 60
SMALL_REST = 0.1
_LOGIN_REFUSED = (530, 534, 535, 538)


@dataclass(slots=True)
class Pulse:
    """Fed with every outcome. `accepted_at` is on the caller's steady clock, in seconds: first its start."""

    accepted_at: float
    rejected: int = 0
    refused: int = 0

    def feel(self, outcome: Outcome, seconds: float, open_share: float) -> str:
        """Why the issue should pause now, "" to go on. `open_share` is the part of its deliveries still open."""
        if outcome.kind is OutcomeKind.ACCEPTED:
            self.accepted_at, self.rejected, self.refused = seconds, 0, 0
            return ""
        self.rejected = self.rejected + 1 if outcome.kind is OutcomeKind.REJECTED else 0
        self.refused += outcome.kind is OutcomeKind.BROKEN and outcome.code >= 500
        return self._reason(outcome, seconds - self.accepted_at, open_share)

    def _reason(self, outcome: Outcome, silence: float, open_share: float) -> str:
        words = f"{outcome.code or ''} {outcome.status} {outcome.text}".strip() or "no answer"
        broken = outcome.kind is OutcomeKind.BROKEN
        if self.rejected >= REJECTED_IN_A_ROW:
            return f"the last {self.rejected} attempts all failed for good; the server's last words: {words}"
        if broken and outcome.code in _LOGIN_REFUSED:
            return f"the mail server does not let us in: {words}"
        if broken and self.refused >= REFUSED_IN_A_ROW:
            return f"the mail server refuses the sender, not the readers: {words}"
        # A few readers whose servers put them off must not stop an issue that all others have.
        if silence >= SILENT_SECONDS and (broken or open_share >= SMALL_REST):
            return f"nothing was accepted for {SILENT_SECONDS // 60} minutes; the last answer: {words}"
        return ""
