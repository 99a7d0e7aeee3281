"""A notice: a mail to one person about their own subscription, or to an editor about an issue to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about, as it is stored; its template, but PREVIEW's, has the same name."""

    CONFIRM = "confirm"  # asks for a yes to a subscription
    SWITCH = "switch"  # asks a reader of one edition whether another is to come in its place
    ADDRESS = "address"  # asks a new address whether a reader's mail is to go there
    MOVED = "moved"  # tells an address that somebody's mail no longer goes to it
    WELCOME = "welcome"
    ALREADY = "already"  # tells who signs up again that they get it already
    REMINDER = "reminder"  # tells an editor what goes out when
    PREVIEW = "preview"  # shows an editor the message itself


@dataclass(frozen=True, slots=True)
class NewNotice:
    """One to be queued. `person` is the keyed hash of `email`; `data` is what its kind needs to make its links."""

    kind: NoticeKind
    person: bytes
    email: str
    newsletter: str
    edition: str
    data: Mapping[str, str] = field(default_factory=dict)
