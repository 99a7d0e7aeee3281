"""A built-in inbox: a real SMTP server on a free port of this machine that keeps what it is given as .eml files."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

SIZE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as it arrived. `file` holds exactly the bytes that came over the wire."""

    number: int
    sender: str
    recipient: str
    file: Path

    def read(self) -> EmailMessage:
        message = email.message_from_bytes(self.file.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def subject(self) -> str:
        return str(self.read()["Subject"] or "")

    def part(self, kind: str) -> str:
        """The `html` or the `plain` part as text; "" where the message has none."""
        body = self.read().get_body((kind,))
        return str(body.get_content()) if body else ""


@dataclass
class Inbox:
    """What came in, oldest first. `port` is where the server listens on 127.0.0.1."""

    folder: Path
    port: int = 0
    mails: list[Mail] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            number = len(self.mails) + 1
            file = self.folder / f"{number:03}-{_file_name(recipient)}.eml"
            file.write_bytes(content)
            self.mails.append(Mail(number, envelope.mail_from or "", recipient, file))
        return "250 2.0.0 Kept"


@contextmanager
def open_inbox(folder: Path) -> Iterator[Inbox]:
    """Listens in a thread of its own until the block ends; mails of an earlier run are removed from `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9][0-9]-*.eml"):
        old.unlink()
    inbox = Inbox(folder)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _smtp(inbox, loop), "127.0.0.1", 0))
    inbox.port = int(server.sockets[0].getsockname()[1])
    thread = threading.Thread(target=loop.run_forever, name="inbox", daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_finish(server))
        loop.close()


def _smtp(inbox: Inbox, loop: asyncio.AbstractEventLoop) -> Any:
    return SMTP(
        inbox,
        hostname="inbox.localhost",
        ident="newsletter demo",
        enable_SMTPUTF8=True,
        data_size_limit=SIZE_LIMIT,
        loop=loop,
    )


async def _finish(server: asyncio.Server) -> None:
    """Connections still open are dropped, so that no task is left behind."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.wait_closed()


def _file_name(recipient: str) -> str:
    return re.sub(r"[^\w.@+-]", "_", recipient, flags=re.ASCII)[:80]
