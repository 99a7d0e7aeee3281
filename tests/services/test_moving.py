"""Readers go from one edition to another together, and are not told again what they were told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from newsletter.app import utc_now
from newsletter.domain.edition import EditionKey
from newsletter.domain.issue import IssueState
from newsletter.domain.subscriber import SubscriptionState
from newsletter.errors import NotFound, WrongState
from newsletter.services import steer
from newsletter.services.moving import move, stranded
from newsletter.services.subscribe import SignUp, confirm, confirmation, sign_up
from newsletter.store import consents, issues, subscribers
from newsletter.store.database import Database
from newsletter.store.tables import sent_stories
from newsletter.text.token import CONFIRM, Signer
from tests.ledger import NOW, draft, subscribe

SIGNER = Signer("a key that is long enough", utc_now)
MAIN, UK, WORLD = EditionKey("tech", "main"), EditionKey("tech", "uk"), EditionKey("tech", "world")


def editions(database: Database) -> dict[str, list[tuple[str, str]]]:
    """The (edition, state) of the subscriptions of each newsletter, by address."""
    found: dict[str, list[tuple[str, str]]] = {}
    with database.read() as connection:
        for one in subscribers.listing(connection):
            found.setdefault(one.newsletter, []).append((one.edition, one.state.value))
    return found


def go(database: Database, old: EditionKey, new: EditionKey) -> int:
    return move(database, SIGNER, old, new.edition, "test", NOW)


def test_all_of_an_edition_move_whatever_their_state(database: Database) -> None:
    subscribe(database, 2)
    subscribe(database, 1, state="pending", first=10)
    subscribe(database, 1, state="unsubscribed", first=20)
    subscribe(database, 1, edition="world", first=30)
    assert go(database, UK, MAIN) == 4
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
    with database.write() as connection:
        issues.move(connection, 1, [IssueState.SENDING], IssueState.SENT)
    for _ in range(2):  # there and back: nothing is lost, nothing twice
        go(database, UK, WORLD)
        go(database, WORLD, UK)
    with database.read() as connection:
        told = connection.execute(select(sent_stories.c.edition, sent_stories.c.story)).all()
    assert sorted(tuple(row) for row in told) == [("uk", 1), ("uk", 2), ("world", 1), ("world", 2)]


@pytest.mark.parametrize("state", [IssueState.SENDING, IssueState.PAUSED, IssueState.SCHEDULED])
def test_nobody_moves_while_an_issue_of_theirs_is_under_way(database: Database, state: IssueState) -> None:
    """They would not get it, and its stories would count as told."""
    subscribe(database, 3)
    draft(database)
    if state is IssueState.SCHEDULED:
        steer.schedule(database, 1, NOW)
    else:
        steer.start(database, 1, NOW)
    if state is IssueState.PAUSED:
        steer.pause(database, 1)
    with pytest.raises(WrongState, match=rf"issue 1 of tech/uk is {state}.*newsletter cancel 1"):
        go(database, UK, WORLD)
    steer.cancel(database, 1, NOW)
    assert go(database, UK, WORLD) == 3


def test_who_has_not_confirmed_yet_can_still(database: Database) -> None:
    """By the link of before, which names an edition that is no more."""
    wish = SignUp("tech", "uk", "ann@example.org")
    sign_up(database, SIGNER, wish, NOW)
    with database.read() as connection:
        [one] = subscribers.of_edition(connection, *UK)
    token = SIGNER.sign_expiring(CONFIRM, f"{one.subscriber.id}:{one.since.timestamp():.6f}:tech:uk")
    go(database, UK, WORLD)

    def has(newsletter: str, edition: str) -> bool:
        return edition == "world"

    assert confirmation(database, SIGNER, token, has).subscription.edition == "world"
    found = confirm(database, SIGNER, token, "test", NOW, has=has)
    assert (found.edition, found.state) == ("world", SubscriptionState.ACTIVE)


def test_an_edition_without_readers_is_a_slip(database: Database) -> None:
    with pytest.raises(NotFound, match=r"nobody is in tech/main"):
        go(database, MAIN, UK)


def test_the_stranded_are_active_readers_without_a_place(database: Database) -> None:
    subscribe(database, 2)
    subscribe(database, 1, edition="world", first=10)
    subscribe(database, 1, edition="gone", state="unsubscribed", first=20)
    assert stranded(database, {UK, WORLD}) == {}
    assert stranded(database, {WORLD, MAIN}) == {UK: 2}
