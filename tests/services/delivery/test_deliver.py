from __future__ import annotations

import email
import email.policy
import errno
import functools
import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import delete, select, update

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import Claim, DeliveryPolicy, Outcome, OutcomeKind, settle
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.subscriber import Reader
from newsletter.domain.warmup import Day
from newsletter.errors import Away, Busy, StoreError, WrongState
from newsletter.services import steer
from newsletter.services.delivery import apart
from newsletter.store import accounts, chunks, deliveries, erasure, subscribers, tables
from newsletter.store.database import Database
from newsletter.store.ledger import Ledger, open_ledger
from newsletter.transports.smtp import SmtpConnection
from newsletter.transports.smtp_wire import Timeouts
from tests.ledger import NOW, RETURN_PATH, draft, message_id, reader, subscribe
from tests.played_ledger import PlayedLedger
from tests.sending import HASTY, PATIENT, QUICK, address, lines, now_utc, send, started
from tests.smtp_sink import CUT, HALF, HOLD, SILENCE, Action, Sink, delay, reply
from tests.waiting import until

SHORT_LIVED = replace(HASTY, give_up_after=timedelta(seconds=1))
PATIENT_POLICY = DeliveryPolicy(
    retry_first=timedelta(minutes=1), retry_most=timedelta(minutes=10), retry_wait=timedelta(hours=1)
)


def states(database: Database, issue: Issue) -> dict[str, str]:
    with database.read() as connection:
        return {row["email"]: row["state"] for row in accounts.rows(connection, issue.id)}


def set_all(database: Database, issue: Issue, **values: object) -> None:
    with database.write() as connection:
        connection.execute(update(tables.deliveries).where(tables.deliveries.c.issue == issue.id).values(**values))


def test_everyone_gets_the_issue_once(database: Database) -> None:
    issue = started(database, 300)
    with Sink() as sink:
        end = send(database, issue, sink)
    assert sink.accepted == Counter({message_id(n): 1 for n in range(1, 301)})
    assert end.state is IssueState.SENT
    assert (end.recipients, end.sent, end.queued) == (300, 300, 0)
    assert {m.return_path for m in sink.received} == {RETURN_PATH}
    first = next(m for m in sink.received if m.recipient == "reader7@d1.example")
    text, _ = email.message_from_bytes(first.content, policy=email.policy.default).iter_parts()
    assert (
        text.get_content().replace("\r\n", "\n")
        == "Hello Reader 7\n.\n..dots\nhttps://news.example.org/unsubscribe/7\n"
    )


def test_a_reader_whose_message_cannot_be_made_stops_nobody_else(database: Database) -> None:
    issue = started(database, 20)

    def readers(claim: Claim) -> Reader:
        if claim.subscriber == 7:
            raise OverflowError("date value out of range")
        return reader(claim)

    with Sink() as sink:
        end = send(database, issue, sink, readers=readers)
    assert (end.state, end.sent, end.failed) == (IssueState.SENT, 19, 1)
    assert set(sink.recipients.values()) == {1}
    told = lines(database, issue)[7]
    assert (told.state, told.text) == (
        "failed",
        "the message could not be made: OverflowError: date value out of range",
    )


def test_an_issue_that_is_expressly_for_nobody_is_sent(database: Database) -> None:
    issue = draft(database)
    steer.start_for_anybody(database, issue.id, NOW)
    with Sink() as sink:
        end = send(database, issue, sink)
    assert (end.state, end.recipients, sink.sessions) == (IssueState.SENT, 0, 0)


def timeouts_for(action: Action) -> Timeouts:
    """Short ones where the sink is to be silent; else a busy machine would be taken for a silent server."""
    return QUICK if action == SILENCE else PATIENT


ONCE = [
    (stage, action)
    for stage in ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "body", "dot", "answer")
    for action in (CUT, HALF, SILENCE, reply(421, "4.3.2 shutting down"), reply(451, "4.7.1 later"))
    if not (stage == "body" and action.kind == "half")
]


@pytest.mark.parametrize(("stage", "action"), ONCE, ids=lambda value: getattr(value, "kind", value))
def test_a_fault_that_passes_stops_nobody(sqlite_url: str, stage: str, action: Action) -> None:
    database = Database(sqlite_url)
    issue = started(database, 12)
    with Sink() as sink:
        sink.fail(stage, action, times=2, after=1)
        end = send(database, issue, sink, timeouts=timeouts_for(action))
    assert (end.state, end.sent) == (IssueState.SENT, 12)
    assert set(sink.accepted) == {message_id(n) for n in range(1, 13)}
    doubles = sum(sink.accepted.values()) - 12
    assert doubles <= 2 if stage == "answer" else doubles == 0
    database.close()


