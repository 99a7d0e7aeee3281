"""Lets one message out per few turns of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque

_TURNS = 3  # an answer is read, wakes its worker, and is written down


class Gate:
    """Between two that pass, what came in is read and written down: an answer never waits behind many messages.

    The sooner a 250 is in the ledger, the less is in doubt when the process dies.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._shut = False

    async def enter(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._shut:
            self._shut = True
            loop.call_soon(self._admit, _TURNS)
            return
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _admit(self, turns: int) -> None:
        if turns > 1:
            asyncio.get_running_loop().call_soon(self._admit, turns - 1)
            return
        while self._waiting and self._waiting[0].done():  # called off
            self._waiting.popleft()
        self._shut = bool(self._waiting)
        if self._waiting:
            self._waiting.popleft().set_result(None)
            asyncio.get_running_loop().call_soon(self._admit, _TURNS)
