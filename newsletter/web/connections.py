"""Whom the web listens to, and for how long: nobody who says nothing keeps a connection from somebody else."""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass, field
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from newsletter.logs import tell

log = logging.getLogger("newsletter.web")

REQUEST_SECONDS = 20.0
_MOST = 2048
_OTHERS = 384  # files that sender, scheduler and database need, and connections accepted but not yet looked at
_TELL_EVERY = 60.0  # seconds


def room_for(files: int) -> int:
    """How many connections leave the rest of the process its share of the files that it may open (RLIMIT_NOFILE)."""
    return min(_MOST, max(files // 2, files - _OTHERS))


@dataclass
class Door:
    """Of one server: `most` connections are open at a time, and nobody has us wait longer than `seconds`."""

    most: int
    seconds: float = REQUEST_SECONDS
    waiting: dict[Connection, None] = field(default_factory=dict)  # for whom we wait, the longest first
    told: float = -math.inf

    def make_room(self, now: float) -> None:
        if now - self.told >= _TELL_EVERY:
            self.told = now
            words = f"all {self.most} connections of the web are taken: who says nothing for longest is cut off"
            tell(log, logging.WARNING, "web_full", words, connections=self.most)
        next(iter(self.waiting)).cut()


class Connection(H11Protocol):
    """Uvicorn ends no wait but the one between two requests. Here every wait for the client has an end: for the whole
    of a request, and for its answer to be fetched. When all connections are taken, the longest wait ends at once.
    """

    def __init__(self, door: Door, **settings: Any) -> None:
        super().__init__(**settings)
        self._door = door
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        taken = len(self.connections)
        super().connection_made(transport)
        self._look()
        if taken >= self._door.most:
            self._door.make_room(self.loop.time())

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._look()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._rest()

    def cut(self) -> None:
        self._rest()
        self.connections.discard(self)
        self.transport.abort()

    def _look(self) -> None:
        """Whose turn is it: the client's, or ours?"""
        unread = self.flow.write_paused or self.transport.is_closing()
        if not (unread or self.conn.their_state in (h11.IDLE, h11.SEND_BODY)):
            self._rest()
        elif self._patience is None:
            self._door.waiting[self] = None
            self._patience = self.loop.call_later(self._door.seconds, self.cut)

    def _rest(self) -> None:
        self._door.waiting.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
