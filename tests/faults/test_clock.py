"""The clock goes wrong in mid-send: set back, set forward, and summer time that ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.issue import IssueState
from newsletter.store.database import Database
from tests.faults.conftest import READERS
from tests.ledger import subscribe
from tests.sending import HASTY, address, check_the_books, lines, now_utc, send, started
from tests.smtp_sink import Sink, reply

LATER = reply(451, "4.2.0 later")


@pytest.mark.parametrize("days", [-400, -1 / 24, 1 / 24, 400])
def test_a_clock_that_is_set_in_mid_send_costs_nobody_the_issue(both_books: Database, days: float) -> None:
    """Some wait for a retry at that moment: it comes, and none of them is given up for the time that never passed."""
    issue = started(both_books)
    with Sink() as sink:
        for reader in (1, 5, 9):
            sink.fail("RCPT", LATER, to=address(reader), times=2)

        def clock() -> datetime:
            return now_utc() + timedelta(days=days) * (len(sink.received) >= 6)

        end = send(both_books, issue, sink, clock=clock)
    states = check_the_books(both_books, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})
    assert set(sink.accepted.values()) == {1}
    assert lines(both_books, issue)[5].attempts == 3
    assert end.seconds < HASTY.retry_wait.total_seconds()  # nobody waited for the old time to come round


@pytest.fixture
def summer(database_url: str) -> Iterator[Database]:
    """A database, and a process, that live by London's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/London")
        patch.setenv("PGTZ", "Europe/London")
        time.tzset()
        database = Database(database_url)
        subscribe(database, READERS)
        yield database
        database.close()
    time.tzset()


@pytest.mark.parametrize("change", [datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)])
def test_retries_across_a_change_of_summer_time_come_when_they_are_due(summer: Database, change: datetime) -> None:
    """Ten minutes before the hour is doubled, or left out, everybody is put off by half an hour: by the sun."""
    issue = started(summer)
    half_an_hour, at = timedelta(minutes=30), change - timedelta(minutes=10)
    policy = DeliveryPolicy(retry_first=half_an_hour, give_up_after=timedelta(hours=1), retry_wait=timedelta(0))
    with Sink() as sink:
        sink.fail("RCPT", LATER, times=2 * READERS)
        for moment in (at, at + half_an_hour):
            send(summer, issue, sink, policy, clock=lambda now=moment: now)
            assert set(check_the_books(summer, issue, sink).values()) == {"deferred"}
            assert {line.due_at for line in lines(summer, issue).values()} == {moment + half_an_hour}
            send(summer, issue, sink, policy, clock=lambda now=moment + 0.9 * half_an_hour: now)  # too early
        end = send(summer, issue, sink, policy, clock=lambda: at + 2 * half_an_hour)
    states = check_the_books(summer, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})
    assert {line.attempts for line in lines(summer, issue).values()} == {3}
