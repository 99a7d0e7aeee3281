"""The accounting of an issue: what became of its deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.issue import IssueState

COUNTED = ("sent", "deferred", "failed", "skipped", "uncertain", "queued")  # the states that are told, in this order


@dataclass(frozen=True, slots=True)
class Accounting:
    """recipients = sent + deferred + failed + skipped + uncertain + queued; a row in flight counts as queued.

    `seconds` is how long the run took (of a stored issue: from its start to its end, or to its last attempt).
    `reason` says why it stands still: why it paused, or what it is waiting for. `seconds_left` is when a run that
    goes on will be done, as far as it can tell.
    """

    issue: int
    state: IssueState
    recipients: int = 0
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    skipped: int = 0
    uncertain: int = 0
    queued: int = 0
    seconds: float = 0.0
    reason: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class DomainCount:
    """One mail domain's part of an issue; `domain` "" stands for all `domains` that are not listed by name."""

    domain: str
    recipients: int
    sent: int
    deferred: int
    failed: int
    skipped: int
    uncertain: int
    queued: int
    domains: int = 1


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many deliveries ended, or wait, for the same reason.

    `text` is one example of the server's words; `words` is what all of them say, without addresses and ids.
    """

    state: str
    code: int
    status: str
    text: str
    count: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Headway:
    """How an issue gets on that another process sends: messages a second in the last minute, and seconds until the
    last has gone, None: nobody can say. `waits_for`: what its pace has it wait for, "" for nothing."""

    rate: float
    seconds_left: float | None
    waits_for: str = ""
