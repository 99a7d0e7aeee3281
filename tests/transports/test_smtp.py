"""SMTP in particular: what a server says or does, and which outcome that is."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.delivery import Envelope, Outcome, OutcomeKind
from newsletter.loop import run
from newsletter.transports import smtp_session
from newsletter.transports.dots import DotStuffer
from newsletter.transports.gate import Gate
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_session import Server, open_session
from newsletter.transports.smtp_wire import Timeouts
from tests.second_server import Keep, SecondServer
from tests.smtp_sink import CUT, HALF, SILENCE, Action, Sink, reply

QUICK = Timeouts(connect=2, greeting=1, command=0.3, group=0.2, data=0.3, block=0.3, dot=0.3, quit=0.3)
MESSAGE = [b"Message-ID: <1@example.org>\r\n\r\nHello\r\n"]


def send(sink: Sink, *recipients: str, **options: Any) -> list[Outcome]:
    transport = SmtpTransport("127.0.0.1", sink.port, timeouts=QUICK, **options)

    async def main() -> list[Outcome]:
        connection = transport.connection()
        outcomes = [await connection.send(Envelope("b@example.org", to), MESSAGE) for to in recipients]
        await connection.close()
        return outcomes

    return run(main())


FIVE = reply(550, "5.1.1 no")
FOUR = reply(450, "4.2.1 later")
GONE = reply(421, "4.3.2 closing")
LOST = (CUT, SILENCE, GONE)


def kinds(stage: str, action: Action, kind: str) -> set[str]:
    """So small a message has mostly left before the cut is seen; when it has not, nobody is in doubt."""
    if stage == "body" and action is not GONE:
        return {"uncertain", "broken"} if action is CUT else {"uncertain"}
    return {kind}


@pytest.mark.parametrize("pipelining", ["yes", "no"])
@pytest.mark.parametrize(
    ("stage", "action", "kind"),
    [
        *((stage, action, "broken") for stage in ("greeting", "EHLO", "MAIL") for action in (*LOST, HALF, FIVE)),
        *((stage, action, "broken") for stage in ("RCPT", "DATA", "body") for action in LOST),
        *((stage, FIVE, "rejected") for stage in ("RCPT", "DATA", "dot")),
        *((stage, FOUR, "deferred") for stage in ("MAIL", "RCPT", "DATA", "dot")),
        ("dot", GONE, "broken"),
        *((stage, action, "uncertain") for stage in ("dot", "answer") for action in (CUT, SILENCE, HALF)),
    ],
)  # fmt: skip
def test_the_outcome_of_each_fault(stage: str, action: Action, kind: str, pipelining: str) -> None:
    with Sink(pipelining=pipelining) as sink:
        sink.fail(stage, action, times=1)
        first, second = send(sink, "anna@example.org", "ben@example.org")
    assert first.kind.value in kinds(stage, action, kind), first
    assert first.code == action.code
    assert second.kind is OutcomeKind.ACCEPTED
    assert set(sink.recipients.values()) == {1}


def announce(sink: Sink, *recipients: str, times: int = 1) -> list[Outcome]:
    """Each with the next one announced behind it; what broke is tried again, at most `times` times in all."""
    transport = SmtpTransport("127.0.0.1", sink.port, timeouts=QUICK)
    envelopes = [Envelope("b@example.org", to) for to in recipients]

    async def main() -> list[Outcome]:
        connection, outcomes = transport.connection(), []
        for envelope, following in zip(envelopes, [*envelopes[1:], None], strict=True):
            for _ in range(times):
                outcome = await connection.send(envelope, MESSAGE, following)
                if outcome.kind is not OutcomeKind.BROKEN:
                    break
            outcomes.append(outcome)
        await connection.close()
        return outcomes

    return run(main())


@pytest.mark.parametrize(
    ("stage", "action", "kind"),
    [
        *(("MAIL", action, "broken") for action in (*LOST, HALF, FIVE, FOUR)),
        *((stage, action, "broken") for stage in ("RCPT", "DATA", "body") for action in LOST),
        *((stage, FIVE, "rejected") for stage in ("RCPT", "DATA", "dot")),
        *((stage, FOUR, "deferred") for stage in ("RCPT", "DATA", "dot")),
        ("dot", GONE, "broken"),
        *((stage, action, "uncertain") for stage in ("dot", "answer") for action in (CUT, SILENCE, HALF)),
    ],
)  # fmt: skip
def test_the_outcome_of_each_fault_to_one_who_was_announced(stage: str, action: Action, kind: str) -> None:
    with Sink() as sink:
        sink.fail(stage, action, after=1, times=1)
        first, second, third = announce(sink, "zoe@example.org", "anna@example.org", "ben@example.org")
    assert first.kind is third.kind is OutcomeKind.ACCEPTED
    assert second.kind.value in kinds(stage, action, kind), second
    assert second.code == action.code
    assert set(sink.recipients.values()) == {1}
    assert sink.bodies_without_recipient == 0


def test_who_was_announced_and_is_not_meant_any_more_gets_nothing() -> None:
    """The server waits for a message then: whatever came next, QUIT too, would be taken for it."""
    with Sink() as sink:
        transport = SmtpTransport("127.0.0.1", sink.port, timeouts=QUICK)
        zoe, anna, ben = (Envelope("b@example.org", f"{name}@example.org") for name in ("zoe", "anna", "ben"))

        async def main() -> None:
            connection = transport.connection()
            await connection.send(zoe, MESSAGE, anna)
            assert (await connection.send(ben, MESSAGE, anna)).kind is OutcomeKind.ACCEPTED
            await connection.close()

        run(main())
    assert list(sink.recipients) == [zoe.recipient, ben.recipient]
    assert sink.bodies_without_recipient == 0
    assert "QUIT" not in sink.commands


def test_who_was_announced_and_has_too_large_a_message_gets_nothing_and_harms_nobody() -> None:
    """Its size was an estimate. What the server waits for then is nobody else's message."""
    with Sink(size=2000) as sink:
        transport = SmtpTransport("127.0.0.1", sink.port, timeouts=QUICK)
        zoe, anna, ben = (Envelope("b@example.org", f"{name}@example.org") for name in ("zoe", "anna", "ben"))

        async def main() -> list[Outcome]:
            connection = transport.connection()
            outcomes = [
                await connection.send(zoe, MESSAGE, anna),
                await connection.send(anna, [*MESSAGE, b"x" * 2000 + b"\r\n"], ben),
                await connection.send(ben, MESSAGE),
            ]
            await connection.close()
            return outcomes

        outcomes = run(main())
    assert "RCPT TO:<anna@example.org>" in sink.commands
    assert [(outcome.kind.value, outcome.code) for outcome in outcomes] == [
        ("accepted", 250), ("broken", 552), ("accepted", 250),
    ]  # fmt: skip
    assert list(sink.recipients) == [zoe.recipient, ben.recipient]
    assert sink.bodies_without_recipient == 0


