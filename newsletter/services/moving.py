"""Readers who go from one edition to another together: config.yaml has new editions, or new names for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from newsletter.domain.subscriber import Consent, SubscriptionState
from newsletter.errors import NotFound
from newsletter.store import consents, deliveries, subscribers
from newsletter.store.database import Database
from newsletter.text.token import Signer


class Place(NamedTuple):
    """Where a subscription belongs."""

    newsletter: str
    edition: str

    def __str__(self) -> str:
        return f"{self.newsletter}/{self.edition}"


class Moved(NamedTuple):
    """How many subscriptions moved, and how many stayed because their reader has the other newsletter already."""

    moved: int
    stayed: int


def stranded(database: Database, known: Collection[Place]) -> dict[Place, int]:
    """How many active readers are in editions that are not among the `known` ones: nobody sends them anything."""
    with database.read() as connection:
        counts = subscribers.counts(connection)
    active = {Place(key, edition): number for (key, edition, state), number in counts.items() if state == "active"}
    return {place: number for place, number in active.items() if place not in known}


def move(database: Database, signer: Signer, old: Place, new: Place, origin: str, now: datetime) -> Moved:
    """Moves all subscriptions, whatever their state, and within a newsletter what the old edition was told already.

    Raises NotFound when the old edition has none.
    """
    with database.write() as connection:
        before = subscribers.of_edition(connection, *old)
        if not before:
            raise NotFound(f"nobody is in {old}; `newsletter subscribers list` shows who is where.")
        elsewhere = old.newsletter != new.newsletter
        taken = subscribers.known_to(connection, new.newsletter) if elsewhere else set[int]()
        moving = [one for one in before if one.subscriber.id not in taken]
        subscribers.move_all(connection, old, new, [one.subscriber.id for one in moving])
        for one in moving:
            if one.state is SubscriptionState.ACTIVE:
                consent = Consent(now, "moved", new.newsletter, new.edition, "operator", origin)
                consents.append(connection, signer.person(one.subscriber.email), consent)
        if not elsewhere:
            deliveries.told_too(connection, *old, new.edition)
    return Moved(len(moving), len(before) - len(moving))
