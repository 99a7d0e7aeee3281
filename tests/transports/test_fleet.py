"""Several mail servers: each carries its share, one that is down rests, and no message pays for it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import DeliveryPolicy, Envelope, Outcome, OutcomeKind
from newsletter.domain.issue import IssueState
from newsletter.loop import run
from newsletter.services import steer
from newsletter.services.delivery.copies import Copies
from newsletter.services.delivery.deliver import deliver
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.means import Means
from newsletter.store.database import Database
from newsletter.transports.base import Connection
from newsletter.transports.fleet import FleetTransport
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_wire import Timeouts
from tests.ledger import NOW, RETURN_PATH, draft, message, message_id, reader, subscribe
from tests.smtp_sink import CUT, SILENCE, Action, Sink, delay, reply

PATIENT = Timeouts(connect=20, greeting=20, command=20, group=20, data=20, block=20, dot=20, quit=0.5)


def fleet(*servers: tuple[int, int]) -> FleetTransport:
    """Of (port, connections)."""
    return FleetTransport(
        [SmtpTransport("127.0.0.1", port, connections=number, timeouts=PATIENT) for port, number in servers]
    )


async def post(connection: Connection, number: int) -> Outcome:
    body = b"Message-ID: <%d@example.org>\r\n\r\nHello\r\n" % number
    return await connection.send(Envelope(RETURN_PATH, f"r{number}@example.org"), [body])


def with_all(transport: FleetTransport, work: Callable[[list[Connection]], Awaitable[object]]) -> None:
    async def main() -> None:
        connections: list[Connection] = [transport.connection() for _ in range(transport.connections)]
        await work(connections)
        for connection in connections:
            await connection.close()
        assert [ship.taken for ship in transport.ships] == [0] * len(transport.ships)

    run(main())


async def rounds(connections: list[Connection], first: int, number: int) -> list[Outcome]:
    """Every connection sends so many, all at a time."""

    async def one(at: int) -> list[Outcome]:
        return [await post(connections[at], first + at * number + n) for n in range(number)]

    return [outcome for each in await asyncio.gather(*map(one, range(len(connections)))) for outcome in each]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_messages_are_spread_by_connections() -> None:
    with Sink() as big, Sink() as small:

        async def work(connections: list[Connection]) -> None:
            outcomes = await rounds(connections, 0, 5)
            assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}

        with_all(fleet((big.port, 3), (small.port, 1)), work)
    assert (len(big.received), len(small.received)) == (15, 5)
    assert (big.sessions, small.sessions) == (3, 1)


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "down"])
def test_a_server_that_will_not_have_us_costs_no_message_and_comes_back(stage: str) -> None:
    sick = Sink()
    with Sink() as well:
        if stage == "down":
            sick.port = free_port()
        else:
            sick.start()
            sick.fail(stage, reply(421, "4.3.2 not now"))

        async def work(connections: list[Connection]) -> None:
            at_sick = next(c for c in connections if c._order[0].transport.server.port == sick.port)
            outcomes = [await post(at_sick, 1), await post(at_sick, 2)]
            assert outcomes[1].kind is OutcomeKind.ACCEPTED
            assert outcomes[0].kind is (OutcomeKind.BROKEN if stage == "MAIL" else OutcomeKind.ACCEPTED)
            assert not sick.received
            sick.faults.clear()
            if stage == "down":
                sick.start()
            while not sick.received:
                assert (await post(at_sick, 3)).kind is OutcomeKind.ACCEPTED
                await asyncio.sleep(0.02)

        try:
            with_all(fleet((sick.port, 2), (well.port, 2)), work)
        finally:
            sick.stop()


@pytest.mark.parametrize("stage", ["down", "greeting", "MAIL"])
def test_what_all_sessions_of_a_server_see_at_once_is_one_failure(stage: str) -> None:
    """Else a server that was away for a moment would rest for minutes, for each session doubles the pause."""
    sick = Sink(port=free_port())
    with Sink() as well:
        if stage != "down":
            sick.start()
            sick.fail(stage, reply(421, "4.3.2 not now"))
        transport = fleet((sick.port, 8), (well.port, 8))

        async def work(connections: list[Connection]) -> None:
            await rounds(connections, 0, 1)
            [failures] = [ship.failures for ship in transport.ships if ship.name.endswith(f":{sick.port}")]
            assert failures == 1
            sick.faults.clear()
            if stage == "down":
                sick.start()
            began = time.monotonic()
            while len(sick.received) < 8:
                await rounds(connections, 100, 1)
                await asyncio.sleep(0.02)
                assert time.monotonic() - began < 10

        try:
            with_all(transport, work)
        finally:
            sick.stop()


def test_no_server_is_asked_for_more_sessions_than_its_own() -> None:
    with Sink() as well:

        async def work(connections: list[Connection]) -> None:
            outcomes = await rounds(connections, 0, 5)
            accepted = [outcome for outcome in outcomes if outcome.kind is OutcomeKind.ACCEPTED]
            assert len(accepted) >= 10
            assert all(outcome.early for outcome in outcomes if outcome.kind is OutcomeKind.BROKEN)
            assert well.open_sessions <= 2

        with_all(fleet((free_port(), 6), (well.port, 2)), work)


def test_when_all_are_down_the_answer_says_so_and_nobody_knocks_all_the_time() -> None:
    with Sink() as sink:
        sink.fail("greeting", reply(421, "4.3.2 not now"))

        async def work(connections: list[Connection]) -> None:
            outcomes = [await post(connections[0], n) for n in range(20)]
            assert {outcome.kind for outcome in outcomes} == {OutcomeKind.BROKEN}
            assert all(outcome.early for outcome in outcomes)
            assert outcomes[0].text
            assert outcomes[-1].text
            assert sink.sessions <= 3

        with_all(fleet((free_port(), 1), (sink.port, 1)), work)


def test_what_is_said_of_a_recipient_is_no_failure_of_the_server() -> None:
    with Sink() as first, Sink() as second:
        first.fail("RCPT", reply(451, "4.7.1 later"))

        async def work(connections: list[Connection]) -> None:
            outcomes = [await post(connections[0], n) for n in range(3)]
            assert {outcome.kind for outcome in outcomes} == {OutcomeKind.DEFERRED}
            assert not second.received

        with_all(fleet((first.port, 1), (second.port, 1)), work)


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("greeting", reply(554, "5.7.1 your address is on a list")),
        ("RCPT", reply(554, "5.7.1 relay access denied")),
        ("RCPT", reply(550, "5.7.1 client host blocked")),
        ("RCPT", reply(550, "blocked")),
        ("DATA", reply(554, "5.7.1 not from you")),
        ("dot", reply(554, "5.7.1 looks like spam")),
    ],
)
def test_a_server_that_will_have_none_of_us_neither_stops_an_issue_nor_fails_its_readers(
    sqlite_url: str, stage: str, answer: Action
) -> None:
    with Sink() as good, Sink() as bad:
        bad.fail(stage, answer)
        good.fail("dot", delay(0.3), times=6)  # the refusals are quicker, and there are more to hear them
        end, accepted = delivered(sqlite_url, 60, fleet((good.port, 3), (bad.port, 14))), good.accepted
    assert (end.state, end.sent, end.failed) == (IssueState.SENT, 60, 0)
    assert accepted == {message_id(n): 1 for n in range(1, 61)}


@pytest.mark.parametrize("stage", ["RCPT", "dot"])
def test_a_server_that_turns_against_us_fails_a_few_readers_and_no_more(sqlite_url: str, stage: str) -> None:
    with Sink() as good, Sink() as bad:
        bad.fail(stage, reply(550, "5.7.1 your host is on a list now"), after=20)
        end = delivered(sqlite_url, 300, fleet((good.port, 4), (bad.port, 4)))
        lost, both = end.failed, good.accepted + bad.accepted
    assert (end.state, end.sent + lost) == (IssueState.SENT, 300)
    assert lost <= 12  # some in a row may have been at fault
    assert set(both.values()) == {1}
    assert both.total() == end.sent


@pytest.mark.parametrize("stage", ["RCPT", "dot"])
def test_a_refusal_is_not_believed_while_the_other_server_is_only_away(sqlite_url: str, stage: str) -> None:
    """It was: a whole list failed for good in the second in which the good server was started anew."""
    with Sink() as good, Sink() as bad:
        bad.fail(stage, reply(554, "5.7.1 your host is on a list"))
        good.fail("greeting", reply(421, "4.3.2 restarting"), times=1)
        end, accepted = delivered(sqlite_url, 30, fleet((good.port, 2), (bad.port, 2))), good.accepted
    assert (end.state, end.sent, end.failed) == (IssueState.SENT, 30, 0)
    assert accepted.total() == 30


def test_one_message_alone_finds_the_server_that_takes_it() -> None:
    with Sink() as good, Sink() as bad:
        bad.fail("RCPT", reply(554, "5.7.1 your host is on a list"))

        async def work(connections: list[Connection]) -> None:
            assert (await post(connections[0], 1)).kind is OutcomeKind.ACCEPTED

        with_all(fleet((bad.port, 1), (good.port, 1)), work)
        assert good.accepted.total() == 1
        good.fail("RCPT", reply(550, "no such user"))

        async def to_nobody(connections: list[Connection]) -> None:
            outcome = await post(connections[0], 2)
            assert (outcome.kind, outcome.code) == (OutcomeKind.REJECTED, 550)

        with_all(fleet((bad.port, 1), (good.port, 1)), to_nobody)
        good.fail("greeting", reply(421, "4.3.2 restarting"))

        async def while_the_other_is_away(connections: list[Connection]) -> None:
            outcome = await post(connections[0], 3)
            assert (outcome.kind, outcome.text) == (OutcomeKind.BROKEN, "your host is on a list")

        with_all(fleet((bad.port, 1), (good.port, 1)), while_the_other_is_away)


def test_an_address_that_nobody_knows_fails_at_the_first_server_that_says_so() -> None:
    with Sink() as one, Sink() as other:
        one.fail("RCPT", reply(550, "5.1.1 no such user"))
        other.fail("RCPT", reply(550, "5.1.1 no such user"))

        async def work(connections: list[Connection]) -> None:
            assert [(await post(connections[0], number)).kind for number in range(9)] == [OutcomeKind.REJECTED] * 9

        with_all(fleet((one.port, 1), (other.port, 1)), work)


def test_a_server_that_takes_our_mail_and_will_not_relay_to_one_reader_means_the_reader() -> None:
    with Sink() as one, Sink() as other:
        one.fail("RCPT", reply(550, "5.7.1 relay access denied"), to="r1@example.org")

        async def work(connections: list[Connection]) -> None:
            kinds = [(await post(connections[0], number)).kind.value for number in range(3)]
            assert kinds == ["accepted", "rejected", "accepted"]

        with_all(fleet((one.port, 1), (other.port, 1)), work)
    assert (len(one.received), len(other.received)) == (2, 0)  # and it need not rest for that


def test_what_every_server_refuses_is_refused(sqlite_url: str) -> None:
    with Sink() as one, Sink() as other:
        for sink in (one, other):
            sink.fail("RCPT", reply(550, "no mail for them"), to="reader1@d1.example")
        end = delivered(sqlite_url, 40, fleet((one.port, 2), (other.port, 2)))
    assert (end.state, end.sent, end.failed) == (IssueState.SENT, 39, 1)


def test_what_all_servers_say_of_us_is_told_and_what_one_says_is_not() -> None:
    with Sink() as one, Sink() as other:
        one.fail("greeting", reply(554, "5.7.1 your address is on a list"))
        other.fail("MAIL", reply(550, "5.1.8 sender not allowed"))

        async def work(connections: list[Connection]) -> None:
            first = await post(connections[0], 1)  # to the other one, for the first refuses even a session
            assert (first.kind, first.code, first.text) == (OutcomeKind.BROKEN, 550, "sender not allowed")
            other.faults.clear()

        async def another(connections: list[Connection]) -> None:
            other.fail("MAIL", reply(550, "5.1.8 sender not allowed"))
            one.faults.clear()
            first = await post(connections[1], 1)  # whose home is the other one
            assert (first.kind, first.code, first.text) == (OutcomeKind.BROKEN, 0, "sender not allowed")

        with_all(fleet((one.port, 1), (other.port, 1)), work)
        with_all(fleet((one.port, 1), (other.port, 1)), another)


def test_a_session_cut_after_the_dot_is_in_doubt_and_sent_nowhere_else() -> None:
    with Sink() as first, Sink() as second:
        first.fail("answer", CUT)

        async def work(connections: list[Connection]) -> None:
            assert (await post(connections[0], 1)).kind is OutcomeKind.UNCERTAIN
            assert not second.received

        with_all(fleet((first.port, 1), (second.port, 1)), work)


def delivered(url: str, readers: int, transport: FleetTransport) -> Accounting:
    """How a new issue to so many ended."""
    database = Database(url)
    subscribe(database, readers)
    issue = draft(database)
    steer.start(database, issue.id, NOW)
    policy = DeliveryPolicy(retry_first=timedelta(seconds=0.1), retry_most=timedelta(seconds=0.2))
    copies = Copies(message(), reader, RETURN_PATH)
    errand = Errand(database, issue, copies, policy, lambda: datetime.now(UTC))
    try:
        return run(deliver(errand, Means(transport), lambda now: None, asyncio.Event()))
    finally:
        database.close()


def test_nobody_waits_for_a_server_that_does_not_greet_while_another_is_idle(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its sessions had a reader in hand until its greeting was given up, for five minutes."""
    monkeypatch.setattr("newsletter.services.delivery.deliver._LONG_OPENING", 0.1)
    with Sink() as first, Sink() as second:
        first.fail("greeting", SILENCE)
        end = delivered(sqlite_url, 60, fleet((first.port, 4), (second.port, 2)))
    assert (end.state, len(second.received)) == (IssueState.SENT, 60)
    assert end.seconds < PATIENT.greeting / 2


