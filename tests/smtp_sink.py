"""An SMTP server for tests: takes everything, writes Message-IDs down before it answers 250, and fails on demand.

    with Sink() as sink:
        sink.fail("RCPT", reply(451, "4.7.1 later"), to="anna@example.org", times=2)
        ...                                    # talk to 127.0.0.1:sink.port
        assert sink.accepted == Counter({"<1@example.org>": 1})

It runs in a thread of its own, so tests may be plain functions, and senders other processes.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from newsletter.loop import run
from tests.smtp_faults import (
    BEGUN,
    CUT,
    HALF,
    HOLD,
    NOISE,
    ODD,
    SILENCE,
    STAGES,
    Action,
    Fault,
    delay,
    reply,
    say_oddly,
)
from tests.smtp_faults import lines as in_lines

__all__ = ["BEGUN", "CUT", "HALF", "HOLD", "NOISE", "ODD", "SILENCE", "Action", "Fault", "Sink", "delay", "reply"]

_CUT_SHORT = {"half": b"2", "begun": b"250-2.0.0 the first line\r\n", "noise": b"hello, who is there?\r\n"}
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Received:
    """One accepted message; `heard`: its 250 was written, whole."""

    message_id: str
    return_path: str
    recipient: str
    content: bytes = b""
    at: float = 0.0
    heard: bool = False


@dataclass
class Talk:
    """One session's state."""

    return_path: str | None = None
    recipients: list[str] = field(default_factory=list)
    messages: int = 0


class Cut(Exception):
    pass


