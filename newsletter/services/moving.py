"""Readers who go from one edition to another together: config.yaml has new editions, or new names for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.edition import EditionKey
from newsletter.domain.issue import IssueState
from newsletter.domain.subscriber import Consent, ConsentAction, ConsentMethod, SubscriptionState
from newsletter.errors import NotFound, WrongState
from newsletter.store import consents, deliveries, issues, subscribers
from newsletter.store.database import Database
from newsletter.store.serial import all_at_once
from newsletter.text.token import Signer

_UNDER_WAY = (IssueState.SCHEDULED, IssueState.SENDING, IssueState.PAUSED)


def stranded(database: Database, known: Collection[EditionKey]) -> dict[EditionKey, int]:
    """How many active readers are in editions that are not among the `known` ones: nobody sends them anything."""
    with database.read() as connection:
        counts = subscribers.counts(connection)
    active = {EditionKey(key, edition): number for (key, edition, state), number in counts.items() if state == "active"}
    return {place: number for place, number in active.items() if place not in known}


def move(database: Database, signer: Signer, old: EditionKey, edition: str, origin: str, now: datetime) -> int:
    """Moves all of an edition to another of its newsletter, whatever their state, and what it was told already.

    How many there are. Raises NotFound when it has none, WrongState while an issue of it is under way.
    """
    with database.write() as connection:
        all_at_once(connection)
        moving = subscribers.of_edition(connection, *old)
        if not moving:
            raise NotFound(f"nobody is in {old}; `newsletter subscribers list` shows who is where.")
        _must_be_at_rest(connection, old)
        subscribers.move_all(connection, *old, edition)
        consent = Consent(now, ConsentAction.MOVED, old.newsletter, edition, ConsentMethod.OPERATOR, origin)
        active = (one.subscriber.email for one in moving if one.state is SubscriptionState.ACTIVE)
        consents.append_all(connection, [(signer.person(email), consent) for email in active])
        deliveries.told_too(connection, *old, edition)
    return len(moving)


def _must_be_at_rest(connection: Connection, place: EditionKey) -> None:
    """Who still waits for an issue would lose it, and never be told its stories."""
    under_way = issues.listing(connection, *place, states=_UNDER_WAY, most=1)
    if under_way:
        number, state = under_way[0].id, under_way[0].state
        raise WrongState(
            f"issue {number} of {place} is {state}, and anybody who moves now would not get it. "
            f"Wait until it is sent, or `newsletter cancel {number}` calls it off."
        )
