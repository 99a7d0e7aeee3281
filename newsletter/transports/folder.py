"""The `folder` transport: each message becomes an .eml file."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from newsletter.domain.delivery import Envelope, Outcome, OutcomeKind
from newsletter.transports.gate import Gate

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)


def in_the_way(folder: Path) -> str:
    """Why no mail can become a file there, as far as it can be told beforehand; "" when nothing is in the way."""
    there = next(place for place in (folder, *folder.parents) if os.access(place, os.F_OK))
    if not there.is_dir():
        return f"{there} is no folder"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} cannot be written to"


class FolderTransport:
    """Writes into `path`, made when needed. The same message to the same reader is the same file."""

    type = "folder"

    def __init__(self, path: Path, connections: int = 1) -> None:
        self.path = path
        self.connections = connections
        self.gate = Gate()

    def connection(self) -> FolderConnection:
        return FolderConnection(self.path)


class FolderConnection:
    is_open = True  # a folder is always there, or made

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self, envelope: Envelope) -> Outcome | None:
        return None

    async def send(self, envelope: Envelope, message: Sequence[bytes], following: Envelope | None = None) -> Outcome:
        body = b"".join(message)
        trace = f"Return-Path: <{envelope.return_path}>\r\nDelivered-To: {envelope.recipient}\r\n"
        try:
            await asyncio.to_thread(_write, self._path, _name(envelope, body), trace.encode("utf-8") + body)
        except OSError as error:
            return Outcome(OutcomeKind.BROKEN, 0, "", f"{self._path}: {error.strerror or error}")
        return Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", "written")

    def recorded(self) -> None:
        pass

    async def close(self) -> None:
        pass


def _name(envelope: Envelope, body: bytes) -> str:
    """Readable, safe on every file system, and unique to recipient and message."""
    found = _MESSAGE_ID.search(body[: body.find(b"\r\n\r\n") + 2])
    identity = found[1] if found else body
    digest = hashlib.sha256(identity + b"\0" + envelope.recipient.encode("utf-8")).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9.@+-]', '_', envelope.recipient)[:100]}-{digest}.eml"


def _write(folder: Path, name: str, content: bytes) -> None:
    """Whole or not at all: a reader of the folder never sees half a message."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.part"
    unfinished.write_bytes(content)
    unfinished.replace(folder / name)
