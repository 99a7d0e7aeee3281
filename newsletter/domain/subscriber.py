"""Subscribers, their subscriptions, and the consent that stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class Consent:
    """One line of the append-only record: when, how, from where, which words."""

    at: datetime
    action: str
    newsletter: str
    edition: str
    method: str
    origin: str = ""
    words: str = ""
