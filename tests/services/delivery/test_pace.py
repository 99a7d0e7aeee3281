"""The pace of a real delivery, read off the clock of the server that took it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from newsletter.domain import backoff
from newsletter.domain.accounting import Accounting
from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import Claim, DeliveryPolicy
from newsletter.domain.issue import IssueState
from newsletter.domain.pace import Limits, Pacer
from newsletter.domain.tally import SUM, TURN, Tally
from newsletter.domain.warmup import WarmUp
from newsletter.services.delivery.line import Line, Pace, unlimited
from newsletter.store.database import Database
from tests.sending import HASTY, send, started
from tests.smtp_sink import CUT, Action, Received, Sink, delay, reply

READERS = 30  # a third of them at each of d0.example, d1.example, d2.example

pytestmark = pytest.mark.long  # what they say of a counted clock: tests/domain/test_pace.py


def paced(limits: Limits, warm_up: WarmUp | None = None) -> Pace:
    return Pace(Pacer(limits, time.monotonic()), warm_up)


def moments(received: list[Received], domain: str = "") -> list[float]:
    return sorted(one.at for one in received if one.recipient.endswith(domain))


def assert_no_faster(times: list[float], rate: float) -> None:
    """No span of time has more than the rate gives it, and the burst; the server's clock runs late when it waits."""
    burst, late = 1 + rate * 0.25, 0.15
    for first in range(len(times)):
        for last in range(first + 1, len(times)):
            assert last - first + 1 <= rate * (times[last] - times[first] + late) + burst


def test_all_messages_together_keep_to_their_rate(database: Database) -> None:
    issue = started(database, READERS)
    with Sink() as sink:
        end = send(database, issue, sink, connections=4, pace=paced(Limits(overall=25.0)))
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    assert_no_faster(moments(sink.received), 25.0)


