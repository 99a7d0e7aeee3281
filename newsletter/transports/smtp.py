"""The `smtp` transport: sessions with one mail server, kept open from message to message."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from typing import Literal

from newsletter.domain.delivery import Envelope, Outcome, OutcomeKind
from newsletter.domain.window import Window
from newsletter.transports.dots import DotStuffer
from newsletter.transports.gate import Gate
from newsletter.transports.limiter import Limiter
from newsletter.transports.mishaps import in_words
from newsletter.transports.smtp_mail import Mail, OutOfStep, transact
from newsletter.transports.smtp_session import Server, Session, SessionRefused, Unsuited, open_session
from newsletter.transports.smtp_wire import Broken, Timeouts, printable

HURRIED = Timeouts(connect=10, greeting=15, command=15, group=5, data=15, block=15, dot=60)
"""For one message while somebody waits. The answer to the dot keeps its time: without it nobody knows what went."""

_TIRED = 3  # refusals in a row: a session that took messages before may have had enough of them, whatever it says
_DOUBTFUL_CUTS = 3  # sessions cut in the middle of a pipelined group, in a row


class SmtpTransport:
    """One mail server. `connections` is how many sessions it may be asked to keep at once.

    `most` is how many messages a session may carry, None: as many as there are.
    """

    type = "smtp"

    def __init__(
        self,
        host: str,
        port: int,
        security: Literal["none", "starttls", "tls"] = "none",
        username: str | None = None,
        password: str | None = None,
        connections: int = 8,
        *,
        tls: ssl.SSLContext | None = None,
        timeouts: Timeouts | None = None,
        most: int | None = None,
    ) -> None:
        self.connections = connections
        self.most = most
        self.server = Server(host, port, security, username, password, tls, timeouts or Timeouts())
        self.stuffer = DotStuffer()
        self.gate = Gate()
        self.limiter = Limiter(Window(connections))
        self.cuts = 0  # how often in a row the server did not answer a pipelined group as it should
        self.announces = True  # until the server loses commands that came right behind a message

    @property
    def trusts_pipelining(self) -> bool:
        return self.cuts < _DOUBTFUL_CUTS

    def connection(self) -> SmtpConnection:
        return SmtpConnection(self)


class SmtpConnection:
    """One session at a time with the transport's server; opened when there is something to send."""

    def __init__(self, transport: SmtpTransport) -> None:
        self._transport = transport
        self._session: Session | None = None
        self._messages = 0  # that were begun in this session
        self._refusals = 0  # in a row, since it last took one

    @property
    def is_open(self) -> bool:
        session = self._session
        if session is None or self._is_worn:
            return False
        return session.announced is not None or session.wire.quiet

    async def open(self, envelope: Envelope) -> Outcome | None:
        """Sees to it that there is a session to send to `envelope` in; what is wrong when there is none to be had."""
        if self._is_ready(envelope):
            return None
        try:
            if self._is_worn:
                await self.close()
            self._drop()
            self._session = await open_session(self._transport.server, self._transport.gate)
            self._messages = self._refusals = 0
        except SessionRefused as error:
            return _broken(error.reply.text, error.reply.code, error.reply.status, early=True)
        except (Broken, OSError) as error:
            server = self._transport.server
            status = error.status if isinstance(error, Unsuited) else ""
            return _broken(f"{server.host}:{server.port}: {in_words(error)}", status=status, early=True)
        return None

    async def send(self, envelope: Envelope, message: Sequence[bytes], following: Envelope | None = None) -> Outcome:
        self.recorded()
        if not self._is_ready(envelope) and (trouble := await self.open(envelope)):
            return trouble
        assert self._session is not None
        session, self._messages = self._session, self._messages + 1
        try:
            outcome = await self._transact(session, envelope, message, following)
        except BaseException:
            self._drop()
            raise
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._refusals = 0
        elif outcome.kind.ends_session:
            self._drop()
        elif session.accepted:
            self._refusals += 1
        return outcome

    def recorded(self) -> None:
        if self._session is not None:
            self._transport.limiter.leave(self._session.wire)

    async def close(self) -> None:
        self.recorded()
        session, self._session = self._session, None
        if session is None:
            return
        try:
            if session.announced is None:
                with contextlib.suppress(Broken):
                    await session.wire.ask("QUIT", self._transport.server.timeouts.quit)
        finally:
            session.wire.drop()

    def _is_ready(self, envelope: Envelope) -> bool:
        """Whether the session that is open can carry a message to `envelope`."""
        return self._session is not None and not self._is_worn and self._session.fits(envelope)

    @property
    def _is_worn(self) -> bool:
        """Whether the session has done its part: it carried all that it may, or has had enough of us."""
        return self._refusals >= _TIRED or self._is_last(self._messages)

    def _is_last(self, message: int) -> bool:
        """Whether the session's message of this number, from 1, is the last that it may carry."""
        return self._transport.most is not None and message >= self._transport.most

    async def _transact(
        self, session: Session, envelope: Envelope, message: Sequence[bytes], following: Envelope | None
    ) -> Outcome:
        transport = self._transport
        pipelined = "PIPELINING" in session.offers and transport.trusts_pipelining
        was_announced = session.announced is not None
        next_one = following if pipelined and transport.announces and not self._is_last(self._messages) else None
        mail = Mail(envelope, transport.stuffer.body(message), next_one)
        try:
            outcome = await transact(session, mail, pipelined, transport.server.timeouts, transport.limiter)
        except OutOfStep as error:
            if was_announced:
                transport.announces = transport.announces and not error.sure
            else:
                transport.cuts = _DOUBTFUL_CUTS if error.sure else transport.cuts + 1
            return _broken(str(error))
        except Broken as error:
            return _broken(str(error))
        if pipelined and outcome.kind is OutcomeKind.ACCEPTED:
            transport.cuts = 0
        return outcome

    def _drop(self) -> None:
        if self._session is not None:
            self.recorded()
            self._session.wire.drop()
            self._session = None


def _broken(words: str, code: int = 0, status: str = "", early: bool = False) -> Outcome:
    return Outcome(OutcomeKind.BROKEN, code, status, printable(words), early)
