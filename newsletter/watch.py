"""Tells the log how a delivery gets on: that it began, each minute how far it is, what it waits for, how it ends."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from newsletter.domain.accounting import COUNTED, Accounting
from newsletter.domain.finding import Finding
from newsletter.domain.issue import Issue
from newsletter.errors import NewsletterError
from newsletter.logs import tell

EVERY = 60.0  # seconds between two lines about a delivery that goes on
_NUMBER = re.compile(r"\d+")


@dataclass(slots=True)
class Watch:
    """Of one delivery; called with each account that it reports."""

    log: logging.Logger
    issue: Issue
    timer: Callable[[], float] = time.monotonic
    _told_at: float | None = None
    _settled: int = 0  # how many were, when it was last told
    _waits_for: str = ""  # the gist of what was told last

    def __call__(self, books: Accounting) -> None:
        now = self.timer()
        settled = books.recipients - books.queued
        if self._told_at is None:
            self._told_at, self._settled = now, settled
            words = f"is being sent: {books.queued + books.deferred:,} of {books.recipients:,} still to come"
            self._tell(logging.INFO, "issue_begun", words, books)
        elif now - self._told_at >= EVERY and settled != self._settled:
            rate = max(settled - self._settled, 0) / (now - self._told_at)  # a message is given back now and then
            self._told_at, self._settled = now, settled
            left = books.seconds_left
            pace = {"rate": round(rate, 1), "seconds_left": left and round(left)}
            self._tell(logging.INFO, "issue_going", f"is being sent: {_counts(books)}", books, **pace)
        self.waits(books)

    def waits(self, books: Accounting) -> None:
        """What it waits for, if that is something new."""
        if books.reason and (gist := gist_of(books.reason)) != self._waits_for:
            self._tell(logging.WARNING, "issue_waits", f"waits: {books.reason}", books)
            self._waits_for = gist

    def ended(self, books: Accounting) -> None:
        words = f"is {books.state.value}: {_counts(books)}"
        self._tell(logging.INFO, "issue_ended", words, books, seconds=books.seconds)
        if books.reason:
            self._tell(logging.WARNING, "issue_stands", f"stands: {books.reason}", books)

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


def tell_findings(log: logging.Logger, issue: int, findings: Iterable[Finding]) -> None:
    """What preflight warns of before an issue goes out."""
    for finding in findings:
        facts = {"issue": issue, "rule": finding.rule, "place": finding.place}
        tell(log, logging.WARNING, "preflight", f"issue {issue}: {finding.message}", **facts)


def gist_of(reason: str) -> str:
    """What an issue waits for, without its numbers: that there are fewer seconds left is nothing new."""
    return _NUMBER.sub("", reason)


def tell_failure(log: logging.Logger, what: str, error: Exception, **facts: object) -> None:
    """`what` could not go on; where in the code is for debugging, and only of what nobody foresaw."""
    tell(log, logging.ERROR, "sender_failed", f"{what}: {error}", **facts)
    if not isinstance(error, NewsletterError):
        log.debug("where it happened", exc_info=error)


def _counts(books: Accounting) -> str:
    deferred = f", {books.deferred:,} of them deferred" if books.deferred else ""
    left = books.queued + books.deferred
    return f"{books.sent:,} sent, {books.failed:,} failed, {left:,} still to come{deferred}"
