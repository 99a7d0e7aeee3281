"""What PostgreSQL has its own way: no foreign key of the ledger's, looks for work that leap over what is held back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.issue import Issue
from newsletter.errors import Away
from newsletter.services import steer
from newsletter.store import deliveries, holders, postgres, subscribers
from newsletter.store.database import Database
from newsletter.store.holders import Holder
from tests.ledger import NOW, draft, subscribe

pytestmark = pytest.mark.postgres


@pytest.fixture
def ledger(furnished_url: str) -> Iterator[Database]:
    opened = Database(furnished_url)
    yield opened
    opened.close()


def started(ledger: Database, readers: int) -> Issue:
    subscribe(ledger, readers)
    issue = draft(ledger)
    steer.start(ledger, issue.id, NOW)
    return issue


def claimed(ledger: Database, issue: Issue, size: int, *without: str) -> list[str]:
    with ledger.write() as connection:
        claims = holders.claim(connection, Holder(issue, DeliveryPolicy(), "w"), size, NOW, frozenset(without))
        return [claim.email.partition("@")[2] for claim in claims]


def read_by_the_index(ledger: Database) -> int:
    """Rows of the ledger that were fetched so far, by whatever index."""
    with ledger.write() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    with ledger.read() as connection:
        wanted = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'deliveries'"
        return int(connection.execute(text(wanted)).scalar_one())


@pytest.mark.parametrize("change", ["DELETE FROM issues", "UPDATE issues SET id = 99"])
def test_an_issue_that_has_deliveries_stays(ledger: Database, change: str) -> None:
    started(ledger, 3)
    with ledger.write() as connection:  # what else knows the issue would keep it as well
        connection.execute(text("DELETE FROM chunks"))
    with pytest.raises(IntegrityError, match="issue 1 has deliveries"), ledger.write() as connection:
        connection.execute(text(change))


def test_an_issue_without_deliveries_may_go(ledger: Database) -> None:
    draft(ledger)
    with ledger.write() as connection:
        assert connection.execute(text("DELETE FROM issues")).rowcount == 1


def test_nobody_is_enqueued_for_an_issue_that_is_not_there(ledger: Database) -> None:
    subscribe(ledger, 3)
    issue = draft(ledger)
    with ledger.write() as connection:
        connection.execute(text("DELETE FROM issues"))
    with pytest.raises(IntegrityError), ledger.write() as connection:
        deliveries.enqueue(connection, issue, deliveries.readers(connection, issue).subquery())


@pytest.mark.parametrize("held", [["d0.example"], ["d1.example"], ["d2.example"], ["d0.example", "d2.example"]])
def test_domains_that_are_held_back_are_left_out_and_nobody_else_is(ledger: Database, held: list[str]) -> None:
    issue = started(ledger, 30)
    others = {"d0.example", "d1.example", "d2.example"} - set(held)
    found = claimed(ledger, issue, 100, *held)
    assert sorted(found) == sorted(10 * list(others))
    assert sorted(claimed(ledger, issue, 100)) == sorted(10 * held)


def test_a_look_for_work_does_not_read_what_is_held_back(ledger: Database) -> None:
    """Of 6,000 rows 4,000 are held back, and lie before the others: ten are wanted, and few more may be read."""
    issue = started(ledger, 6000)
    before = read_by_the_index(ledger)
    assert claimed(ledger, issue, 10, "d0.example", "d1.example") == 10 * ["d2.example"]
    assert read_by_the_index(ledger) - before < 200


def test_a_table_that_somebody_locked_is_not_waited_for_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SESSION", postgres.SESSION.replace("'60s'", "'200ms'"))
    ours, other = Database(postgres_url), Database(postgres_url)
    with other.write() as holder:
        holder.exec_driver_sql("LOCK TABLE subscribers")
        with pytest.raises(Away, match="the database is busy"), ours.read() as connection:
            subscribers.find(connection, "ann@example.org")
    with ours.read() as connection:
        assert subscribers.find(connection, "ann@example.org") is None
    for database in (ours, other):
        database.close()


def test_a_session_that_slept_in_a_transaction_may_try_again(ledger: Database) -> None:
    """The server ended it: that is for now, not for good."""
    with pytest.raises(Away), ledger.write() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
        time.sleep(0.3)
        connection.execute(text("SELECT 1"))
