"""What every transport promises (newsletter.transports.base), held against each adapter and two real servers."""

from __future__ import annotations

import asyncio
import email
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter.domain.delivery import Envelope, Outcome, OutcomeKind
from newsletter.loop import run
from newsletter.transports.base import Transport
from newsletter.transports.fleet import FleetTransport
from newsletter.transports.folder import FolderTransport
from newsletter.transports.smtp import SmtpTransport
from tests.limits import FILE_BYTES, limited
from tests.second_server import Keep, SecondServer
from tests.smtp_sink import Sink, reply

HEAD = b"To: anna@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: Hello\r\n\r\n"
TO = Envelope("bounces@example.org", "anna@example.org")


@dataclass
class Case:
    transport: Transport
    arrived: Any  # () -> list[bytes]


@contextmanager
def into_sink(pipelining: str) -> Iterator[Case]:
    with Sink(pipelining=pipelining) as sink:
        yield Case(SmtpTransport("127.0.0.1", sink.port), lambda: [m.content for m in sink.received])


@contextmanager
def into_fleet() -> Iterator[Case]:
    with Sink() as first, Sink() as second:
        servers = [SmtpTransport("127.0.0.1", sink.port, connections=4) for sink in (first, second)]
        yield Case(FleetTransport(servers), lambda: [m.content for m in [*first.received, *second.received]])


@contextmanager
def into_aiosmtpd() -> Iterator[Case]:
    kept = Keep()
    server = SecondServer(kept)
    server.start()
    yield Case(SmtpTransport("127.0.0.1", server.port), lambda: kept.messages)
    server.stop()


@contextmanager
def into_folder(path: Path) -> Iterator[Case]:
    def arrived() -> list[bytes]:
        files = sorted((path / "out").glob("*.eml"))
        return [file.read_bytes().split(b"\r\n", 2)[2] for file in files]

    yield Case(FolderTransport(path / "out"), arrived)