@pytest.mark.parametrize(
    ("stage", "action", "state"),
    [
        ("RCPT", reply(550, "5.1.1 no such user"), "failed"),
        ("DATA", reply(554, "5.7.1 not from you"), "failed"),
        ("dot", reply(554, "5.6.0 not this"), "failed"),
        ("RCPT", reply(451, "4.7.1 later"), "failed"),
        ("dot", reply(452, "4.2.2 mailbox full"), "failed"),
        ("answer", CUT, "uncertain"),
        ("answer", SILENCE, "uncertain"),
    ],
)
@pytest.mark.parametrize("pipelining", ["yes", pytest.param("no", marks=pytest.mark.long)])
def test_one_readers_lasting_fault_is_theirs_alone(
    sqlite_url: str, stage: str, action: Action, state: str, pipelining: str
) -> None:
    database = Database(sqlite_url)
    issue = started(database, 6)
    with Sink(pipelining=pipelining) as sink:
        sink.fail(stage, action, to=address(2))
        end = send(database, issue, sink, SHORT_LIVED, timeouts=timeouts_for(action))
    expected = {address(n): "sent" for n in range(1, 7)} | {address(2): state}
    assert states(database, issue) == expected
    assert end.state is IssueState.SENT
    with database.read() as connection:
        row = next(row for row in accounts.rows(connection, issue.id) if row["email"] == address(2))
    assert row["code"] == action.code
    assert action.text.partition(" ")[2] in row["text"]
    if action.code // 100 == 4:
        assert row["attempts"] >= 3
    database.close()


@pytest.mark.parametrize("stage", ["RCPT", "MAIL"])
def test_a_refused_recipient_of_a_pipelined_group_never_gets_the_body(sqlite_url: str, stage: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 4)
    with Sink() as sink:
        sink.fail("DATA", reply(354))  # answers DATA with 354 though it has no recipient
        sink.fail(stage, reply(451, "4.7.1 later"), times=3)
        end = send(database, issue, sink)
    assert (end.sent, sink.bodies_without_recipient) == (4, 0)
    assert set(sink.accepted.values()) == {1}
    database.close()


def test_a_server_that_lies_about_pipelining_is_spoken_to_in_lock_step(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 20)
    with Sink(pipelining="lies") as sink:
        end = send(database, issue, sink, timeouts=QUICK)
    assert (end.sent, set(sink.accepted.values())) == (20, {1})
    database.close()


def test_more_messages_than_a_session_may_have(database: Database) -> None:
    issue = started(database, 40)
    with Sink(most_per_session=3) as sink:
        end = send(database, issue, sink)
    assert (end.sent, set(sink.accepted.values())) == (40, {1})
    assert sink.sessions >= 13
    with database.read() as connection:
        assert {row["attempts"] for row in accounts.rows(connection, issue.id)} == {1}


def test_a_server_that_is_down_is_waited_for_and_costs_nobody_a_try(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 10)
    sink = Sink().start()
    sink.stop()
    words: list[str] = []

    def open_later(stop: Callable[[], object]) -> None:
        until(lambda: any("127.0.0.1" in word for word in words))
        sink.start()

    end = send(database, issue, sink, progress=lambda now: words.append(now.reason), meanwhile=open_later)
    sink.stop()
    assert (end.sent, end.reason) == (10, "")
    with database.read() as connection:
        assert {row["attempts"] for row in accounts.rows(connection, issue.id)} == {1}
    database.close()


@pytest.mark.parametrize(
    ("stage", "code", "words"), [("MAIL", 550, "5.7.1 sender unknown"), ("greeting", 554, "5.3.2 no mail here")]
)
def test_a_server_that_refuses_the_sender_pauses_the_issue(sqlite_url: str, stage: str, code: int, words: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 30)
    with Sink() as sink:
        sink.fail(stage, reply(code, words))
        end = send(database, issue, sink, connections=4)
    assert (end.state, end.queued, end.failed) == (IssueState.PAUSED, 30, 0)
    assert words.partition(" ")[2] in end.reason
    database.close()


