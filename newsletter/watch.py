"""Tells the log how a delivery gets on: that it began, each minute how far it is, what it waits for, how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from newsletter.domain.accounting import COUNTED, Accounting
from newsletter.domain.issue import Issue
from newsletter.domain.rate import Rate
from newsletter.logs import tell

EVERY = 60.0  # seconds between two lines about a delivery that goes on


@dataclass(slots=True)
class Watch:
    """Of one delivery; called with each account that it reports."""

    log: logging.Logger
    issue: Issue
    timer: Callable[[], float] = time.monotonic
    _rate: Rate = field(default_factory=lambda: Rate(EVERY))
    _told_at: float | None = None
    _waits_for: str = ""

    def __call__(self, books: Accounting) -> None:
        now = self.timer()
        self._rate.add(now, books.recipients - books.queued)
        if self._told_at is None:
            self._told_at = now
            words = f"is being sent: {books.queued:,} of {books.recipients:,} wait"
            self._tell(logging.INFO, "issue_begun", words, books)
        elif now - self._told_at >= EVERY:
            self._told_at = now
            self._tell(logging.INFO, "issue_going", f"is being sent: {_counts(books)}", books, **self._pace(books))
        self.waits(books)

    def waits(self, books: Accounting) -> None:
        """What it waits for, if that is something new."""
        if books.reason and books.reason != self._waits_for:
            self._tell(logging.WARNING, "issue_waits", f"waits: {books.reason}", books)
        self._waits_for = books.reason or self._waits_for

    def ended(self, books: Accounting) -> None:
        words = f"is {books.state.value}: {_counts(books)}"
        self._tell(logging.INFO, "issue_ended", words, books, seconds=books.seconds)
        if books.reason:
            self._tell(logging.WARNING, "issue_stands", f"stands: {books.reason}", books)

    def _pace(self, books: Accounting) -> dict[str, float | None]:
        rate = self._rate.per_second
        left = books.seconds_left
        return {"rate": rate and round(rate, 1), "seconds_left": left and round(left)}

    def _tell(self, level: int, event: str, words: str, books: Accounting, **more: object) -> None:
        facts = {
            "issue": self.issue.id,
            "newsletter": self.issue.newsletter,
            "edition": self.issue.edition,
            "state": books.state.value,
            "recipients": books.recipients,
            **{name: getattr(books, name) for name in COUNTED},
            **({"reason": books.reason} if books.reason else {}),
        }
        tell(self.log, level, event, f"issue {self.issue.id} {words}", **facts, **more)


def _counts(books: Accounting) -> str:
    numbers = (books.sent, books.deferred, books.failed, books.queued)
    return "{:,} sent, {:,} deferred, {:,} failed, {:,} still to come".format(*numbers)
