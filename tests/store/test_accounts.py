"""What the ledger says of itself: one reason for one refusal, the biggest domains by name, the pace of late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from newsletter.services.steer import cancel, start
from newsletter.store import accounts, erasure, tables
from newsletter.store.database import Database
from tests.ledger import NOW, draft, subscribe

_d = tables.deliveries.c


def sending(database: Database, readers: int) -> None:
    subscribe(database, readers)
    draft(database)
    start(database, 1, NOW)


def settled(database: Database, subscriber: int, state: str, text: str, code: int = 550, status: str = "5.1.1") -> None:
    values = {"state": state, "text": text, "code": code, "status": status, "at": NOW}
    with database.write() as connection:
        connection.execute(update(tables.deliveries).where(_d.subscriber == subscriber).values(values))


def test_one_refusal_is_one_reason_whatever_addresses_and_ids_stand_in_it(database: Database) -> None:
    sending(database, 12)
    for number in range(1, 6):
        settled(database, number, "failed", f"<reader{number}@d{number % 3}.example>: User unknown, id 4F{number}A9")
    settled(database, 6, "failed", "<reader6@d0.example>: Access denied")
    settled(database, 7, "deferred", "4.7.1 greylisted for 300 seconds", 451, "4.7.1")
    settled(database, 8, "sent", "queued as 8F3A", 250, "2.0.0")
    with database.read() as connection:
        found = accounts.reasons(connection, 1)
    told = [(one.count, one.state, one.code, one.words) for one in found]
    assert told == [
        (5, "failed", 550, "<…>: User unknown, id …"),
        (1, "deferred", 451, "4.7.1 greylisted for 300 seconds"),
        (1, "failed", 550, "<…>: Access denied"),
    ]
    assert found[0].text == "<reader1@d1.example>: User unknown, id 4F1A9"


def test_domains_without_a_name_of_their_own_are_counted(database: Database) -> None:
    sending(database, 9)
    with database.read() as connection:
        named, rest = accounts.by_domain(connection, 1, most=1)
    assert (named.domains, named.recipients) == (1, 3)
    assert (rest.domain, rest.domains, rest.recipients) == ("", 2, 6)


def test_one_domain_that_is_left_over_keeps_its_name(database: Database) -> None:
    sending(database, 9)
    with database.read() as connection:
        found = accounts.by_domain(connection, 1, most=2)
    assert sorted(one.domain for one in found) == ["d0.example", "d1.example", "d2.example"]


@pytest.mark.parametrize("end", ["cancel", "erase"])
def test_who_is_called_off_counts_for_the_day_of_their_last_try(database: Database, end: str) -> None:
    """Else a cancelled issue would use up the day's share of a warm-up plan."""
    sending(database, 3)
    yesterday = NOW - timedelta(days=1)
    with database.write() as connection:
        tried = {"state": "deferred", "attempts": 1, "at": yesterday, "first_at": yesterday, "due_at": NOW}
        connection.execute(update(tables.deliveries).where(_d.subscriber < 3).values(tried))
    if end == "cancel":
        cancel(database, 1, NOW)
    else:
        with database.write() as connection:
            erasure.erase(connection, 1, b"person", NOW)
    with database.read() as connection:
        assert accounts.tried_since(connection, NOW - timedelta(hours=1)) == 0
        assert accounts.tried_since(connection, yesterday) == 2


def test_the_rate_is_that_of_the_last_minute(database: Database) -> None:
    sending(database, 12)
    with database.read() as connection:
        assert accounts.recent_rate(connection, 1, NOW) == 0
    for number, ago in ((1, 500), (2, 20), (3, 10), (4, 0)):
        settled(database, number, "sent", "", 250, "2.0.0")
        with database.write() as connection:
            at = NOW - timedelta(seconds=ago)
            connection.execute(update(tables.deliveries).where(_d.subscriber == number).values(at=at))
    with database.read() as connection:
        assert accounts.recent_rate(connection, 1, NOW) == 0.15


def test_retries_are_over_when_the_last_is_due(database: Database) -> None:
    sending(database, 3)
    with database.read() as connection:
        assert accounts.retries_due(connection, 1) is None
    for number in (1, 2):
        settled(database, number, "deferred", "greylisted", 451, "4.7.1")
        with database.write() as connection:
            due = NOW + timedelta(minutes=number)
            connection.execute(update(tables.deliveries).where(_d.subscriber == number).values(due_at=due))
    with database.read() as connection:
        assert accounts.retries_due(connection, 1) == NOW + timedelta(minutes=2)


def test_the_counts_of_all_are_those_of_each(database: Database) -> None:
    sending(database, 5)
    settled(database, 1, "sent", "ok", 250)
    settled(database, 2, "failed", "no")
    draft(database, 2)
    with database.write() as connection:
        connection.execute(update(tables.issues).where(tables.issues.c.id == 2).values(newsletter="other"))
        each = {number: accounts.accounting(connection, number) for number in (1, 2)}
        assert accounts.of_all(connection) == each
        assert accounts.of_all(connection, "other") == {2: each[2]}
    assert (each[1].sent, each[1].failed, each[1].queued, each[2].recipients) == (1, 1, 3, 0)