def test_a_message_above_the_servers_size_is_not_sent_and_burns_nobody(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 15)
    with Sink(size=1000) as sink:
        end = send(database, issue, sink, connections=4)
    assert (end.state, end.queued, sink.received) == (IssueState.PAUSED, 15, [])
    assert "at most 1000" in end.reason
    database.close()


def test_an_issue_that_everyone_refuses_pauses_itself(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 150)
    with Sink() as sink:
        sink.fail("RCPT", reply(550, "5.7.1 blocked"))
        end = send(database, issue, sink)
    assert end.state is IssueState.PAUSED
    assert 100 <= end.failed < 110
    assert "blocked" in end.reason
    database.close()


def test_a_server_that_puts_everyone_off_for_half_an_hour_pauses_the_issue(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 8)
    began = time.monotonic()

    def fast() -> datetime:
        return NOW + 1000 * timedelta(seconds=time.monotonic() - began)

    with Sink() as sink:
        sink.fail("RCPT", reply(451, "4.7.1 not you"))
        end = send(database, issue, sink, PATIENT_POLICY, clock=fast)
    assert (end.state, end.deferred + end.queued, sink.received) == (IssueState.PAUSED, 8, [])
    assert "30 minutes" in end.reason
    assert "not you" in end.reason
    database.close()


def test_who_leaves_during_the_send_gets_nothing_more(database: Database) -> None:
    issue = started(database, 40)
    subscriptions, subscribers = tables.subscriptions, tables.subscribers
    with database.write() as connection:
        refused = {"code": 451, "status": "4.2.0", "text": "try again"}  # in an earlier run
        connection.execute(update(tables.deliveries).values(refused))
    gone: list[str] = []

    def leave(stop: Callable[[], object]) -> None:
        sink.wait_for(3)  # the third waits for its answer; PostgreSQL begins with whom it likes
        waiting = [n for n in range(1, 41) if message_id(n) not in sink.accepted]
        left, moved, erased, renamed = waiting[-4:]
        gone.extend(map(message_id, (left, moved, erased)))
        with database.write() as connection:
            connection.execute(
                update(subscriptions).where(subscriptions.c.subscriber == left).values(state="unsubscribed")
            )
            connection.execute(update(subscriptions).where(subscriptions.c.subscriber == moved).values(edition="world"))
            connection.execute(delete(subscribers).where(subscribers.c.id == erased))
            connection.execute(update(subscribers).where(subscribers.c.id == renamed).values(email="new@home.example"))
        sink.release()

    with Sink() as sink:
        sink.fail("answer", HOLD, after=2)
        end = send(database, issue, sink, connections=1, meanwhile=leave)
    assert (end.state, end.sent, end.skipped) == (IssueState.SENT, 37, 3)
    assert not set(gone) & set(sink.accepted)
    assert sink.recipients["new@home.example"] == 1  # though they had been claimed under the old address
    with database.read() as connection:
        rows = list(accounts.rows(connection, issue.id, "skipped"))
        [home] = [one for one in accounts.by_domain(connection, issue.id) if one.domain == "home.example"]
        assert home.sent == 1
    assert {row["text"] for row in rows} == {"unsubscribed", "moved to another edition", "erased"}
    assert {(row["code"], row["status"]) for row in rows} == {(0, "")}  # no server's answer is why they were skipped


@pytest.mark.postgres
def test_a_run_that_ends_while_others_go_on_says_so(postgres_url: str) -> None:
    database = Database(postgres_url)
    issue = started(database, 3)
    hurried = replace(HASTY, retry_wait=timedelta(milliseconds=300))
    other = open_ledger(database, issue, hurried, "another")
    other.open(NOW)
    assert len(other.claim(10, NOW, frozenset())) == 3
    with Sink() as sink:
        end = send(database, issue, sink, hurried)
    assert (end.state, end.queued, end.reason) == (IssueState.SENDING, 3, "other processes have the rest in hand")
    other.leave(NOW)
    other.let_go()
    database.close()