def test_a_server_that_forgets_what_comes_behind_a_message_is_announced_nobody_any_more() -> None:
    recipients = [f"r{number}@example.org" for number in range(6)]
    with Sink(pipelining="forgets") as sink:
        outcomes = announce(sink, *recipients, times=2)
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}
    assert sink.sessions == 2


@pytest.mark.parametrize("following", [None, Envelope("b@example.org", "ben@example.org")])
def test_nothing_is_uncertain_while_the_dot_has_not_left(following: Envelope | None) -> None:
    """A server that stops reading in the middle of a big message never got its end."""
    with Sink() as sink:
        sink.fail("body", SILENCE, times=1)
        transport = SmtpTransport("127.0.0.1", sink.port, timeouts=QUICK)

        async def main() -> Outcome:
            big = [b"Message-ID: <1@example.org>\r\n\r\n", b"x" * 70 + b"\r\n"] + [b"y" * 998 + b"\r\n"] * 20_000
            return await transport.connection().send(Envelope("b@example.org", "anna@example.org"), big, following)

        assert run(main()).kind is OutcomeKind.BROKEN
    assert not sink.received


def test_what_is_written_to_a_connection_that_ends_has_not_left() -> None:
    """The loop has seen the end already, and throws away what is written, but has not told yet."""

    async def main(sink: Sink) -> tuple[str, bool]:
        session = await open_session(Server("127.0.0.1", sink.port), Gate())
        session.wire.transport.close()
        before = session.wire.lost
        session.wire.write(b"hello\r\n")
        return before, session.wire.unsent

    with Sink() as sink:
        assert run(main(sink)) == ("", True)


def test_a_session_that_idled_out_is_opened_anew() -> None:
    with Sink() as sink:
        transport = SmtpTransport("127.0.0.1", sink.port, timeouts=QUICK)

        async def main() -> list[Outcome]:
            connection = transport.connection()
            first = await connection.send(Envelope("", "a@example.org"), MESSAGE)
            await asyncio.to_thread(sink.stop)
            await asyncio.to_thread(sink.start)
            return [first, await connection.send(Envelope("", "b@example.org"), MESSAGE)]

        assert [outcome.kind.value for outcome in run(main())] == ["accepted", "accepted"]


