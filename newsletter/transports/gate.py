"""Lets one message out per turn of the event loop, and answers first."""

from __future__ import annotations

import asyncio
from collections import deque


class Gate:
    """Who enters waits a turn: what came in at the same time is written down before the next message goes out.

    The sooner a 250 is in the ledger, the less is in doubt when the process dies.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.append(mine)
        if len(self._waiting) == 1:
            loop.call_soon(self._admit)
        await mine

    def _admit(self) -> None:
        """The one at the head stays there until its turn is over, so that nobody else calls."""
        while self._waiting and self._waiting[0].done():  # gone through, or called off
            self._waiting.popleft()
        if self._waiting:
            self._waiting[0].set_result(None)
            asyncio.get_running_loop().call_soon(self._admit)
