"""What the operator does to readers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select

from newsletter.app import utc_now
from newsletter.domain.subscriber import ConsentMethod, SubscriptionState
from newsletter.errors import NotFound, WrongState
from newsletter.services import readers
from newsletter.services.preferences import ask_new_address, change_address
from newsletter.services.subscribe import SignUp, sign_up
from newsletter.store import consents, subscribers, tables
from newsletter.store.database import Database
from newsletter.text.token import ADDRESS, PREFERENCES, Signer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNER = Signer("a key of some length", utc_now)
WISH = SignUp(
    "tech", "uk", "Ann.Unlikely@Example.org", "Ann Unlikely", ConsentMethod.OPERATOR, "command line", "She said so."
)


def test_add_asks_first(database: Database) -> None:
    added = readers.add(database, SIGNER, WISH, NOW)
    assert added.state is SubscriptionState.PENDING
    active = readers.add_active(database, SIGNER, WISH, NOW)
    assert (active.state, active.subscriber.email) == (SubscriptionState.ACTIVE, "ann.unlikely@example.org")
    again = readers.add(database, SIGNER, WISH, NOW)
    assert again.state is SubscriptionState.ACTIVE


def test_add_active_brings_nobody_back_who_left(database: Database) -> None:
    readers.add_active(database, SIGNER, WISH, NOW)
    assert readers.remove(database, SIGNER, [WISH.email, "no@example.org"], None, "test", NOW) == (
        ["ann.unlikely@example.org"],
        ["no@example.org"],
        [],
    )
    assert readers.remove(database, SIGNER, [WISH.email], None, "test", NOW) == ([], ["ann.unlikely@example.org"], [])
    with pytest.raises(WrongState, match="only they can come back"):
        readers.add_active(database, SIGNER, WISH, NOW)
    with database.write() as connection:
        subscribers.suppress(connection, SIGNER.person("bob@example.org"), "complaint", NOW)
    for join in (readers.add, readers.add_active):
        with pytest.raises(WrongState, match=r"never mailed \(complaint\); nothing was changed.*--again"):
            join(database, SIGNER, replace(WISH, email="bob@example.org"), NOW)
    with database.read() as connection:
        assert consents.of(connection, SIGNER.person("bob@example.org")) == []


def test_what_is_known_of_a_person(database: Database) -> None:
    with pytest.raises(NotFound, match="nothing is known of ann"):
        readers.about(database, SIGNER, WISH.email)
    readers.add_active(database, SIGNER, WISH, NOW)
    person = readers.about(database, SIGNER, WISH.email)
    assert (person.email, person.name, person.suppressed) == ("ann.unlikely@example.org", "Ann Unlikely", "")
    assert [one.state.value for one in person.subscriptions] == ["active"]
    assert [(one.action, one.words) for one in person.consents] == [("added", "She said so.")]
    readers.erase(database, SIGNER, WISH.email, "test", NOW)
    gone = readers.about(database, SIGNER, WISH.email)
    assert (gone.name, gone.suppressed, gone.subscriptions) == ("", "erased", ())
    assert [one.action for one in gone.consents] == ["added", "erased"]


def test_erasing_a_person_takes_the_mail_along_that_waits_for_their_former_address(database: Database) -> None:
    """Their sign-up elsewhere was not answered yet when they moved."""
    readers.add_active(database, SIGNER, WISH, NOW)
    sign_up(database, SIGNER, replace(WISH, newsletter="other"), NOW)
    reader = next(readers.listing(database)).subscriber
    token = SIGNER.sign_expiring(ADDRESS, f"{reader.id}:0:{reader.email}:new@example.org")
    change_address(database, SIGNER, token, "test", NOW)
    readers.erase(database, SIGNER, "new@example.org", "test", NOW)
    with database.read() as connection:
        assert connection.scalars(select(tables.notices.c.email)).all() == []


def test_remove_from_one_newsletter_or_all(database: Database) -> None:
    for newsletter in ("tech", "other"):
        readers.add_active(database, SIGNER, replace(WISH, newsletter=newsletter), NOW)
    readers.remove(database, SIGNER, [WISH.email], "tech", "test", NOW)
    assert {one.newsletter: one.state.value for one in readers.listing(database)} == {
        "tech": "unsubscribed",
        "other": "active",
    }
    assert [one.newsletter for one in readers.listing(database, state=SubscriptionState.ACTIVE)] == ["other"]
    assert [one.newsletter for one in readers.listing(database, newsletter="tech")] == ["tech"]


def test_one_that_is_no_address_stops_no_removal(database: Database) -> None:
    readers.add_active(database, SIGNER, WISH, NOW)
    done, others, [refused] = readers.remove(database, SIGNER, ["nobody", WISH.email], None, "test", NOW)
    assert (done, others) == (["ann.unlikely@example.org"], [])
    assert refused.value == "nobody"
    assert "no @" in refused.reason


def test_many_are_removed_some_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that others can write meanwhile."""
    monkeypatch.setattr(readers, "_AT_ONCE", 2)
    names = [f"r{n}@example.org" for n in range(5)]
    for name in names:
        readers.add_active(database, SIGNER, replace(WISH, email=name), NOW)
    commits = list[None]()
    event.listen(database.engine, "commit", lambda _: commits.append(None))
    removed = readers.remove(database, SIGNER, [*names, "nobody@example.org"], None, "test", NOW)
    assert removed == (names, ["nobody@example.org"], [])
    assert len(commits) == 3