@pytest.fixture(params=["pipelined", "lock-step", "aiosmtpd", "fleet", "folder"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    doors = {
        "pipelined": lambda: into_sink("yes"),
        "lock-step": lambda: into_sink("no"),
        "aiosmtpd": into_aiosmtpd,
        "fleet": into_fleet,
        "folder": lambda: into_folder(tmp_path),
    }
    with doors[request.param]() as opened:
        yield opened


def send(transport: Transport, *messages: tuple[Envelope, Sequence[bytes]]) -> list[Outcome]:
    async def main() -> list[Outcome]:
        connection = transport.connection()
        outcomes = [await connection.send(envelope, message) for envelope, message in messages]
        await connection.close()
        return outcomes

    return run(main())


def test_a_message_arrives_byte_for_byte(case: Case) -> None:
    body = [
        HEAD,
        b".one\r\n",
        b"..two\r\n.",
        b"\r\n",
        b"",
        b".three\r\n" + b"x" * 990 + b"\r\n" + b"long line\r\n" * 900,
    ]
    [outcome] = send(case.transport, (TO, body))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.code == 250
    assert case.arrived() == [b"".join(body)]


def test_a_message_without_a_last_line_end_gets_one(case: Case) -> None:
    send(case.transport, (TO, [HEAD, b"end"]))
    assert case.arrived()[0].removesuffix(b"\r\n") == HEAD + b"end"


def test_one_connection_takes_many_messages(case: Case) -> None:
    messages = [
        (Envelope("b@example.org", f"r{n}@example.org"), [HEAD.replace(b"<1@", b"<%d@" % n), b"text %d\r\n" % n])
        for n in range(30)
    ]
    assert {outcome.kind for outcome in send(case.transport, *messages)} == {OutcomeKind.ACCEPTED}
    bodies = sorted(int(email.message_from_bytes(content).get_payload().split()[1]) for content in case.arrived())
    assert bodies == list(range(30))


def test_who_was_named_as_following_gets_nothing_by_that(case: Case) -> None:
    envelopes = [Envelope("b@example.org", f"r{n}@example.org") for n in range(4)]

    async def main() -> list[Outcome]:
        connection = case.transport.connection()
        named = [*envelopes[1:3], Envelope("b@example.org", "nobody@example.org"), None]  # the third is not kept to
        outcomes = [
            await connection.send(envelope, [HEAD.replace(b"<1@", b"<%d@" % n), b"text %d\r\n" % n], following)
            for n, (envelope, following) in enumerate(zip(envelopes, named, strict=True))
        ]
        await connection.close()
        return outcomes

    assert {outcome.kind for outcome in run(main())} == {OutcomeKind.ACCEPTED}
    bodies = sorted(int(email.message_from_bytes(content).get_payload().split()[1]) for content in case.arrived())
    assert bodies == [0, 1, 2, 3]


def test_many_connections_work_beside_each_other(case: Case) -> None:
    async def main() -> list[Outcome]:
        connections = [case.transport.connection() for _ in range(5)]
        outcomes = await asyncio.gather(
            *(c.send(Envelope("", f"r{n}@example.org"), [HEAD, b"x\r\n"]) for n, c in enumerate(connections))
        )
        await asyncio.gather(*(connection.close() for connection in connections))
        return outcomes

    assert [outcome.kind for outcome in run(main())] == [OutcomeKind.ACCEPTED] * 5
    assert len(case.arrived()) == 5


def test_a_session_may_be_opened_before_there_is_a_message(case: Case) -> None:
    async def main() -> Outcome:
        connection = case.transport.connection()
        assert await connection.open(TO) is None
        assert connection.is_open
        outcome = await connection.send(TO, [HEAD, b"x\r\n"])
        await connection.close()
        return outcome

    assert run(main()).kind is OutcomeKind.ACCEPTED
    assert len(case.arrived()) == 1


@pytest.mark.parametrize("fleet", [False, True])
def test_a_session_that_is_not_to_be_had_is_said_before_a_message_is_risked(fleet: bool) -> None:
    with Sink() as sink:
        sink.fail("greeting", reply(421, "4.3.2 later"))
        door = SmtpTransport("127.0.0.1", sink.port)

        async def main() -> tuple[Outcome | None, bool]:
            connection = (FleetTransport([door]) if fleet else door).connection()
            trouble = await connection.open(TO)
            return trouble, connection.is_open

        assert run(main()) == (Outcome(OutcomeKind.BROKEN, 421, "4.3.2", "later", early=True), False)


def test_closing_an_unused_connection_is_nothing(case: Case) -> None:
    assert send(case.transport) == []


def test_the_folder_keeps_one_file_for_the_same_message(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path)
    send(transport, (TO, [HEAD, b"x\r\n"]), (TO, [HEAD, b"x\r\n"]), (Envelope("", "b@example.org"), [HEAD, b"x\r\n"]))
    assert sorted(path.name.partition("-")[0] for path in tmp_path.iterdir()) == ["anna@example.org", "b@example.org"]


def test_a_folder_that_cannot_be_written_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    [outcome] = send(FolderTransport(tmp_path / "file"), (TO, [HEAD]))
    assert outcome.kind is OutcomeKind.BROKEN
    assert "file" in outcome.text


def test_half_a_message_is_none_in_the_folder(tmp_path: Path) -> None:
    """The disk is full: whoever reads the folder sees nothing of it."""
    with limited(FILE_BYTES, 1_000_000):
        [outcome] = send(FolderTransport(tmp_path), (TO, [HEAD, b"x" * 70 + b"\r\n", b"y" * 2_000_000]))
    assert outcome.kind is OutcomeKind.BROKEN
    assert not list(tmp_path.glob("*.eml"))
    [outcome] = send(FolderTransport(tmp_path), (TO, [HEAD, b"x\r\n"]))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert [path.name.partition("-")[0] for path in tmp_path.iterdir()] == ["anna@example.org"]


@pytest.mark.parametrize(
    "recipient", ["../../etc/x@example.org", "a/b@example.org", "\\x@example.org", "ä@example.org"]
)
def test_no_address_leaves_the_folder(tmp_path: Path, recipient: str) -> None:
    [outcome] = send(FolderTransport(tmp_path / "out"), (Envelope("", recipient), [HEAD]))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert [path.parent for path in tmp_path.rglob("*.eml")] == [tmp_path / "out"]
