"""Readers go from one edition to another together, and are not told again what they were told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from newsletter.domain.subscriber import SubscriptionState
from newsletter.errors import NotFound
from newsletter.services import steer
from newsletter.services.moving import Moved, Place, move, stranded
from newsletter.store import consents, subscribers
from newsletter.store.database import Database
from newsletter.store.tables import sent_stories
from newsletter.text.token import Signer
from tests.ledger import NOW, draft, subscribe

SIGNER = Signer("a key that is long enough")
MAIN, UK, WORLD, OTHER = Place("tech", "main"), Place("tech", "uk"), Place("tech", "world"), Place("other", "main")


def editions(database: Database) -> dict[str, list[tuple[str, str]]]:
    """The (edition, state) of the subscriptions of each newsletter, by address."""
    found: dict[str, list[tuple[str, str]]] = {}
    with database.read() as connection:
        for one in subscribers.listing(connection):
            found.setdefault(one.newsletter, []).append((one.edition, one.state.value))
    return found


def go(database: Database, old: Place, new: Place) -> Moved:
    return move(database, SIGNER, old, new, "test", NOW)


def test_all_of_an_edition_move_whatever_their_state(database: Database) -> None:
    subscribe(database, 2)
    subscribe(database, 1, state="pending", first=10)
    subscribe(database, 1, state="unsubscribed", first=20)
    subscribe(database, 1, edition="world", first=30)
    assert go(database, UK, MAIN) == (4, 0)
    states = ["active", "pending", "active", "unsubscribed"]
    assert sorted(editions(database)["tech"]) == sorted([("world", "active"), *(("main", state) for state in states)])
    with database.read() as connection:
        told = [consents.of(connection, SIGNER.person(f"reader{number}@d{number % 3}.example")) for number in (1, 10)]
    assert [(one.action, one.newsletter, one.edition, one.method) for one in told[0]] == [
        ("moved", "tech", "main", "operator")
    ]
    assert told[1] == []  # has agreed to nothing yet


def test_what_they_were_told_goes_along(database: Database) -> None:
    subscribe(database, 2)
    draft(database, 1, stories=(1, 2))
    steer.start(database, 1, NOW)
    for _ in range(2):  # there and back: nothing is lost, nothing twice
        go(database, UK, WORLD)
        go(database, WORLD, UK)
    with database.read() as connection:
        told = connection.execute(select(sent_stories.c.edition, sent_stories.c.story)).all()
    assert sorted(tuple(row) for row in told) == [("uk", 1), ("uk", 2), ("world", 1), ("world", 2)]


def test_who_has_the_other_newsletter_already_stays(database: Database) -> None:
    subscribe(database, 3)
    with database.write() as connection:
        first = subscribers.of_edition(connection, *UK)[0].subscriber.id
        subscribers.subscribe(connection, first, "other", "old", SubscriptionState.UNSUBSCRIBED, NOW)
    assert go(database, UK, OTHER) == (2, 1)
    assert editions(database) == {
        "other": [("old", "unsubscribed"), ("main", "active"), ("main", "active")],
        "tech": [("uk", "active")],
    }


def test_an_edition_without_readers_is_a_slip(database: Database) -> None:
    with pytest.raises(NotFound, match=r"nobody is in tech/main"):
        go(database, MAIN, UK)


def test_the_stranded_are_active_readers_without_a_place(database: Database) -> None:
    subscribe(database, 2)
    subscribe(database, 1, edition="world", first=10)
    subscribe(database, 1, edition="gone", state="unsubscribed", first=20)
    assert stranded(database, {UK, WORLD}) == {}
    assert stranded(database, {WORLD, MAIN}) == {UK: 2}