def test_an_erased_reader_gets_no_mail_at_the_address_they_wanted_to_move_to(database: Database) -> None:
    reader = readers.add_active(database, SIGNER, WISH, NOW).subscriber
    token = SIGNER.subscription(PREFERENCES, reader.id, WISH.newsletter)
    ask_new_address(database, SIGNER, token, "new@example.org", NOW)
    readers.erase(database, SIGNER, WISH.email, "test", NOW)
    with database.read() as connection:
        assert not connection.execute(select(tables.notices)).all()


def _delivery(database: Database, subscriber: int, issue: int, state: str) -> None:
    row = {"issue": issue, "subscriber": subscriber, "email": "ann.unlikely@example.org", "domain": "example.org",
           "state": state, "text": "550 <ann.unlikely@example.org> unknown"}  # fmt: skip
    blank = {"subject": "", "preheader": "", "html": "", "text": "", "hash": "", "stories": [], "notes": []}
    with database.write() as connection:
        head = {"id": issue, "newsletter": "tech", "edition": "uk", "number": issue, "state": "sending"}
        connection.execute(insert(tables.issues).values(**head, **blank, built_at=NOW, as_of=NOW))
        connection.execute(insert(tables.deliveries).values(row))


def test_erase_leaves_the_hash_and_the_numbers_only(database: Database) -> None:
    reader = readers.add_active(database, SIGNER, WISH, NOW).subscriber.id
    sign_up(database, SIGNER, replace(WISH, newsletter="other"), NOW)
    _delivery(database, reader, 1, "failed")
    _delivery(database, reader, 2, "queued")
    readers.erase(database, SIGNER, WISH.email, "test", NOW)

    assert list(readers.listing(database)) == []
    with database.read() as connection:
        rows = connection.execute(select(tables.deliveries).order_by(tables.deliveries.c.issue)).all()
        assert [(row.email, row.domain, row.text, row.state) for row in rows] == [
            ("", "", "", "failed"),
            ("", "", "erased", "skipped"),
        ]
        assert connection.execute(select(tables.notices)).all() == []
        person = SIGNER.person("ann.unlikely@example.org")
        assert subscribers.suppressed(connection, person) == "erased"
        assert [one.action for one in consents.of(connection, person)] == ["added", "asked", "erased"]
    with pytest.raises(WrongState, match="never mailed"):
        readers.add(database, SIGNER, WISH, NOW)
    with pytest.raises(NotFound, match=r"nothing was changed\. It is already an address that is never mailed"):
        readers.erase(database, SIGNER, WISH.email, "test", NOW)


def test_erasing_an_address_that_nobody_has_changes_nothing(database: Database) -> None:
    with pytest.raises(NotFound, match=r"nobody has the address .*; nothing was changed"):
        readers.erase(database, SIGNER, WISH.email, "test", NOW)
    with database.read() as connection:
        assert subscribers.suppressed(connection, SIGNER.person(WISH.email.lower())) is None
    with pytest.raises(NotFound, match="nothing is known"):
        readers.about(database, SIGNER, WISH.email)


def test_an_erased_reader_who_is_let_back_can_be_asked_to_confirm(database: Database) -> None:
    readers.add_active(database, SIGNER, WISH, NOW)
    readers.erase(database, SIGNER, WISH.email, "test", NOW)
    readers.let_back(database, SIGNER, WISH.email, "test", NOW)
    readers.let_back(database, SIGNER, WISH.email, "test", NOW)
    found = readers.add(database, SIGNER, WISH, NOW)
    assert found.state.value == "pending"
    person = readers.about(database, SIGNER, WISH.email)
    assert person.suppressed == ""
    assert [one.action for one in person.consents] == ["added", "erased", "let back", "asked"]


def test_an_erased_readers_number_is_never_given_again(database: Database) -> None:
    first = readers.add_active(database, SIGNER, WISH, NOW).subscriber.id
    readers.erase(database, SIGNER, WISH.email, "test", NOW)
    assert readers.add_active(database, SIGNER, replace(WISH, email="bob@example.org"), NOW).subscriber.id > first


def test_nothing_of_an_erased_reader_is_left_in_sqlites_files(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    for number in range(300):
        readers.add_active(database, SIGNER, replace(WISH, email=f"r{number}@example.org", name="R"), NOW)
    reader = readers.add_active(database, SIGNER, WISH, NOW).subscriber.id
    _delivery(database, reader, 1, "sent")
    everything = b"".join(file.read_bytes() for file in tmp_path.glob("subscribers.db*"))
    assert b"ann.unlikely" in everything
    readers.erase(database, SIGNER, WISH.email, "test", NOW)
    left = b"".join(file.read_bytes() for file in tmp_path.glob("subscribers.db*"))
    assert b"ann.unlikely" not in left
    assert b"Ann Unlikely" not in left
    database.close()
