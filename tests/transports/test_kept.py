"""Sessions that outlive a run: the next one goes on with them, and nobody leaves them open for ever."""

from __future__ import annotations

import asyncio

from newsletter.domain.delivery import Envelope, OutcomeKind
from newsletter.transports.kept import KeptTransport
from newsletter.transports.smtp import SmtpTransport
from tests.smtp_sink import Sink

MESSAGE = [b"Message-ID: <1@example.org>\r\n\r\nHello\r\n"]


async def one_run(transport: KeptTransport, reader: str) -> None:
    connections = [transport.connection() for _ in range(transport.connections)]
    for connection in connections:
        outcome = await connection.send(Envelope("bounces@example.org", reader), MESSAGE)
        assert outcome.kind is OutcomeKind.ACCEPTED
        await connection.close()


def test_two_runs_share_their_sessions() -> None:
    async def both(port: int) -> None:
        transport = KeptTransport(SmtpTransport("127.0.0.1", port, connections=4), 2)
        await one_run(transport, "anna@example.com")
        await one_run(transport, "bert@example.com")
        await transport.close_idle()

    with Sink() as sink:
        asyncio.run(both(sink.port))
        assert (sink.sessions, len(sink.received)) == (2, 4)
        assert sink.commands.count("QUIT") == 2


def test_a_session_is_closed_when_nobody_wants_it() -> None:
    async def run(port: int) -> None:
        transport = KeptTransport(SmtpTransport("127.0.0.1", port), 1)
        await one_run(transport, "anna@example.com")
        await transport.close_idle(60.0)
        assert sink.commands.count("QUIT") == 0
        await transport.close_idle(0.0)

    with Sink() as sink:
        asyncio.run(run(sink.port))
        assert sink.commands.count("QUIT") == 1
