"""A delivery (one issue × one subscriber): its states, the outcome of an attempt, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple


class DeliveryState(StrEnum):
    """SENDING is the one message that a connection may have in flight; what is merely claimed stays queued.

    `settle` decides which state follows an attempt; tests/store/test_ledger_machine.py checks that no other does.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


class SkipReason(StrEnum):
    """Why a delivery was skipped: what is told of it, and what the ledger knows such a row by."""

    CANCELLED = "cancelled"
    UNSUBSCRIBED = "unsubscribed"
    MOVED = "moved to another edition"
    ERASED = "erased"


LOGIN_REFUSED = (530, 534, 535, 538)
"""Codes of a server that wants a login, or another one (RFC 4954 §6)."""

UNANSWERED = "the sender stopped before it heard the server's answer"

OPEN_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)
REACHED_STATES = (DeliveryState.SENT, DeliveryState.UNCERTAIN, DeliveryState.SENDING)
"""The reader has the message, or may have it."""

LAST_DOUBT = 8  # so often a message may have gone out unanswered before it is left alone
FEWEST_TRIES = 3  # a clock that jumps ahead fails nobody at the second try


UNSUITED = "5.7.4"
"""Security features not supported (RFC 3463): of a server that does not offer what config.yaml asks for."""


class OutcomeKind(StrEnum):
    """What became of one attempt.

    ACCEPTED: the server took the message. DEFERRED: 4xx for this recipient, it costs a try. REJECTED: 5xx.
    BROKEN: the session failed before this recipient's turn came to anything (connect refused, 421, cut before
    the final dot): back to queued, costs nobody a try. With a 5xx code it is the sender that was refused
    (greeting, EHLO, AUTH, MAIL FROM). UNCERTAIN: the final dot went out and no answer came.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    BROKEN = "broken"
    UNCERTAIN = "uncertain"

    @property
    def ends_session(self) -> bool:
        """Whether the session is gone with it: the next message needs a new one."""
        return self in _WITHOUT_SESSION


_WITHOUT_SESSION = (OutcomeKind.BROKEN, OutcomeKind.UNCERTAIN)  # made once: the property is asked for each message


class Outcome(NamedTuple):
    """What a transport answers. `code` is the SMTP reply (0: none), `status` RFC 3463, `text` the server's words.

    `early`: it was said before the recipient was named (connecting, greeting, login, MAIL), so it is not about them.
    """

    kind: OutcomeKind
    code: int = 0
    status: str = ""
    text: str = ""
    early: bool = False


class Envelope(NamedTuple):
    """Return path and recipient, apart from the headers (RFC 5321)."""

    return_path: str
    recipient: str


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """What config.yaml's `delivery:` says, and how long one run waits.

    `retry_wait`: how long a run waits for retries, or for a server that is down. `lock_wait`: how long for another
    process that delivers the same issue. `lease`: after it, other machines take over what a silent one claimed.
    """

    on_uncertain: Literal["retry", "hold"] = "retry"
    retry_first: timedelta = timedelta(minutes=1)
    retry_most: timedelta = timedelta(hours=1)
    give_up_after: timedelta = timedelta(hours=24)
    retry_wait: timedelta = timedelta(minutes=10)
    lock_wait: timedelta = timedelta(0)
    lease: timedelta = timedelta(seconds=30)


class Claim(NamedTuple):
    """A delivery that a worker has claimed, with what its message is filled from.

    `since` is the moment of the sign-up; `attempts` counts tries that came to an answer, `doubts` those that
    went out unanswered; `first_at` is the moment of the first try. `wanted`: its reader was still there as it was
    claimed.
    """

    id: int
    subscriber: int
    email: str
    name: str = ""
    since: datetime | None = None
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    doubts: int = 0
    first_at: datetime | None = None
    wanted: bool = True


class Settled(NamedTuple):
    """A claim's new line in the ledger after an attempt; `was` is the state it was claimed in."""

    id: int
    was: DeliveryState
    state: DeliveryState
    attempts: int
    doubts: int
    due_at: datetime | None
    first_at: datetime | None
    at: datetime
    code: int
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """How things stand when there is nothing to claim: the issue is done, or a retry falls due (None: nobody knows)."""

    done: bool
    due: datetime | None = None


def settle(claim: Claim, outcome: Outcome, policy: DeliveryPolicy, now: datetime) -> Settled:
    """What an outcome makes of a delivery: the retry rule."""
    broken, doubtful = outcome.kind is OutcomeKind.BROKEN, outcome.kind is OutcomeKind.UNCERTAIN
    attempts = claim.attempts + (not broken)
    doubts = claim.doubts + doubtful
    first_at = claim.first_at if broken else claim.first_at or now
    state = _state(outcome.kind, attempts, doubts, now - (first_at or now), policy)
    due_at = now + _pause(attempts, first_at or now, now, policy) if state is DeliveryState.DEFERRED else None
    words = (outcome.code, outcome.status, outcome.text)
    return Settled(claim.id, claim.state, state, attempts, doubts, due_at, first_at, now, *words)


def in_doubt(
    attempts: int, doubts: int, first_at: datetime | None, policy: DeliveryPolicy, now: datetime
) -> tuple[DeliveryState, datetime | None]:
    """What becomes of a delivery whose sender stopped before it heard the answer, and when it may go again.

    `attempts` and `doubts` it had before. At first it goes at once; later after growing pauses and not for ever, so
    that a process which dies again and again right after its start does not mail the same readers each time.
    """
    if _left_alone(attempts + 1, doubts + 1, now - (first_at or now), policy):
        return DeliveryState.UNCERTAIN, None
    if not attempts:
        return DeliveryState.QUEUED, None
    return DeliveryState.DEFERRED, now + growing(policy.retry_first, policy.retry_most, attempts)


def growing(first: timedelta, most: timedelta, times: int) -> timedelta:
    """The pause after the `times`-th failure (from 1): doubling from `first`, never above `most`."""
    factor: int = 2 ** min(times - 1, 20)
    return min(first * factor, most)


def _state(
    kind: OutcomeKind, attempts: int, doubts: int, trying_for: timedelta, policy: DeliveryPolicy
) -> DeliveryState:
    match kind:
        case OutcomeKind.ACCEPTED:
            return DeliveryState.SENT
        case OutcomeKind.REJECTED:
            return DeliveryState.FAILED
        case OutcomeKind.BROKEN:
            return DeliveryState.QUEUED
        case OutcomeKind.DEFERRED:
            return DeliveryState.FAILED if _is_over(attempts, trying_for, policy) else DeliveryState.DEFERRED
        case OutcomeKind.UNCERTAIN:
            left_alone = _left_alone(attempts, doubts, trying_for, policy)
            return DeliveryState.UNCERTAIN if left_alone else DeliveryState.DEFERRED


def _left_alone(attempts: int, doubts: int, trying_for: timedelta, policy: DeliveryPolicy) -> bool:
    """Whether a delivery in doubt is not tried again; this try and its doubt are counted in."""
    return policy.on_uncertain == "hold" or doubts >= LAST_DOUBT or _is_over(attempts, trying_for, policy)


def _is_over(attempts: int, trying_for: timedelta, policy: DeliveryPolicy) -> bool:
    return trying_for >= policy.give_up_after and attempts >= FEWEST_TRIES


def _pause(attempts: int, first_at: datetime, now: datetime, policy: DeliveryPolicy) -> timedelta:
    """Growing, but so that the last try falls on the moment of giving up, not far behind it."""
    left = first_at + policy.give_up_after - now
    return min(growing(policy.retry_first, policy.retry_most, attempts), max(left, policy.retry_first))