def test_who_left_before_it_was_their_turn_is_named_to_no_server(database: Database) -> None:
    """Their name would end the session: the server waits for a message by then."""
    issue = started(database, 460)
    left = [*range(1, 451, 2), *range(2, 251)]  # all of the first ones, as many as are claimed at once and more
    with database.write() as connection:
        theirs = tables.subscriptions.c.subscriber.in_(left)
        connection.execute(update(tables.subscriptions).where(theirs).values(state="unsubscribed"))
    told: list[Accounting] = []
    with Sink() as sink:
        end = send(database, issue, sink, connections=4, progress=told.append)
        assert sink.sessions <= 4
        asked = {command for command in sink.commands if command.startswith("RCPT")}
    stay = 460 - len(set(left))
    assert (end.state, end.sent, end.skipped, len(asked)) == (IssueState.SENT, stay, 460 - stay, stay)
    assert {one.sent + one.skipped + one.queued for one in told} == {460}


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_pause_and_cancel_act_within_a_second(database: Database, verb: str) -> None:
    issue = started(database, 600)  # for more than three seconds
    acted: list[float] = []

    def act(stop: Callable[[], object]) -> None:
        sink.wait_for(5)
        if verb == "pause":
            steer.pause(database, issue.id)
        else:
            steer.cancel(database, issue.id, NOW)
        acted.append(time.monotonic())

    with Sink() as sink:
        sink.fail("answer", delay(0.02))
        end = send(database, issue, sink, connections=4, meanwhile=act)
        assert max(m.at for m in sink.received) < acted[0] + 2  # a second, and one for a busy machine
        assert end.state.value == {"pause": "paused", "cancel": "cancelled"}[verb]
        assert (end.sent, end.uncertain) == (len(sink.received), 0)
        assert (end.queued, end.skipped) == ((600 - end.sent, 0) if verb == "pause" else (0, 600 - end.sent))
        if verb == "pause":
            sink.faults.clear()
            steer.resume(database, issue.id)
            end = send(database, issue, sink)
            assert (end.state, end.sent, set(sink.accepted.values())) == (IssueState.SENT, 600, {1})


@pytest.mark.parametrize(
    ("end", "left"),
    [
        (reply(450, "4.2.0 later"), {"skipped": 6}),
        (CUT, {"skipped": 4, "uncertain": 2}),
        (None, {"skipped": 4, "sent": 2}),
    ],
)
def test_what_was_in_flight_as_an_issue_was_cancelled_is_told_as_it_is(
    database: Database, end: Action | None, left: dict[str, int]
) -> None:
    """Nothing of it is tried again; who may have got it is no more skipped than who has."""
    issue = started(database, 6)

    def cancel(stop: Callable[[], object]) -> None:
        until(lambda: sum(line.startswith("MAIL") for line in sink.commands) == 2)
        steer.cancel(database, issue.id, now_utc())
        sink.release()

    with Sink() as sink:
        sink.fail("MAIL", HOLD)
        if end:
            sink.fail("dot", end)
        send(database, issue, sink, meanwhile=cancel)
    assert Counter(line.state for line in lines(database, issue).values()) == left
    assert all(line.due_at is None for line in lines(database, issue).values())


def test_an_answer_names_nobody_who_was_erased_meanwhile(database: Database) -> None:
    issue = started(database, 1)

    def erase(stop: Callable[[], object]) -> None:
        until(lambda: any(line.startswith("MAIL") for line in sink.commands))
        with database.write() as connection:
            erasure.erase(connection, 1, b"person", now_utc())
        sink.release()

    with Sink() as sink:
        sink.fail("MAIL", HOLD)
        sink.fail("RCPT", reply(550, f"5.1.1 {address(1)} is unknown"))
        send(database, issue, sink, connections=1, meanwhile=erase)
    assert lines(database, issue)[1].email == ""
    assert lines(database, issue)[1].text in ("", "erased")  # on SQLite it waits for its first try until it is heard


def test_a_yes_names_nobody_who_was_erased_meanwhile(database: Database) -> None:
    """It counts as sent, whoever it was."""
    issue = started(database, 1)

    def erase(stop: Callable[[], object]) -> None:
        until(lambda: any(line.startswith("MAIL") for line in sink.commands))
        with database.write() as connection:
            erasure.erase(connection, 1, b"person", now_utc())
        sink.release()

    with Sink() as sink:
        sink.fail("MAIL", HOLD)
        sink.fail("answer", reply(250, f"2.0.0 taken for {address(1)}"))
        send(database, issue, sink, connections=1, meanwhile=erase)
    line = lines(database, issue)[1]
    assert (line.state, line.email, line.text) == ("sent", "", "")


