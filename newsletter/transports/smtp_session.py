"""Opens an SMTP session: connect, greeting, EHLO, STARTTLS, AUTH."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import Literal

from newsletter.domain.delivery import UNSUITED, Envelope
from newsletter.transports.gate import Gate
from newsletter.transports.smtp_wire import Broken, Reply, Timeouts, Wire

_SIZE = re.compile("[0-9]{1,20}")  # RFC 1870 §4: a number of at most 20 digits


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes, and how we come in. `tls` is the context to trust by; None: the system's authorities."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(slots=True)
class Session:
    """An open session. `offers` is what EHLO listed; `open_mail` is True when a RSET must come before the next MAIL.

    `announced` is whose MAIL, RCPT and DATA went out behind the message before: their answers are still to be read.
    """

    wire: Wire
    offers: dict[str, str]
    open_mail: bool = False
    announced: Envelope | None = None
    accepted: int = 0
    most_bytes: int = field(init=False)  # the server's SIZE, 0 when it names none

    def __post_init__(self) -> None:
        limit = self.offers.get("SIZE", "")
        self.most_bytes = int(limit) if _SIZE.fullmatch(limit) else 0

    def fits(self, envelope: Envelope) -> bool:
        """Whether a message to `envelope` can go out here: nobody else was announced, and the server is still there.

        One that hung up, or said something unasked (as a 421), while there was nothing to send is not; but what it said
        of one who was announced wants to be heard.
        """
        if self.announced is not None:
            return self.announced == envelope and (not self.wire.lost or self.wire.has_replies)
        return self.wire.quiet


class SessionRefused(Exception):
    """The server will not have this session. `reply` holds its words."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class Unsuited(Broken):
    """The server answers, and does not offer what the configuration asks for."""

    status = UNSUITED


async def open_session(server: Server, gate: Gate) -> Session:
    """`gate` hears of all answers.

    Raises SessionRefused with the server's reply, Broken or OSError when there is no talking to it.
    """
    wire = await _connect(server, gate)
    try:
        _expect(await wire.reply(server.timeouts.greeting), 220)
        offers = await _hello(wire, server)
        if server.security == "starttls":
            await _encrypt(wire, server, offers)
            offers = await _hello(wire, server)
        if server.username is not None:
            await _log_in(wire, server, offers.get("AUTH", "").upper().split())
    except BaseException:
        wire.drop()
        raise
    return Session(wire, offers)


async def _connect(server: Server, gate: Gate) -> Wire:
    """At one of the server's addresses after the other: the first may be one where nobody answers. Raises Broken,
    OSError."""
    addresses = await _addresses(server)
    seconds = server.timeouts.connect / len(addresses)
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):  # a TimeoutError is one
            return await _connect_to(address, server, gate, seconds)
    try:
        return await _connect_to(addresses[-1], server, gate, seconds)
    except TimeoutError:
        raise Broken("it cannot be reached") from None


async def _addresses(server: Server) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(server.timeouts.connect):
            found = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise Broken("its name cannot be looked up") from None
    except OSError:  # some of them are ValueErrors too
        raise
    except ValueError as error:  # a UnicodeError, of a name that is none
        raise Broken(f"{server.host!r} is no host: {error}") from None
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


async def _connect_to(address: str, server: Server, gate: Gate, seconds: float) -> Wire:
    context = _context(server) if server.security == "tls" else None
    name = server.host if context else None
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(seconds):
        _, wire = await loop.create_connection(
            lambda: Wire(gate), address, server.port, ssl=context, server_hostname=name
        )
    wire.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


async def _hello(wire: Wire, server: Server) -> dict[str, str]:
    """What the server offers. One that does not know EHLO offers nothing."""
    me = _our_name(wire)
    reply = await wire.ask(f"EHLO {me}", server.timeouts.command)
    if reply.code in (500, 502):
        _expect(await wire.ask(f"HELO {me}", server.timeouts.command), 250)
        return {}
    _expect(reply, 250)
    offers = (re.split(r"[ =]", line.strip(), maxsplit=1) for line in reply.lines[1:])
    return {words[0].upper(): words[1] if len(words) > 1 else "" for words in offers}


def _our_name(wire: Wire) -> str:
    """RFC 5321 §4.1.1.1: a full host name, else the address we speak from."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = str(wire.transport.get_extra_info("sockname")[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


async def _encrypt(wire: Wire, server: Server, offers: dict[str, str]) -> None:
    if "STARTTLS" not in offers:
        raise Unsuited("the mail server offers no STARTTLS, which `smtp: security: starttls` asks for")
    _expect(await wire.ask("STARTTLS", server.timeouts.command), 220)
    if not wire.quiet:
        raise Broken("the server sent more than its answer to STARTTLS: somebody may be in between")
    loop = asyncio.get_running_loop()
    context = _context(server)
    encrypted = await loop.start_tls(
        wire.transport, wire, context, server_hostname=server.host, ssl_handshake_timeout=server.timeouts.connect
    )
    if encrypted is None:
        raise Broken("the connection was cut while it was being encrypted")
    wire.use(encrypted)


def _context(server: Server) -> ssl.SSLContext:
    return server.tls or ssl.create_default_context()


async def _log_in(wire: Wire, server: Server, ways: list[str]) -> None:
    user, password = server.username or "", server.password or ""
    if not password:
        raise Broken(f"there is no password for {user}; set NEWSLETTER_SMTP__PASSWORD")
    if "PLAIN" in ways:
        secret = _base64(f"\0{user}\0{password}")
        _expect(await wire.ask(f"AUTH PLAIN {secret}", server.timeouts.command), 235)
    elif "LOGIN" in ways:
        _expect(await wire.ask("AUTH LOGIN", server.timeouts.command), 334)
        _expect(await wire.ask(_base64(user), server.timeouts.command), 334)
        _expect(await wire.ask(_base64(password), server.timeouts.command), 235)
    elif not ways:
        raise Unsuited("the mail server offers no login, which `smtp: username` asks for; check `port` and `security`")
    else:
        raise Unsuited(f"the mail server wants to be logged in to by {' or '.join(ways)}; we know PLAIN and LOGIN")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def _expect(reply: Reply, code: int) -> None:
    if reply.code != code:
        raise SessionRefused(reply)