class Sink:
    """`pipelining`: yes, no, lies (offers it and throws away what came behind a command), or forgets (throws away what
    came behind a message).

    `log`: a file that gets a line per accepted message before the 250. `keep`: keeps whole messages in memory.
    `most_per_session`: after so many messages `enough` is the answer, to MAIL or what `enough_at` names; when it is a
    421 the session ends. `toil`: seconds that it does nothing else before it takes a message, 0 is still something.
    `offers`: more words of EHLO, such as `AUTH PLAIN`; any password is right, and TLS never is.
    """

    def __init__(
        self,
        port: int = 0,
        pipelining: str = "yes",
        size: int = 0,
        smtputf8: bool = False,
        most_per_session: int = 0,
        enough: Action = reply(421, "4.7.0 enough for one session"),  # noqa: B008 - frozen
        enough_at: str = "MAIL",
        offers: tuple[str, ...] = (),
        log: Path | None = None,
        keep: bool = True,
        toil: float | None = None,
    ) -> None:
        self.port = port
        self.pipelining, self.size, self.smtputf8 = pipelining, size, smtputf8
        self.most_per_session, self.enough, self.enough_at = most_per_session, enough, enough_at
        self.offers, self.keep, self.toil = offers, keep, toil
        self.faults: list[Fault] = []
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.sessions = 0
        self.open_sessions = 0
        self.bodies_begun = 0  # messages of which something came, their end or not
        self.bodies_without_recipient = 0
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._released = threading.Event()

    # For tests:

    def fail(self, stage: str, action: Action, to: str = "", times: int = -1, after: int = 0) -> None:
        assert stage in STAGES
        self.faults.append(Fault(stage, action, to, times, after))

    @property
    def accepted(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(message.message_id for message in list(self.received))

    @property
    def heard(self) -> Counter[str]:
        """How often each Message-ID was accepted, and the client was told so."""
        return Counter(message.message_id for message in list(self.received) if message.heard)

    @property
    def recipients(self) -> Counter[str]:
        return Counter(message.recipient for message in list(self.received))

    def wait_for(self, messages: int, seconds: float = 20.0) -> None:
        """Until so many messages were accepted."""
        until = time.monotonic() + seconds
        while len(self.received) < messages:
            assert time.monotonic() < until, f"only {len(self.received)} of {messages} messages came"
            time.sleep(0.005)

    def release(self) -> None:
        """Lets go what HOLD holds, now and later."""
        self._released.set()

    def start(self) -> Sink:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def stop(self) -> None:
        """Stops listening and cuts every session; `start` opens the same port again."""
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)
            self._thread = None

    def __enter__(self) -> Sink:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        if self._log is not None:
            os.close(self._log)

    # Within:

    def _run(self, ready: threading.Event) -> None:
        run(self._serve(ready))  # on the fast loop: the longer messages wait here, the more a kill leaves in doubt

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, reuse_address=True)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stopping.wait()
        server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._talks.add(task)
        self.sessions += 1
        self.open_sessions += 1
        try:
            await self._session(Lines(reader), writer)
        except (Cut, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open_sessions -= 1
            self._talks.discard(task)
            writer.transport.abort()

    async def _session(self, lines: Lines, writer: asyncio.StreamWriter) -> None:
        talk = Talk()
        await self._say(writer, "greeting", talk, 220, "sink ESMTP")
        while True:
            line = await lines.next()
            if self.pipelining == "lies":
                lines.forget()
            self.commands.append(line)
            verb = line.split(" ", 1)[0].upper()
            if verb == "EHLO":
                await self._say(writer, "EHLO", talk, 250, *self._offers())
            elif verb == "MAIL":
                await self._mail(line, writer, talk)
            elif verb == "RCPT":
                await self._rcpt(line, writer, talk)
            elif verb == "DATA":
                await self._data(lines, writer, talk)
            elif verb == "RSET":
                talk.return_path, talk.recipients = None, []
                await self._say(writer, "RSET", talk, 250, "2.0.0 Ok")
            elif verb == "STARTTLS":
                await self._say(writer, "STARTTLS", talk, 454, "4.7.0 TLS not available")
            elif verb == "AUTH":
                await self._say(writer, "AUTH", talk, 235, "2.7.0 come in")
            elif verb == "QUIT":
                await self._say(writer, "QUIT", talk, 221, "2.0.0 Bye")
                return
            else:
                await self._send(writer, 502, "5.5.2 what?")

    def _offers(self) -> Iterable[str]:
        yield "sink"
        if self.pipelining != "no":
            yield "PIPELINING"
        if self.size:
            yield f"SIZE {self.size}"
        if self.smtputf8:
            yield "SMTPUTF8"
        yield from self.offers
        yield "ENHANCEDSTATUSCODES"

    async def _mail(self, line: str, writer: asyncio.StreamWriter, talk: Talk) -> None:
        if talk.return_path is not None:
            await self._send(writer, 503, "5.5.1 nested MAIL")
        elif self._is_enough("MAIL", talk):
            await self._act(writer, self.enough)
        elif await self._say(writer, "MAIL", talk, 250, "2.1.0 Ok"):
            talk.return_path = line[line.index("<") + 1 : line.index(">")]

    async def _rcpt(self, line: str, writer: asyncio.StreamWriter, talk: Talk) -> None:
        recipient = line[line.index("<") + 1 : line.index(">")]
        if talk.return_path is None:
            await self._send(writer, 503, "5.5.1 MAIL first")
        elif self._is_enough("RCPT", talk):
            await self._act(writer, self.enough)
        elif await self._say(writer, "RCPT", talk, 250, "2.1.5 Ok", to=recipient):
            talk.recipients.append(recipient)

    async def _data(self, lines: Lines, writer: asyncio.StreamWriter, talk: Talk) -> None:
        to = talk.recipients[0] if talk.recipients else ""
        lenient = any(fault.stage == "DATA" and fault.action.code == 354 for fault in self.faults)
        if not talk.recipients and not lenient:
            await self._send(writer, 554, "5.5.1 no valid recipients")
            return
        if not await self._say(writer, "DATA", talk, 354, "go on", to=to):
            return
        if await self._fault(writer, "body", to):
            return
        await lines.some()
        self.bodies_begun += 1
        if await self._fault(writer, "middle", to):
            return
        content = await lines.until_dot()
        if self.pipelining == "forgets":
            lines.forget()
        return_path, talk.return_path, talk.recipients = talk.return_path or "", None, []
        if not to:
            self.bodies_without_recipient += bool(content)
            await self._send(writer, 554, "5.5.1 no valid recipients")
            return
        if await self._fault(writer, "dot", to):
            return
        talk.messages += 1
        taken = self._take(return_path, to, content)
        taken.heard = await self._say(writer, "answer", talk, 250, "2.0.0 taken", to=to)

    def _is_enough(self, stage: str, talk: Talk) -> bool:
        return 0 < self.most_per_session <= talk.messages and stage == self.enough_at

    def _take(self, return_path: str, recipient: str, content: bytes) -> Received:
        if self.toil is not None:
            time.sleep(self.toil)
        found = _MESSAGE_ID.search(content)
        message_id = found[1].decode() if found else ""
        if self._log is not None:
            os.write(self._log, f"{message_id} {recipient}\n".encode())
        kept = content if self.keep else b""
        taken = Received(message_id, return_path, recipient, kept, time.monotonic())
        self.received.append(taken)
        return taken

    async def _say(
        self, writer: asyncio.StreamWriter, stage: str, talk: Talk, code: int, *texts: str, to: str = ""
    ) -> bool:
        """The right answer, unless a fault is due; True when the answer was the right one."""
        action = self._due(stage, to)
        if action and action.kind == "odd":
            await say_oddly(writer, action.style, code, *texts)
            return True
        if action and await self._act(writer, action):
            return False
        await self._send(writer, code, *texts)
        return True

    async def _fault(self, writer: asyncio.StreamWriter, stage: str, to: str) -> bool:
        action = self._due(stage, to)
        return action is not None and action.kind != "odd" and await self._act(writer, action)

    async def _act(self, writer: asyncio.StreamWriter, action: Action) -> bool:
        """True: the command is answered. False: only now."""
        if action.code == 354:
            return False
        if action.kind == "delay":
            await asyncio.sleep(action.seconds)
            return False
        if action.kind == "hold":
            while not self._released.is_set():
                await asyncio.sleep(0.002)
            return False
        if action.kind == "silence":
            await asyncio.sleep(3600)
        if action.kind in _CUT_SHORT:
            writer.write(_CUT_SHORT[action.kind])
            await writer.drain()
            await asyncio.sleep(0.05)
        if action.kind != "reply":
            raise Cut
        await self._send(writer, action.code, action.text)
        if action.code == 421:
            raise Cut
        return True

    def _due(self, stage: str, to: str) -> Action | None:
        return next((fault.action for fault in self.faults if fault.due(stage, to)), None)

    async def _send(self, writer: asyncio.StreamWriter, code: int, *texts: str) -> None:
        if writer.is_closing():
            raise Cut
        writer.write(in_lines(code, *texts))
        await writer.drain()


class Lines:
    """Reads commands and messages, knowing what has come and is not read yet."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = b""

    async def next(self) -> str:
        while b"\n" not in self._buffer:
            await self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    async def until_dot(self) -> bytes:
        """The message, its dots unstuffed."""
        seen = 0
        self._buffer = b"\r\n" + self._buffer
        while (end := self._buffer.find(b"\r\n.\r\n", seen)) < 0:
            seen = max(0, len(self._buffer) - 4)
            await self._more()
        content, self._buffer = self._buffer[2 : end + 2], self._buffer[end + 5 :]
        return (b"\r\n" + content).replace(b"\r\n..", b"\r\n.")[2:]

    async def some(self) -> None:
        """Until something of the message is here."""
        while not self._buffer:
            await self._more()

    def forget(self) -> None:
        self._buffer = b""

    async def _more(self) -> None:
        data = await self._reader.read(256 * 1024)
        if not data:
            raise Cut
        self._buffer += data