def test_what_cost_no_try_is_written_down_all_the_same(database: Database) -> None:
    issue = started(database, 1)
    ledger = open_ledger(database, issue, HASTY, "worker")
    ledger.open(NOW)
    [claim] = ledger.claim(1, NOW, frozenset())
    ledger.turn([], [claim])
    ledger.turn([settle(claim, Outcome(OutcomeKind.BROKEN, 421, "4.3.2", "closing"), HASTY, NOW)], [])
    ledger.leave(NOW)
    ledger.let_go()
    line = lines(database, issue)[1]
    assert (line.state, line.attempts, line.at) == ("queued", 0, NOW)
    assert (line.code, line.status, line.text) == (421, "4.3.2", "closing")


def test_who_was_erased_while_their_session_broke_keeps_no_issue_from_its_end(database: Database) -> None:
    with Sink() as sink:
        issue = started(database, 12)
        sink.fail("RCPT", SILENCE, to=address(7), times=1)

        def erase(stop: Callable[[], object]) -> None:
            until(lambda: any(address(7) in command for command in sink.commands))
            with database.write() as connection:
                erasure.erase(connection, 7, b"person", now_utc())

        end = send(database, issue, sink, connections=1, timeouts=Timeouts(command=2, group=2), meanwhile=erase)
    assert (end.state, end.sent, end.skipped) == (IssueState.SENT, 11, 1)
    assert lines(database, issue)[7].state == "skipped"


def test_a_claim_that_meets_a_locked_database_passes_nobody_over(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 30)
    with database.write() as connection:
        subscribers.readdress(connection, 20, "moved@example.org")  # so the claim has something to write
    ledger = open_ledger(database, issue, HASTY, "worker")
    ledger.open(now_utc())
    with database.write(), pytest.raises(Away):
        ledger.claim(30, now_utc(), frozenset())
    claims = ledger.claim(30, now_utc(), frozenset())
    assert [claim.subscriber for claim in claims] == list(range(1, 31))
    assert claims[19].email == "moved@example.org"
    ledger.let_go()
    database.close()


def test_stop_finishes_what_is_in_flight_and_leaves_the_rest(database: Database) -> None:
    issue = started(database, 200)

    def halt(stop: Callable[[], object]) -> None:
        sink.wait_for(6)
        stop()
        sink.release()

    with Sink() as sink:
        sink.fail("answer", HOLD, after=5)
        end = send(database, issue, sink, meanwhile=halt)
        assert (end.state, end.sent, end.uncertain) == (IssueState.SENDING, len(sink.received), 0)
        assert 0 < end.queued < 200
        sink.faults.clear()
        end = send(database, issue, sink)
    assert (end.state, end.sent, set(sink.accepted.values())) == (IssueState.SENT, 200, {1})


def test_who_stops_a_run_before_the_server_has_greeted_leaves_nobody_in_doubt(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 20)
    with Sink() as sink:
        sink.fail("greeting", SILENCE)

        def stop(halt: Callable[[], object]) -> None:
            time.sleep(0.3)
            halt()

        began = time.monotonic()
        end = send(database, issue, sink, replace(HASTY, on_uncertain="hold"), connections=4, meanwhile=stop)
        assert time.monotonic() - began < 10  # neither a greeting's five minutes nor a message's twenty seconds
        assert (end.queued, end.uncertain) == (20, 0)
        assert {line.attempts for line in lines(database, issue).values()} == {0}
    database.close()


@pytest.mark.parametrize(
    ("faults", "most", "sent"),
    [
        ([("greeting", SILENCE, 1)], 2, 2),  # the session has had its messages
        ([("greeting", SILENCE, 1), ("RCPT", reply(450, "4.2.0 later"), 1)], None, 1),  # it refused one after the other
        ([("greeting", CUT, 0), ("greeting", SILENCE, 0)], None, 0),  # there never was one
    ],
    ids=["worn", "tired", "none"],
)
def test_no_delivery_is_begun_before_the_next_session_is_there(
    sqlite_url: str, faults: list[tuple[str, Action, int]], most: int | None, sent: int
) -> None:
    database = Database(sqlite_url)
    issue = started(database, 8)
    policy = replace(HASTY, on_uncertain="hold", retry_first=timedelta(hours=1), retry_most=timedelta(hours=1))
    with Sink() as sink:
        for number, (stage, action, after) in enumerate(faults):
            times = 1 if number + 1 < len(faults) and faults[number + 1][0] == stage else -1
            sink.fail(stage, action, times=times, after=after)

        def stop(halt: Callable[[], object]) -> None:
            until(lambda: sink.sessions == 2)
            time.sleep(0.3)
            halt()

        end = send(database, issue, sink, policy, connections=1, most=most, meanwhile=stop)
        assert (end.sent, end.uncertain) == (sent, 0)
    database.close()


