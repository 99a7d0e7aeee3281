"""Where a message waits for its turn: one worker at a time goes on to send, and answers go first."""

from __future__ import annotations

import asyncio
from collections import deque


class Gate:
    """One for all connections of a transport. Who is to make a message enters, and goes on when no connection has an
    answer that nobody has dealt with.

    The sooner a 250 is in the ledger, the less is in doubt when the process dies; and while a message is made, the
    server answers the one before, so that few are on their way at once.
    """

    def __init__(self) -> None:
        self._answered: set[object] = set()
        self._turns: deque[asyncio.Future[None]] = deque()  # of all who are at the gate; the first is let in next

    def answered(self, connection: object) -> None:
        """The connection has an answer, and its task will come to it at once."""
        self._answered.add(connection)

    def dealt_with(self, connection: object) -> None:
        self._answered.discard(connection)

    async def enter(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            if self._turns[0] is turn:
                await asyncio.sleep(0)  # a look at the network, as they have behind them who waited
            else:
                await turn
            while self._answered:
                await asyncio.sleep(0)
        finally:
            self._turns.remove(turn)
            if self._turns and not self._turns[0].done():
                self._turns[0].set_result(None)