def test_a_server_that_is_slow_to_greet_is_not_asked_for_a_session_by_all(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For one reader: whoever opens a session keeps the delivery while nobody else could send it."""
    monkeypatch.setattr("newsletter.services.delivery.deliver._LONG_OPENING", 0.05)
    with Sink() as sink:
        sink.fail("greeting", delay(0.5), times=9)
        end = delivered(sqlite_url, 1, fleet((sink.port, 6)))
        assert (end.sent, sink.sessions) == (1, 1)


def test_an_issue_loses_nobody_when_one_server_dies_on_the_way(sqlite_url: str) -> None:
    with Sink() as first, Sink() as second:
        first.fail("MAIL", CUT, after=60)
        end = delivered(sqlite_url, 300, fleet((first.port, 3), (second.port, 3)))
        assert end.state is IssueState.SENT
        assert len(first.received) == 60
        assert first.accepted + second.accepted == {message_id(n): 1 for n in range(1, 301)}


@pytest.mark.parametrize("pipelining", ["yes", "no"])
def test_a_session_is_closed_before_it_carries_too_many(pipelining: str) -> None:
    with Sink(pipelining=pipelining, most_per_session=5) as sink:

        async def main() -> list[Outcome]:
            connection = SmtpTransport("127.0.0.1", sink.port, timeouts=PATIENT, most=5).connection()
            envelopes = [Envelope(RETURN_PATH, f"r{n}@example.org") for n in range(18)]
            outcomes = [
                await connection.send(envelope, [b"Message-ID: <%d@example.org>\r\n\r\nx\r\n" % n], following)
                for n, (envelope, following) in enumerate(zip(envelopes, [*envelopes[1:], None], strict=True))
            ]
            await connection.close()
            return outcomes

        assert {outcome.kind for outcome in run(main())} == {OutcomeKind.ACCEPTED}
    assert sink.sessions == 4
    assert sink.commands.count("QUIT") == 4


def test_what_is_said_before_the_recipient_is_named_is_early() -> None:
    with Sink() as sink:
        connection = SmtpTransport("127.0.0.1", sink.port, timeouts=PATIENT).connection()

        async def main() -> list[bool]:
            early = []
            for stage in ("greeting", "MAIL", "RCPT", "dot"):
                sink.faults.clear()
                sink.fail(stage, reply(421, "4.7.0 busy"))
                early.append((await post(connection, 1)).early)
            return early

        assert run(main()) == [True, True, False, False]