@pytest.mark.parametrize("on_uncertain", ["retry", "hold"])
@pytest.mark.parametrize(("seconds", "in_time"), [(0.3, True), (1.5, False)])
def test_an_answer_is_written_down_if_it_is_heard_in_the_time_to_finish(
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    on_uncertain: Literal["retry", "hold"],
    seconds: float,
    in_time: bool,
) -> None:
    monkeypatch.setattr("newsletter.services.delivery.oversight.DRAIN_SECONDS", 0.5)
    database = Database(sqlite_url)
    issue = started(database, 20)
    policy = replace(HASTY, on_uncertain=on_uncertain)
    with Sink() as sink:
        sink.fail("answer", delay(seconds))

        def stop(halt: Callable[[], object]) -> None:
            sink.wait_for(1)
            halt()

        send(database, issue, sink, policy, connections=4, meanwhile=stop)
        told = sum(sink.heard.values())
        assert bool(told) is in_time
        assert sum(line.state == "sent" for line in lines(database, issue).values()) == told
        sink.faults.clear()
        send(database, issue, sink, policy, connections=4)
        assert all(copies == 1 for name, copies in sink.heard.items())
    database.close()


def test_a_process_that_ends_again_and_again_does_not_mail_the_same_readers_each_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.services.delivery.oversight.DRAIN_SECONDS", 0.1)
    issue = started(database, 12)
    policy = replace(HASTY, retry_first=timedelta(hours=1), retry_most=timedelta(hours=1))
    set_all(database, issue, code=451, status="4.2.0", text="later")  # what a server said before
    with Sink() as sink:
        sink.fail("answer", SILENCE)
        for number in range(1, 6):

            def stop(halt: Callable[[], object], number: int = number) -> None:
                sink.wait_for(2 * number)
                halt()

            send(database, issue, sink, policy, connections=2, meanwhile=stop)
    assert sum(sink.accepted.values()) == 10
    assert max(sink.accepted.values()) == 2
    told = {(line.state, line.code, line.status, line.text) for line in lines(database, issue).values()}
    stopped = (0, "", "the sender stopped before it heard the server's answer")
    assert told == {("queued", 451, "4.2.0", "later"), ("queued", *stopped), ("deferred", *stopped)}


@pytest.mark.postgres
def test_a_chunk_with_fewer_readers_than_sessions_waits_for_a_server_that_is_slow_to_greet(furnished_url: str) -> None:
    database = Database(furnished_url)
    issue = started(database, 2)
    with database.read() as connection:
        row = connection.execute(select(tables.chunks)).one()
        chunk = chunks.get(connection, issue.id, row.number, row.job)
    with Sink() as sink:
        sink.fail("greeting", delay(0.6))
        send(database, issue, sink, connections=4, chunk=chunk)
        assert sink.accepted == Counter({message_id(1): 1, message_id(2): 1})
    database.close()


def play(monkeypatch: pytest.MonkeyPatch, **methods: Callable[..., Any]) -> None:
    """Runs get a ledger of which these methods are played; each is given the real ledger first."""

    def opened(*given: Any) -> PlayedLedger:
        ledger = PlayedLedger(open_ledger(*given))
        ledger.play(**{name: functools.partial(method, ledger.real) for name, method in methods.items()})
        return ledger

    monkeypatch.setattr("newsletter.services.delivery.deliver.open_ledger", opened)


def test_what_was_heard_while_the_database_was_away_is_written_down_as_soon_as_it_is_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "STORE_PATIENCE", 0.3)
    issue = started(database, 20)
    away = [0.0, 0.0]

    def refused(real: Ledger, reported: Sequence[Any], claims: Sequence[Claim]) -> dict[int, Claim]:
        if reported and not away[0] and len(sink.received) > 5:
            away[:] = [time.monotonic(), time.monotonic() + 0.6]
        if away[0] < time.monotonic() < away[1]:
            raise Away("away")
        return real.turn(reported, claims)

    play(monkeypatch, turn=refused)
    with Sink() as sink:
        with pytest.raises(StoreError, match="away"):
            send(database, issue, sink, connections=1)
        told = sum(sink.heard.values())
        assert sum(line.state == "sent" for line in lines(database, issue).values()) == told
        send(database, issue, sink, connections=1)
    assert set(sink.accepted.values()) == {1}