@pytest.mark.parametrize(("refusals", "sessions"), [(2, 1), (3, 2)])
def test_a_session_that_took_messages_and_refuses_three_in_a_row_is_opened_anew(refusals: int, sessions: int) -> None:
    """It may have had enough of us, whatever it says: the fourth reader is not to pay for that."""
    with Sink() as sink:
        sink.fail("RCPT", FIVE, after=1, times=refusals)
        outcomes = send(sink, *(f"r{number}@example.org" for number in range(refusals + 2)))
    assert [outcome.kind.value for outcome in outcomes] == ["accepted", *["rejected"] * refusals, "accepted"]
    assert sink.sessions == sessions


def test_nobody_there_is_a_broken_session() -> None:
    sink = Sink().start()
    sink.stop()
    [outcome] = send(sink, "anna@example.org")
    assert outcome.kind is OutcomeKind.BROKEN
    assert str(sink.port) in outcome.text


@pytest.mark.parametrize("recipient", ["a>\r\nRCPT TO:<b@example.org", "a b@example.org", "a\n@example.org", ""])
def test_no_recipient_can_smuggle_a_command(recipient: str) -> None:
    with Sink() as sink:
        [outcome] = send(sink, recipient)
    assert outcome.kind is OutcomeKind.REJECTED
    assert not sink.received


@pytest.mark.parametrize("recipient", ["a>\r\nRCPT TO:<b@example.org", "a b@example.org", "jörg@example.org"])
def test_who_cannot_stand_in_an_envelope_is_not_announced_either(recipient: str) -> None:
    with Sink() as sink:
        outcomes = announce(sink, "anna@example.org", recipient, "ben@example.org")
    assert [outcome.kind.value for outcome in outcomes] == ["accepted", "rejected", "accepted"]
    assert [command for command in sink.commands if command.startswith("RCPT")] == [
        "RCPT TO:<anna@example.org>",
        "RCPT TO:<ben@example.org>",
    ]
    assert sink.sessions == 1


@pytest.mark.parametrize("host", ["mail..example.org", ".example.org"])
def test_a_name_that_cannot_be_looked_up_is_a_broken_session(host: str) -> None:
    outcome = run(
        SmtpTransport(host, 25, timeouts=QUICK).connection().send(Envelope("b@example.org", "a@b.example"), MESSAGE)
    )
    assert outcome.kind is OutcomeKind.BROKEN
    assert "is no host" in outcome.text


def test_an_address_beyond_ascii_needs_smtputf8() -> None:
    with Sink() as sink:
        [outcome] = send(sink, "jörg@example.org")
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, "5.6.7")
    with Sink(smtputf8=True) as sink:
        [outcome] = send(sink, "jörg@example.org")
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert any(command.endswith("SMTPUTF8") for command in sink.commands)


def test_the_size_is_told_and_kept() -> None:
    with Sink(size=100_000) as sink:
        send(sink, "anna@example.org")
    assert any("SIZE=" in command for command in sink.commands)
    with Sink(size=10) as sink:
        [outcome] = send(sink, "anna@example.org")
    assert (outcome.kind, outcome.code) == (OutcomeKind.BROKEN, 552)
    assert not any(command.startswith("MAIL") for command in sink.commands)


def test_a_server_that_lies_about_pipelining_is_found_out_once() -> None:
    with Sink(pipelining="lies") as sink:
        outcomes = send(sink, *["anna@example.org"] * 4)
    assert [outcome.kind.value for outcome in outcomes] == ["broken", "accepted", "accepted", "accepted"]


def test_two_messages_share_one_session_and_each_group_is_one_write() -> None:
    with Sink() as sink:
        send(sink, "anna@example.org", "ben@example.org")
    assert sink.sessions == 1
    assert [command.split()[0] for command in sink.commands] == [
        "EHLO", "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA", "QUIT",
    ]  # fmt: skip


@pytest.fixture(params=["starttls", "tls"])
def secured(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[str, int, Keep, ssl.SSLContext]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    keep = Keep()

    def log_in(server: object, session: object, envelope: object, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data.password == b"secret", handled=False, auth_data=data)

    how: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True}
        if request.param == "starttls"
        else {"ssl_context": context, "auth_require_tls": False}
    )
    server = SecondServer(keep, authenticator=log_in, **how)
    server.start()
    yield request.param, server.port, keep, ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    server.stop()


def through(
    port: int, security: Any, password: str | None, tls: ssl.SSLContext | None, host: str = "localhost"
) -> Outcome:
    transport = SmtpTransport(
        host,
        port,
        security,
        "me" if password else None,
        password,
        tls=tls,
        timeouts=Timeouts(greeting=10, command=10, group=10),
    )

    async def main() -> Outcome:
        connection = transport.connection()
        outcome = await connection.send(Envelope("b@example.org", "anna@example.org"), MESSAGE)
        await connection.close()
        return outcome

    return run(main())


