"""Subscribers, their subscriptions, and the consent that stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class SubscriptionState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An address (normalised, domain as A-label) and what we know of the person."""

    id: int
    email: str
    name: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    subscriber: Subscriber
    newsletter: str
    edition: str
    state: SubscriptionState
    since: datetime


class ConsentAction(StrEnum):
    """What a line of the record says, as it is stored and shown. Links to change an edition count the MOVED ones."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    ADDED = "added"
    IMPORTED = "imported"
    MOVED = "moved"
    ADDRESS_CHANGED = "changed the address"
    UNSUBSCRIBED = "unsubscribed"
    ERASED = "erased"
    LET_BACK = "let back"


class ConsentMethod(StrEnum):
    """By what it came about, as it is stored and shown."""

    FORM = "form"
    API = "api"
    LINK = "link"
    PREFERENCES = "preferences"
    IMPORT = "import"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Consent:
    """One line of the append-only record: when, how, from where, which words."""

    at: datetime
    action: ConsentAction
    newsletter: str
    edition: str
    method: ConsentMethod
    origin: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one address. `suppressed` says why it is never mailed, "" when it may be."""

    email: str
    name: str
    tags: tuple[str, ...]
    suppressed: str
    subscriptions: tuple[Subscription, ...]
    consents: tuple[Consent, ...]


NOBODY = 0
"""The subscriber that a preview's links name: they open, and change nothing."""


class Reader(NamedTuple):
    """One recipient of one issue: what fills the slots of a message and its three personal headers.

    `email` is normalised (A-label domain); `message_id` is stable for issue + subscriber, with or without <>;
    `since` is the day of the sign-up as the reader's language writes it (text.dates.long_date).
    """

    email: str
    name: str
    unsubscribe_url: str
    preferences_url: str
    message_id: str
    since: str