def test_a_run_that_cannot_begin_holds_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "STORE_PATIENCE", 0.1)
    issue = started(database, 3)

    def locked(real: Ledger, *given: object) -> list[Claim]:
        raise Away("locked")

    with Sink() as sink:
        with monkeypatch.context() as refused, pytest.raises(StoreError, match="locked") as failed:
            play(refused, claim=locked)
            send(database, issue, sink)
        assert send(database, issue, sink).sent == 3
    assert failed  # kept to the end, and with it all that stood on its stack


def test_every_worker_gives_its_session_back_however_it_ends(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[SmtpConnection] = []
    close = SmtpConnection.close

    async def count(self: SmtpConnection) -> None:
        closed.append(self)
        await close(self)

    monkeypatch.setattr(SmtpConnection, "close", count)
    monkeypatch.setattr("newsletter.services.delivery.oversight.DRAIN_SECONDS", 0.2)
    database = Database(sqlite_url)
    issue = started(database, 20)
    with Sink() as sink:
        sink.fail("answer", SILENCE)

        def stop(halt: Callable[[], object]) -> None:
            sink.wait_for(4)
            halt()

        send(database, issue, sink, connections=4, meanwhile=stop)
    assert len(set(closed)) == 4
    database.close()


def test_uncertain_deliveries_are_held_when_the_policy_says_so(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 5)
    with Sink() as sink:
        sink.fail("answer", CUT, to="reader3@d0.example", times=1)
        end = send(database, issue, sink, replace(HASTY, on_uncertain="hold"))
    assert (end.state, end.sent, end.uncertain) == (IssueState.SENT, 4, 1)
    assert set(sink.accepted.values()) == {1}
    database.close()


def test_a_run_ends_when_waiting_would_take_too_long_and_another_carries_on(database: Database) -> None:
    issue = started(database, 5)
    policy = replace(HASTY, retry_first=timedelta(seconds=30), retry_most=timedelta(minutes=1))
    with Sink() as sink:
        sink.fail("RCPT", reply(451, "4.2.0 greylisted"), to="reader1@d1.example")
        end = send(database, issue, sink, replace(policy, retry_wait=timedelta(seconds=1)))
        assert (end.state, end.sent, end.deferred) == (IssueState.SENDING, 4, 1)
        assert end.reason
        assert end.seconds < 20  # it did not wait for the retry
        sink.faults.clear()
        with database.write() as connection:
            connection.execute(update(tables.deliveries).values(due_at=NOW))
        end = send(database, issue, sink, policy)
    assert (end.state, end.sent) == (IssueState.SENT, 5)


def test_a_clock_set_back_delays_no_retry_for_ever(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 1)
    with database.write() as connection:
        far = now_utc() + timedelta(days=400)
        connection.execute(update(tables.deliveries).values(state="deferred", attempts=1, first_at=far, due_at=far))
    with Sink() as sink:
        assert send(database, issue, sink).sent == 1
    database.close()


def test_after_a_clock_set_back_a_retry_is_looked_for_within_the_longest_pause(database: Database) -> None:
    issue, most = started(database, 1), timedelta(hours=1)
    set_all(database, issue, state="deferred", due_at=NOW + timedelta(days=400))
    with database.read() as connection:
        assert deliveries.next_due(connection, issue.id, NOW, most) == NOW + most
    set_all(database, issue, due_at=NOW + timedelta(minutes=5))
    with database.read() as connection:
        assert deliveries.next_due(connection, issue.id, NOW, most) == NOW + timedelta(minutes=5)


def test_a_draft_is_not_delivered(database: Database) -> None:
    issue = draft(database)
    with Sink() as sink, pytest.raises(WrongState, match="draft"):
        send(database, issue, sink)


def test_two_senders_mail_everyone_once(database: Database) -> None:
    """On SQLite the second one is told so; on PostgreSQL they share the work."""
    issue = started(database, 300)
    second: list[object] = []

    def also_send(stop: Callable[[], object]) -> None:
        sink.wait_for(5)
        try:
            second.append(send(database, issue, sink, progress=lambda now: sink.release()))
        except Busy as error:
            second.append(error)
            sink.release()

    with Sink() as sink:
        sink.fail("answer", HOLD, after=20)
        end = send(database, issue, sink, meanwhile=also_send)
    assert (end.state, set(sink.accepted.values())) == (IssueState.SENT, {1})
    assert len(sink.received) == 300
    assert isinstance(second[0], Busy if database.is_sqlite else Accounting)


def test_a_second_sender_may_wait_for_the_first(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 50)
    patient = replace(HASTY, lock_wait=timedelta(seconds=20))

    def also_send(stop: Callable[[], object]) -> None:
        sink.wait_for(2)
        assert send(database, issue, sink, patient).state is IssueState.SENT

    with Sink() as sink:
        sink.fail("answer", delay(0.02))
        assert send(database, issue, sink, meanwhile=also_send).sent == 50
    assert set(sink.accepted.values()) == {1}
    database.close()


def test_a_locked_database_holds_the_send_up_and_loses_nothing(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 60)

    def lock(stop: Callable[[], object]) -> None:
        sink.wait_for(5)
        with database.write():
            sink.release()
            time.sleep(0.8)

    with Sink() as sink:
        sink.fail("answer", HOLD, after=5)
        end = send(database, issue, sink, meanwhile=lock)
    assert (end.sent, set(sink.accepted.values())) == (60, {1})
    database.close()


def test_a_full_disk_stops_the_send_and_what_was_not_written_is_in_doubt(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "STORE_PATIENCE", 0.5)
    database = Database(sqlite_url)
    issue = started(database, 400)

    def fill(stop: Callable[[], object]) -> None:
        sink.wait_for(21)
        limit_files(1)
        sink.release()

    with Sink() as sink:
        sink.fail("answer", HOLD, after=20)
        sink.fail("RCPT", reply(450, "4.2.0 " + "a long answer " * 30), after=30)
        try:
            with pytest.raises(StoreError, match="cannot be written: "):
                send(database, issue, sink, meanwhile=fill)
        finally:
            limit_files(resource.RLIM_INFINITY)
        sink.faults.clear()
        end = send(database, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, 400)
    assert sum(sink.accepted.values()) - 400 <= 2  # one a connection
    database.close()


def test_a_disk_that_refuses_to_sync_is_named(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(sqlite_url)
    issue = started(database, 5)

    def refuse(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Sink() as sink, monkeypatch.context() as broken:
        broken.setattr("newsletter.store.database.os.fsync", refuse)
        with pytest.raises(StoreError, match=r"-wal: the disk does not take what is written there: Input/output error"):
            send(database, issue, sink)
    with Sink() as sink:
        assert send(database, issue, sink).sent == 5
    database.close()


def limit_files(most: int) -> None:
    """What a full disk is to a process: no file of it may grow beyond `most` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_progress_is_told_often_and_ends_with_the_truth(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 50)
    told: list[Accounting] = []
    with Sink() as sink:
        sink.fail("answer", delay(0.05))
        end = send(database, issue, sink, progress=told.append)
    assert told[-1] == end
    assert 3 <= len(told) <= 10 * end.seconds + 2
    assert [now.sent for now in told] == sorted(now.sent for now in told)
    assert all(now.sent + now.queued == 50 for now in told)
    database.close()


def test_a_warm_up_plans_day_is_shared_with_other_processes(database: Database) -> None:
    """What another process has sent since this run began counts as well."""
    subscribe(database, 30)
    issue = draft(database)
    steer.start(database, 1, NOW)
    day = Day(NOW.date(), 10, NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    ledger = open_ledger(database, issue, DeliveryPolicy(), "w")
    ledger.open(NOW)
    nobody = frozenset[str]()
    assert len(ledger.claim(4, NOW, nobody, day)) == 4
    with database.write() as connection:
        others = update(tables.deliveries).where(tables.deliveries.c.id > 25)
        connection.execute(others.values(state="sent", attempts=1, at=NOW))
    assert len(ledger.claim(20, NOW, nobody, day)) == 1
    assert ledger.claim(20, NOW, nobody, day) == []
    ledger.leave(NOW)
    ledger.let_go()
