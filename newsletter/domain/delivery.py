"""A delivery (one issue × one subscriber), its states, and the outcome of an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


OPEN_STATES = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)


class OutcomeKind(StrEnum):
    """What became of one attempt.

    ACCEPTED: the server took the message. DEFERRED: 4xx for this recipient, it costs a try. REJECTED: 5xx.
    BROKEN: the session failed before this recipient's turn came to anything (connect refused, 421, cut before
    the final dot): back to queued, costs nobody a try. UNCERTAIN: the final dot went out and no answer came.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    BROKEN = "broken"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transport answers. `code` is the SMTP reply (0: none), `status` RFC 3463, `text` the server's words."""

    kind: OutcomeKind
    code: int = 0
    status: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Return path and recipient, apart from the headers (RFC 5321)."""

    return_path: str
    recipient: str
