"""The wire of an SMTP session: bytes out, replies in, and what is known when it breaks."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import cast

from newsletter.transports.alarm import Alarm
from newsletter.transports.gate import Gate

_LINE = re.compile(rb"(\d{3})([ -]?)(.*)", re.DOTALL)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?= |$)")
_MOST_BYTES = 64 * 1024  # of one reply: more is no SMTP server
_MOST_LINES = 1000  # of one reply
_MOST_REPLIES = 50  # that nobody has read yet: we never ask for more than a handful at once


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait, by RFC 5321 §4.5.3.2.

    `group` is for a pipelined command, once the one before it was answered: a server that only claims PIPELINING stays
    silent there, and is spoken to in lock-step from then on.
    """

    connect: float = 60
    greeting: float = 300
    command: float = 300
    group: float = 15
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 2


@dataclass(frozen=True)
class Reply:
    """One reply; `lines` are its texts without the code."""

    code: int
    lines: tuple[str, ...]

    @cached_property
    def status(self) -> str:
        """The enhanced status (RFC 3463), "" where the server gave none."""
        found = _STATUS.match(self.lines[0])
        return found[0] if found else ""

    @cached_property
    def text(self) -> str:
        """The server's words in one line, without code and status, printable."""
        words = " ".join(line.removeprefix(self.status).strip() for line in self.lines)
        return printable(words)


def printable(words: str) -> str:
    """A server's words as a terminal may have them: no line ends, no escape sequences, and not too many."""
    return "".join(char if char.isprintable() else " " for char in words[:500])


@lru_cache(maxsize=500)  # a server says the same to every message
def _one_line_reply(line: bytes) -> Reply | None:
    """The reply that stands on this line; None when it is a part of one, or none."""
    found = _LINE.fullmatch(line.rstrip(b"\r"))
    if not found or found[2] == b"-":
        return None
    return Reply(int(found[1]), (found[3].decode("utf-8", "replace"),))


class Broken(Exception):
    """The session cannot go on: cut, silent, or not speaking SMTP."""


class Wire(asyncio.Protocol):
    """One connection. `unsent` is True while bytes given to `write` have not all left this process.

    What a `write` appends as `behind` does not count for that.
    """

    transport: asyncio.Transport

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self.lost = ""
        self.unsent = False
        self._uncounted = 0
        self._is_encrypted = False
        self._bytes = b""
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._alarm = Alarm(lambda seconds: self._fail(f"no answer within {seconds:g} seconds"))

    @property
    def quiet(self) -> bool:
        """Alive, and nothing came that nobody asked for (as a 421 to an idle session), not even a part of a line."""
        return not (self.lost or self._replies or self._lines or self._bytes)

    @property
    def has_replies(self) -> bool:
        """Whether there is something that nobody has read yet."""
        return bool(self._replies)

    def write(self, *data: bytes, behind: bytes = b"") -> None:
        if self.lost or self.transport.is_closing():  # the loop has seen the end, and will tell us
            self.unsent = True
            return
        if len(behind) != self._uncounted:
            self._count_beyond(len(behind))
        self.transport.writelines((*data, behind))

    async def reply(self, seconds: float) -> Reply:
        """The next reply. Raises Broken when none comes in time, or none can come."""
        if not self._replies:
            await self._wait(seconds)
        return self._replies.popleft()

    def wait_anew(self, seconds: float) -> None:
        """Whoever waits for a reply now does so for `seconds` from now."""
        if self._waiter:
            self._alarm.set(seconds)

    async def ask(self, command: str, seconds: float) -> Reply:
        self.write(command.encode("utf-8") + b"\r\n")
        return await self.reply(seconds)

    def drop(self) -> None:
        """Ends the connection at once; what has not left yet never will."""
        self.lost = self.lost or "closed by us"
        self._alarm.cancel()
        self.transport.abort()

    async def _wait(self, seconds: float) -> None:
        if self.lost:
            raise Broken(self.lost)
        self._waiter = waiter = self._loop.create_future()
        self._alarm.set(seconds)
        try:
            await waiter
        finally:
            self._gate.dealt_with(self)
            self._alarm.off()
            self._waiter = None

    def _fail(self, reason: str) -> None:
        """What came before the trouble counts: who waits hears that first."""
        if self._waiter and not self._waiter.done():
            if self._replies:
                self._waiter.set_result(None)
            else:
                self._waiter.set_exception(Broken(reason))

    # What asyncio calls:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.use(cast("asyncio.Transport", transport))

    def use(self, transport: asyncio.Transport) -> None:
        """Takes the transport to write to: the first, and the encrypted one after STARTTLS."""
        self.transport = transport
        self._is_encrypted = transport.get_extra_info("ssl_object") is not None
        self._count_beyond(0)

    def _count_beyond(self, size: int) -> None:
        """Has pause_writing tell of every byte held back but the last `size`; encrypted, those leave with the others.

        TLS pauses from `high` bytes on, plain TCP above them: a `high` of 0 would have TLS pause when nothing waits.
        """
        self._uncounted = size
        if self._is_encrypted:
            self.transport.set_write_buffer_limits(high=1, low=0)
        else:
            self.transport.set_write_buffer_limits(high=size, low=size)

    def pause_writing(self) -> None:
        self.unsent = True

    def resume_writing(self) -> None:
        self.unsent = False

    def data_received(self, data: bytes) -> None:
        *lines, self._bytes = (self._bytes + data).split(b"\n")
        for line in lines:
            if self.lost:  # what comes behind an answer that is none cannot be told whose it is
                break
            if not self._lines and (reply := _one_line_reply(line)):
                self._replies.append(reply)
            else:
                self._take(line.rstrip(b"\r"))
        if len(self._bytes) > _MOST_BYTES or (self._lines and self._is_endless()):
            self._give_up("the server's answer does not end")
        if len(self._replies) > _MOST_REPLIES:
            self._give_up("the server says more than it was asked")
        if self._replies and self._waiter and not self._waiter.done():
            self._gate.answered(self)
            self._waiter.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = self.lost or f"the connection was cut{f' ({error})' if error else ''}"
        self._alarm.cancel()
        self._fail(self.lost)

    def _is_endless(self) -> bool:
        """Empty lines take memory too."""
        return len(self._lines) > _MOST_LINES or sum(map(len, self._lines)) > _MOST_BYTES

    def _take(self, line: bytes) -> None:
        """A line of an answer that has several, or of none."""
        found = _LINE.fullmatch(line)
        if not found:
            self._give_up(f"this is no SMTP answer: {line[:80]!r}")
            return
        self._lines.append(found[3].decode("utf-8", "replace"))
        if found[2] != b"-":
            self._replies.append(Reply(int(found[1]), tuple(self._lines)))
            self._lines = []

    def _give_up(self, reason: str) -> None:
        self.lost = self.lost or reason
        self._fail(reason)
        self.transport.abort()