def test_a_slow_group_holds_up_no_other(database: Database) -> None:
    issue = started(database, READERS)
    with Sink() as sink:
        end = send(database, issue, sink, connections=4, pace=paced(Limits(groups={"d0.example": 8.0})))
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    slow = moments(sink.received, "d0.example")
    assert_no_faster(slow, 8.0)
    others = [*moments(sink.received, "d1.example"), *moments(sink.received, "d2.example")]
    assert max(others) < slow[len(slow) // 2]


def test_each_connection_keeps_to_its_rate(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 12)
    with Sink() as sink:
        end = send(database, issue, sink, connections=2, pace=paced(Limits(connection=10.0)))
    assert (end.state, end.sent) == (IssueState.SENT, 12)
    assert_no_faster(moments(sink.received), 2 * 10.0)
    assert not any("RSET" in command for command in sink.commands)
    database.close()


@pytest.mark.parametrize("answer", [reply(421, "4.7.0 slow down"), reply(450, "4.7.1 too much mail from you")])
def test_who_pushes_back_is_left_alone_and_nobody_else(
    database: Database, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "PAUSE_FIRST", 1.0)
    issue = started(database, READERS)
    with Sink() as sink:
        sink.fail("RCPT", answer, to="reader3@d0.example", times=1)
        end = send(database, issue, sink, connections=2, pace=unlimited())
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    times = [min(moments(sink.received)), *moments(sink.received, "d0.example")]
    pause, goes_on = max((later - earlier, later) for earlier, later in pairwise(times))
    others = [*moments(sink.received, "d1.example"), *moments(sink.received, "d2.example")]
    assert pause >= 0.9
    assert max(others) < goes_on


def test_a_warm_up_plan_lets_a_days_share_go_and_no_more(database: Database) -> None:
    plan = WarmUp(first_day=8, started=date(2026, 11, 20), timezone="Europe/London")
    day = datetime(2026, 11, 20, 9, tzinfo=UTC)
    issue = started(database, READERS)
    policy: DeliveryPolicy = HASTY
    sent = []
    with Sink() as sink:
        for _ in range(3):
            end = send(database, issue, sink, policy, clock=lambda now=day: now, pace=paced(Limits(), plan))
            sent.append((end.state.value, end.sent))
            assert end.state is IssueState.SENT or "warm-up plan have gone out; it goes on at" in end.reason
            day += timedelta(days=1)
    assert sent == [("sending", 8), ("sending", 8 + 16), ("sent", READERS)]
    assert set(sink.accepted.values()) == {1}


def test_two_who_begin_at_once_share_a_day(database: Database, database_url: str) -> None:
    """As two processes do, each with its pace. What one has claimed is not free, though nothing says so yet."""
    first, second = started(database, 30), started(database)
    plan = WarmUp(first_day=20, started=datetime.now(UTC).date() + timedelta(days=3))
    other = Database(database_url)
    policy = replace(HASTY, retry_wait=timedelta(0))
    with Sink() as sink:
        sink.fail("greeting", delay(0.2))

        def too(stop: Callable[[], object]) -> None:
            send(other, second, sink, policy, pace=paced(Limits(), plan))

        send(database, first, sink, policy, pace=paced(Limits(), plan), meanwhile=too)
    assert len(sink.received) == 20
    for issue in (first, second):  # nothing is kept from the next day by what they had in hand
        with Sink() as sink:
            end = send(database, issue, sink, policy, pace=paced(Limits(), WarmUp(60, plan.started)))
        assert end.state is IssueState.SENT
    other.close()


def test_a_day_that_is_out_ends_a_run_at_once_and_says_so(database: Database) -> None:
    """However long the run may wait: the next day is further away. A chunk ends so, too."""
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    issue = started(database, 12)
    plan = WarmUp(first_day=5, started=now.date())
    policy = replace(HASTY, retry_wait=timedelta(seconds=30))
    chunk = None if database.is_sqlite else Chunk(issue.id, 0, "lane", 0, 1, 12)
    for sent in (5, 0):
        began = time.monotonic()
        with Sink() as sink:
            end = send(database, issue, sink, policy, clock=lambda: now, pace=paced(Limits(), plan), chunk=chunk)
        assert time.monotonic() - began < 10
        assert end.reason == "today's 5 of the warm-up plan have gone out; it goes on at Sat 21 Nov 2026 00:00 UTC"
        assert len(sink.received) == sent


@pytest.mark.parametrize("fault", [("greeting", CUT), ("DATA", CUT), ("MAIL", reply(421, "4.3.2 busy"))])
def test_a_days_share_is_of_messages_that_left(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, fault: tuple[str, Action]
) -> None:
    """A server that is down for a while does not end the day."""
    monkeypatch.setattr("newsletter.services.delivery.deliver._REST_FIRST", 0.01)
    monkeypatch.setattr("newsletter.services.delivery.deliver._REST_MOST", 0.01)
    database = Database(sqlite_url)
    issue = started(database, 10)
    plan = WarmUp(20, datetime.now(UTC).date())
    with Sink() as sink:
        sink.fail(*fault, times=40)
        end = send(database, issue, sink, pace=Pace(Pacer(Limits(), time.monotonic()), plan))
    assert (end.state, end.sent, end.reason) == (IssueState.SENT, 10, "")
    database.close()


def test_what_all_wait_for_is_told_in_words() -> None:
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    pace = Pace(Pacer(Limits(overall=0.1), 0.0))
    line = Line(pace, lambda: now, 1, timer=lambda: 0.0)
    assert (line.why(), line.wait()) == ("", None)
    line.add([Claim(number, number, f"r{number}@example.org") for number in range(9)])
    while line.take():
        pass
    assert line.why() == "keeping to the pace: the next may go in 10 seconds"


def test_a_run_tells_how_long_it_will_take(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, READERS)
    told = []
    with Sink() as sink:
        send(
            database, issue, sink, pace=paced(Limits(overall=15.0)),
            progress=lambda books: told.append((books.queued, books.seconds_left)),
        )  # fmt: skip
    known = [(queued, left) for queued, left in told if left is not None]
    assert known
    assert all(left >= queued / 15.0 - 0.1 for queued, left in known)
    database.close()


def test_the_time_left_is_that_of_the_slowest_group(database: Database) -> None:
    issue = started(database, READERS)
    told = []
    with Sink() as sink:
        send(
            database, issue, sink, pace=paced(Limits(overall=60.0, groups={"d0.example": 4.0})),
            progress=lambda books: told.append((len(moments(list(sink.received), "d0.example")), books)),
        )  # fmt: skip
    known = [(gone, books.seconds_left) for gone, books in told if books.seconds_left]
    assert known
    in_flight = 2
    assert all(left >= (READERS / 3 - gone - in_flight) / 4.0 for gone, left in known)


def test_nobody_says_how_long_it_will_take_while_nothing_goes(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, READERS)
    told: list[Accounting] = []
    with Sink() as sink:
        sink.fail("greeting", reply(421, "4.3.2 busy"), times=6)
        send(database, issue, sink, pace=paced(Limits(overall=15.0)), progress=told.append)
    stuck = [books for books in told if "busy" in books.reason]
    assert stuck
    assert all(books.seconds_left is None for books in stuck)
    database.close()


def test_each_turn_of_the_ledger_is_timed(database: Database) -> None:
    issue = started(database, READERS)
    tally = Tally()
    with Sink() as sink:
        send(database, issue, sink, tally=tally)
    assert tally.totals()[TURN, SUM] > 0