def test_encrypted_and_logged_in(secured: tuple[str, int, Keep, ssl.SSLContext]) -> None:
    security, port, keep, tls = secured
    assert through(port, security, "secret", tls).kind is OutcomeKind.ACCEPTED
    assert keep.users == ["me"]


def test_a_wrong_password_is_the_senders_fault(secured: tuple[str, int, Keep, ssl.SSLContext]) -> None:
    security, port, _, tls = secured
    outcome = through(port, security, "wrong", tls)
    assert (outcome.kind, outcome.code) == (OutcomeKind.BROKEN, 535)


def test_a_certificate_nobody_vouches_for_is_refused(secured: tuple[str, int, Keep, ssl.SSLContext]) -> None:
    security, port, keep, _ = secured
    outcome = through(port, security, "secret", None)
    assert outcome.kind is OutcomeKind.BROKEN
    assert "certificate" in outcome.text.lower()
    assert not keep.users


def test_a_server_without_tls_is_told_in_words() -> None:
    with Sink() as sink:
        outcome = through(sink.port, "tls", None, None, host="127.0.0.1")
    assert outcome.kind is OutcomeKind.BROKEN
    assert outcome.text == f"127.0.0.1:{sink.port}: no TLS with it: wrong version number"


def test_nobody_logs_in_with_an_empty_password() -> None:
    with Sink() as sink:
        transport = SmtpTransport("127.0.0.1", sink.port, "none", "me", None)
        outcome = run(transport.connection().open(Envelope("b@example.org", "a@example.org")))
    assert outcome
    assert outcome.text.endswith("there is no password for me; set NEWSLETTER_SMTP__PASSWORD")


def test_starttls_that_is_not_offered_is_not_gone_without() -> None:
    with Sink() as sink:
        outcome = through(sink.port, "starttls", None, None, host="127.0.0.1")
    assert outcome.kind is OutcomeKind.BROKEN
    assert "STARTTLS" in outcome.text
    assert not sink.received


lines = st.lists(st.sampled_from([b".", b"..", b"a", b"\r\n", b"", b".\r\n", b"x" * 1200 + b"\r\n"]), max_size=12)


@given(chunks=lines)
def test_dots_are_doubled_wherever_the_pieces_are_cut(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    stuffed = b"".join(b"." + line if line.startswith(b".") else line for line in whole.splitlines(keepends=True))
    end = b".\r\n" if not whole or whole.endswith(b"\n") else b"\r\n.\r\n"
    stuffer = DotStuffer()
    assert b"".join(stuffer.body(chunks)) == stuffed + end
    assert b"".join(stuffer.body(chunks)) == stuffed + end


@pytest.mark.parametrize("silent", [False, True])
def test_a_name_with_several_addresses_is_tried_at_each(monkeypatch: pytest.MonkeyPatch, silent: bool) -> None:
    """At the first nobody listens, or nobody answers."""

    async def both(_server: Server) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async def main() -> Outcome | None:
        connection = SmtpTransport("127.0.0.1", sink.port, timeouts=Timeouts(connect=1)).connection()
        async with asyncio.timeout(10):
            trouble = await connection.open(Envelope("bounce@example.org", "ann@example.org"))
        await connection.close()
        return trouble

    monkeypatch.setattr(smtp_session, "_addresses", both)
    with Sink() as sink, ExitStack() as full:
        if silent:
            hole = full.enter_context(socket.socket())
            hole.bind(("127.0.0.2", sink.port))
            hole.listen(0)
            for _ in range(4):  # its queue is full, and it lets nobody in
                caller = full.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(("127.0.0.2", sink.port))
        assert run(main()) is None


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "[127.0.0.1]"), ("::1", "[IPv6:::1]")])
def test_a_host_without_a_full_name_calls_itself_by_its_address(
    monkeypatch: pytest.MonkeyPatch, host: str, name: str
) -> None:
    """RFC 5321 §4.1.3: an address of IPv6 says that it is one."""
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    try:
        listening = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    heard: list[bytes] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        heard.append(await reader.readline())
        writer.write(b"250 hello\r\n")
        writer.close()

    async def main() -> Outcome | None:
        async with await asyncio.start_server(greet, sock=listening):
            connection = SmtpTransport(host, listening.getsockname()[1]).connection()
            trouble = await connection.open(Envelope("b@example.org", "a@example.org"))
            await connection.close()
            return trouble

    assert run(main()) is None
    assert heard == [f"EHLO {name}\r\n".encode()]
