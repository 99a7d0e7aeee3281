"""Servers with whims, for a whole run: limits of a session, lies, no TLS, no login, away for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.issue import IssueState
from newsletter.services import steer
from newsletter.store.database import Database
from tests.faults.conftest import READERS
from tests.ledger import NOW
from tests.sending import HASTY, QUICK, check_the_books, lines, send, started
from tests.smtp_sink import CUT, HOLD, SILENCE, Action, Sink, reply

pytestmark = pytest.mark.long
BRIEF = replace(HASTY, retry_wait=timedelta(seconds=0.3))
WORDS_FOR_ENOUGH = {
    "exim": reply(421, "too many messages in this connection"),  # and it hangs up
    "postfix": reply(450, "4.7.1 Error: too much mail from 192.0.2.1"),
    "452": reply(452, "4.5.3 too many messages in this session"),
    "451": reply(451, "4.3.2 too many messages per connection, open a new one"),
    "554": reply(554, "5.7.0 too many messages in this session"),
    "silent": CUT,
}


@pytest.mark.parametrize("pipelining", ["yes", "no"])
@pytest.mark.parametrize(
    "words",
    ["exim", "554", "silent", "postfix", "452", "451"],
)
def test_a_session_that_had_enough_costs_nobody_a_try(both_books: Database, words: str, pipelining: str) -> None:
    """A refusal of MAIL after messages were taken is about the session: RFC 5321 knows no reader there yet."""
    issue = started(both_books)
    with Sink(most_per_session=3, enough=WORDS_FOR_ENOUGH[words], pipelining=pipelining) as sink:
        end = send(both_books, issue, sink, HASTY)
    check_the_books(both_books, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    assert sink.sessions >= READERS // 3
    assert {line.attempts for line in lines(both_books, issue).values()} == {1}


@pytest.mark.parametrize(
    "words",
    ["452 4.5.3", "552 5.5.3"],
)
def test_too_many_recipients_is_never_about_the_one_that_we_named(books: Database, words: str) -> None:
    """We name one in each mail. RFC 5321 §4.5.3.1.10: a 552 that means it is for later, too."""
    code, status = words.split()
    issue = started(books)
    with Sink(most_per_session=3, enough=reply(int(code), f"{status} too many recipients"), enough_at="RCPT") as sink:
        end = send(books, issue, sink, BRIEF)
    check_the_books(books, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    assert {line.attempts for line in lines(books, issue).values()} == {1}


@pytest.mark.parametrize(
    "words", ["450 4.7.1 too many messages in this session", "550 5.7.0 messages per connection: 3"]
)
def test_words_about_the_session_are_not_about_the_reader(books: Database, words: str) -> None:
    code, _, text = words.partition(" ")
    issue = started(books)
    with Sink(most_per_session=3, enough=reply(int(code), text), enough_at="RCPT") as sink:
        end = send(books, issue, sink, BRIEF)
    check_the_books(books, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    assert {line.attempts for line in lines(books, issue).values()} == {1}


def test_a_session_that_refuses_one_after_the_other_after_it_took_some_is_opened_anew(books: Database) -> None:
    """What it says may be about each reader; a new session tells."""
    issue = started(books)
    with Sink(most_per_session=3, enough=reply(451, "4.3.0 later"), enough_at="RCPT") as sink:
        end = send(books, issue, sink, connections=1)
    check_the_books(books, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    assert sink.sessions == READERS // 3


@pytest.mark.parametrize(("stage", "action"), [("RCPT", reply(503, "5.5.1 what?")), ("DATA", reply(500, "what?"))])
def test_a_server_that_lost_the_thread_fails_nobody(books: Database, stage: str, action: Action) -> None:
    issue = started(books)
    with Sink() as sink:
        sink.fail(stage, action, times=3, after=2)
        end = send(books, issue, sink)
    check_the_books(books, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, READERS)


@pytest.mark.parametrize("pipelining", ["lies", "forgets"])
def test_a_server_that_lies_about_pipelining_gets_everything_once(books: Database, pipelining: str) -> None:
    issue = started(books)
    with Sink(pipelining=pipelining) as sink:
        end = send(books, issue, sink, timeouts=QUICK)
    check_the_books(books, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, READERS)
    assert set(sink.accepted.values()) == {1}


@pytest.mark.parametrize(
    ("how", "stage", "action"),
    [
        ({"security": "starttls"}, "", CUT),  # not even offered
        ({"security": "starttls"}, "STARTTLS", reply(454, "4.7.0 TLS not available")),
        ({"security": "starttls"}, "STARTTLS", reply(220, "come on")),  # and then speaks no TLS
        ({"security": "starttls"}, "STARTTLS", CUT),
        ({"username": "me", "password": "secret"}, "AUTH", reply(454, "4.7.0 temporary failure")),
        ({"username": "me", "password": "secret"}, "AUTH", reply(421, "4.3.2 closing")),
        ({"username": "me", "password": "secret"}, "AUTH", CUT),
        ({"username": "me", "password": "secret"}, "AUTH", SILENCE),
    ],
)
def test_a_session_that_cannot_be_made_safe_or_let_in_costs_nobody_anything(
    books: Database, how: dict[str, Any], stage: str, action: Action
) -> None:
    issue = started(books)
    offers = ("STARTTLS", "AUTH PLAIN") if stage else ("AUTH PLAIN",)
    with Sink(offers=offers) as sink:
        if stage:
            sink.fail(stage, action)
        end = send(books, issue, sink, BRIEF, timeouts=QUICK, **how)
    check_the_books(books, issue, sink)
    assert (end.state, end.queued) == (IssueState.SENDING, READERS)
    assert end.reason
    assert not any(command.startswith("MAIL") for command in sink.commands)
    assert {line.attempts for line in lines(books, issue).values()} == {0}


def test_a_login_that_is_refused_for_good_pauses_the_issue(books: Database) -> None:
    issue = started(books)
    with Sink(offers=("AUTH PLAIN",)) as sink:
        sink.fail("AUTH", reply(535, "5.7.8 wrong"), times=1)
        end = send(books, issue, sink, connections=1, username="me", password="secret")
        check_the_books(books, issue, sink)
        assert (end.state, end.queued) == (IssueState.PAUSED, READERS)
        steer.resume(books, issue.id)
        assert send(books, issue, sink, username="me", password="secret").sent == READERS
    check_the_books(books, issue, sink)


def test_a_server_that_goes_away_in_mid_send_and_comes_back(both_books: Database) -> None:
    """Its sessions are cut wherever they are, and for a while nobody listens."""
    issue = started(both_books)

    def away_for_a_while(stop: Callable[[], object]) -> None:
        sink.wait_for(5)
        sink.stop()
        time.sleep(0.3)
        sink.faults.clear()
        sink.start()

    with Sink() as sink:
        sink.fail("dot", HOLD, after=5)
        end = send(both_books, issue, sink, meanwhile=away_for_a_while)
    states = check_the_books(both_books, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})
    assert {line.attempts - line.doubts for line in lines(both_books, issue).values()} == {1}


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
def test_the_pauses_between_retries_grow(both_books: Database, stage: str) -> None:
    """Each run is cut short where it would wait; then the clock moves on to the next retry."""
    policy = DeliveryPolicy(
        retry_first=timedelta(minutes=1),
        retry_most=timedelta(minutes=30),
        give_up_after=timedelta(hours=3),
        retry_wait=timedelta(0),
    )
    issue = started(both_books)
    now, pauses = NOW, []
    with Sink() as sink:
        sink.fail(stage, reply(451, "4.2.0 later"))
        while True:
            end = send(both_books, issue, sink, policy, clock=lambda now=now: now)
            states = set(check_the_books(both_books, issue, sink).values())
            if states != {"deferred"}:
                break
            assert end.state is IssueState.SENDING
            [due] = {line.due_at for line in lines(both_books, issue).values()}
            pauses.append(due - now)
            now = due
    minutes = [pause / timedelta(minutes=1) for pause in pauses]
    assert minutes == [1, 2, 4, 8, 16, 30, 30, 30, 30, 29]  # the last falls on the moment of giving up
    assert states == {"failed"}
    assert sink.accepted == {}


def test_growing_pauses_are_kept_to_within_a_run(both_books: Database) -> None:
    issue = started(both_books)
    seen: list[Accounting] = []
    with Sink() as sink:
        sink.fail("RCPT", reply(451, "4.2.0 later"), times=3 * READERS)
        end = send(both_books, issue, sink, HASTY, connections=1, progress=seen.append)
        commands = [command for command in sink.commands if command.startswith("RCPT")]
    check_the_books(both_books, issue, sink)
    assert (end.sent, len(commands)) == (READERS, 4 * READERS)
    assert {line.attempts for line in lines(both_books, issue).values()} == {4}
    assert end.seconds >= 0.01 + 0.02 + 0.04
