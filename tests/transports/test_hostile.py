"""SMTP servers that mean harm, or are mad: what they say must not fill our memory, reach the terminal or pass for more.

Each says, word for word, what a test gives it: the greeting, then one answer for each line or message that comes.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Literal

import pytest

from newsletter.domain.delivery import UNSUITED, Envelope, Outcome, OutcomeKind
from newsletter.loop import run
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_wire import Timeouts

QUICK = Timeouts(connect=5, greeting=5, command=5, group=5, data=5, block=5, dot=5, quit=0.2)
MESSAGE = [b"Message-ID: <1@example.org>\r\n\r\nHello\r\n"]
BIG = [*MESSAGE, *[b"y" * 998 + b"\r\n"] * 20_000]
PLAIN = b"250 here\r\n"
ENVELOPE = Envelope("b@example.org", "anna@example.org")


class Script:
    """A server by heart. After the last answer it listens on, and keeps what it hears in `heard`."""

    def __init__(self, *answers: bytes, cut: bool = False) -> None:
        self._answers = answers
        self._cut = cut
        self.heard = b""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for number, answer in enumerate(self._answers):
                if number:
                    self.heard += await reader.readuntil(b"\n")
                writer.write(answer)
                await writer.drain()
            if not self._cut:
                while more := await reader.read(64 * 1024):
                    self.heard += more
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening(script: Script) -> AsyncIterator[int]:
    server = await asyncio.start_server(script.talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def told(script: Script, message: Sequence[bytes] = MESSAGE, timeouts: Timeouts = QUICK, **options: Any) -> Outcome:
    """What comes of one message."""

    async def main() -> Outcome:
        async with listening(script) as port:
            transport = SmtpTransport("127.0.0.1", port, timeouts=timeouts, **options)
            connection = transport.connection()
            outcome = await connection.send(ENVELOPE, message)
            await connection.close()
            return outcome

    return run(main())


@pytest.mark.parametrize("flood", [b"250-\r\n", b"250 fine\r\n", b"250-" + b"x" * 64_000, b"x"])
def test_an_answer_without_an_end_is_not_kept(flood: bytes) -> None:
    """Each line may be short, or a whole answer: what nobody asked for is no mail server's, and memory has an end."""

    async def main() -> int:
        script = Script(b"220 hi\r\n" + flood * (8 * 1024 * 1024 // len(flood)))
        async with listening(script) as port:
            transport = SmtpTransport("127.0.0.1", port, timeouts=QUICK)
            connection = transport.connection()
            outcome = await connection.send(ENVELOPE, MESSAGE)
            assert outcome.kind is OutcomeKind.BROKEN
            await connection.close()
            return len(script.heard)

    assert run(main()) == 0  # it was left before it had said all, and never listened


@pytest.mark.parametrize("limit", ["²", "9" * 5000, "٣", "-1", "1e9", " 7 7"])
def test_a_size_that_is_no_number_is_none(limit: str) -> None:
    hello = f"250-here\r\n250 SIZE {limit}\r\n".encode()
    assert told(Script(b"220 hi\r\n", hello, b"250 ok\r\n", b"550 no\r\n")).code == 550


@pytest.mark.parametrize(
    ("hello", "options"),
    [
        (b"250-here\r\n250 AUTH \x1b[2J\x1b]0;owned\x07\r\n", {"username": "me", "password": "secret"}),
        ("250-here\r\n250 AUTH \u202eNIALP \u009b2J\r\n".encode(), {"username": "me", "password": "secret"}),
        (b"550 \x1b[2Jgo\x08 away\r\n", {}),
        (b"\x1b[2J what\r\n", {}),
    ],
)
def test_no_server_writes_on_the_terminal(hello: bytes, options: dict[str, Any]) -> None:
    outcome = told(Script(b"220 hi\r\n", hello), **options)
    assert outcome.kind is OutcomeKind.BROKEN
    assert outcome.text.isprintable(), ascii(outcome.text)


@pytest.mark.parametrize("slipped_in", [b"250 ", b"250-AUTH LOGIN\r\n", b"250 owned\r\n", b"250-A\r\n250-", b"2"])
def test_nothing_said_before_encryption_is_heard_after_it(
    slipped_in: bytes, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Somebody in between appends it to the answer to STARTTLS; half a line would begin the first secret one."""
    ours, theirs = certificate

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        try:
            await reader.readline()
            writer.write(b"250-here\r\n250 STARTTLS\r\n")
            await reader.readline()
            writer.write(b"220 go ahead\r\n" + slipped_in)
            await writer.start_tls(theirs)
            await reader.readline()
            encrypted.append(True)
            writer.write(b"250-here\r\n250 PIPELINING\r\n")
            await writer.drain()
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass

    async def main() -> Outcome:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = SmtpTransport("localhost", port, "starttls", tls=ours, timeouts=QUICK)
        outcome = await transport.connection().send(ENVELOPE, MESSAGE)
        server.close()
        return outcome

    encrypted: list[bool] = []
    outcome = run(main())
    assert outcome.kind is OutcomeKind.BROKEN
    assert "in between" in outcome.text
    assert not encrypted


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The two sides of a connection to `localhost`: one that trusts its certificate, one that has it."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return ssl.create_default_context(cafile=str(folder / "cert.pem")), theirs


def test_the_answer_to_an_encrypted_message_has_its_time(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """Ten minutes by RFC 5321, not the three that a block of it has: who gives up early mails it twice."""
    ours, theirs = certificate

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for answer in (PLAIN, b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            await reader.readline()
            writer.write(answer)
        await reader.readuntil(b"\r\n.\r\n")
        await asyncio.sleep(0.3)
        writer.write(b"250 taken\r\n")
        await reader.read()

    async def main() -> Outcome:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=theirs)
        port = server.sockets[0].getsockname()[1]
        timeouts = replace(QUICK, block=0.05, dot=20)
        outcome = (
            await SmtpTransport("localhost", port, "tls", tls=ours, timeouts=timeouts)
            .connection()
            .send(ENVELOPE, MESSAGE)
        )
        server.close()
        return outcome

    assert run(main()).kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize(("size", "silent"), [(1, True), (5000, True), (1, False)])
def test_what_left_encrypted_and_was_not_answered_is_in_doubt(
    security: Literal["tls", "starttls"],
    before: int,
    size: int,
    silent: bool,
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """The server has the whole message and dies, or says nothing: that must not count as a message that never left."""
    ours, theirs = certificate

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        if security == "starttls":
            writer.write(b"250-here\r\n250 STARTTLS\r\n")
            await reader.readline()
            writer.write(b"220 go ahead\r\n")
            await writer.start_tls(theirs)
            await reader.readline()
        writer.write(b"250-here\r\n250 PIPELINING\r\n")
        for number in range(before + 1):
            for answer in (b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
                await reader.readline()
                writer.write(answer)
            whole.append(await reader.readuntil(b"\r\n.\r\n"))
            if number < before:
                writer.write(b"250 taken\r\n")
        if silent:
            await reader.read()
        writer.transport.abort()

    async def main() -> list[Outcome]:
        server = await asyncio.start_server(
            talk, "127.0.0.1", 0, limit=10**8, ssl=theirs if security == "tls" else None
        )
        port = server.sockets[0].getsockname()[1]
        timeouts = replace(QUICK, block=0.5, dot=0.5)
        connection = SmtpTransport("localhost", port, security, tls=ours, timeouts=timeouts).connection()
        outcomes = [await connection.send(ENVELOPE, [*MESSAGE, b"Hello again\r\n" * size]) for _ in range(before + 1)]
        server.close()
        return outcomes

    whole: list[bytes] = []
    assert [outcome.kind.value for outcome in run(main())] == ["accepted"] * before + ["uncertain"]
    assert len(whole) == before + 1


TAKES_ALL = (b"220 hi\r\n", PLAIN, b"250 ok\r\n", b"250 ok\r\n")


def test_a_message_that_is_accepted_before_it_came_was_not() -> None:
    """Sent counts only what was said after the dot had left; and nothing is sent to a server so far out of step."""
    script = Script(*TAKES_ALL, b"354 go\r\n250 2.0.0 taken\r\n")
    assert told(script).kind is OutcomeKind.BROKEN
    assert b"Hello" not in script.heard


@pytest.mark.parametrize(("early", "kind"), [(b"250 2.0.0 taken\r\n", "broken"), (b"552 5.3.4 no\r\n", "rejected")])
def test_an_answer_in_the_midst_of_a_message_ends_the_session(early: bytes, kind: str) -> None:
    """What is left of the message must not be read as commands, nor commands as a part of the message."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions.append(writer)
        writer.write(b"220 hi\r\n")
        for answer in (*TAKES_ALL[1:], b"354 go\r\n"):
            await reader.readline()
            writer.write(answer)
        await reader.readline()
        writer.write(early)  # and reads no more

    async def main() -> list[Outcome]:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        transport = SmtpTransport("127.0.0.1", server.sockets[0].getsockname()[1], timeouts=QUICK)
        connection = transport.connection()
        outcomes = [await connection.send(ENVELOPE, BIG) for _ in range(2)]
        server.close()
        for writer in sessions:
            writer.transport.abort()
        return outcomes

    sessions: list[asyncio.StreamWriter] = []
    assert [outcome.kind.value for outcome in run(main())] == [kind, kind]
    assert len(sessions) == 2


def test_what_never_left_is_not_in_doubt() -> None:
    """The server hangs up after its 354 while the message announced to it is made: nobody can have got it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(b"250-here\r\n250 PIPELINING\r\n")
        for ending in (b"DATA\r\n", b"\r\n.\r\n", b"DATA\r\n"):
            await reader.readuntil(ending)
            writer.write(b"250 taken\r\n" if b"." in ending else b"250 ok\r\n250 ok\r\n354 go\r\n")
        writer.close()

    async def main() -> tuple[Outcome, Outcome]:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        connection = SmtpTransport("127.0.0.1", port, timeouts=QUICK).connection()
        first = await connection.send(ENVELOPE, MESSAGE, ENVELOPE)
        await asyncio.sleep(0.1)
        second = await connection.send(ENVELOPE, MESSAGE)
        server.close()
        return first, second

    first, second = run(main())
    assert (first.kind, second.kind) == (OutcomeKind.ACCEPTED, OutcomeKind.BROKEN)


@pytest.mark.parametrize("code", [b"199", b"250", b"251", b"299", b"334", b"600", b"999", b"000"])
def test_data_is_answered_by_354_or_nothing_is_sent(code: bytes) -> None:
    script = Script(*TAKES_ALL, code + b" what\r\n")
    assert told(script).kind is OutcomeKind.BROKEN
    assert b"Hello" not in script.heard


@pytest.mark.parametrize("code", [b"354", b"334", b"150", b"600", b"000"])
def test_a_recipient_is_taken_by_a_2_or_not_at_all(code: bytes) -> None:
    script = Script(*TAKES_ALL[:3], code + b" what\r\n")
    assert told(script).kind is OutcomeKind.BROKEN
    assert b"DATA" not in script.heard


def test_what_comes_behind_an_answer_that_is_none_is_nobodys() -> None:
    """Pipelined: else the answer to DATA would be taken for the one to RCPT, and fail a reader for good."""
    script = Script(b"220 hi\r\n", b"250-here\r\n250 PIPELINING\r\n", b"250 ok\r\ngarbage\r\n554 no recipients\r\n")
    outcome = told(script)
    assert (outcome.kind, outcome.code) == (OutcomeKind.BROKEN, 0)


def test_no_password_goes_to_a_server_that_offers_no_login() -> None:
    script = Script(b"220 hi\r\n", b"250-here\r\n250 PIPELINING\r\n")
    outcome = told(script, username="me", password="secret")
    assert (outcome.kind, outcome.status) == (OutcomeKind.BROKEN, UNSUITED)
    assert "offers no login" in outcome.text
    assert b"AUTH" not in script.heard


@pytest.mark.parametrize(
    "answers", [[b"334 \r\n"], [b"334 \r\n", b"334 \r\n"], [b"235 in\r\n"], [b"334 x\r\n", b"535 no\r\n"]]
)
def test_a_login_that_fails_midway_sends_nothing(answers: list[bytes]) -> None:
    script = Script(b"220 hi\r\n", b"250-here\r\n250 AUTH LOGIN\r\n", *answers, b"250 well\r\n")
    outcome = told(script, username="me", password="secret")
    assert outcome.kind is OutcomeKind.BROKEN
    assert b"MAIL" not in script.heard
    assert "secret" not in outcome.text
