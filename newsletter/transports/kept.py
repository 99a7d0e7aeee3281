"""Sessions that outlive the run they were opened for: the next one goes on with them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.domain.delivery import Envelope, Outcome
from newsletter.transports.base import Connection, Transport


class KeptTransport:
    """Lends out the connections of another transport, `connections` to each run; what one gives back, another gets.

    How many are out at once is the caller's to see to.
    """

    def __init__(self, transport: Transport, connections: int) -> None:
        self.type, self.connections, self.gate = transport.type, connections, transport.gate
        self._transport = transport
        self._idle: list[_Idle] = []

    def connection(self) -> Lent:
        return Lent(self, self._idle.pop().connection if self._idle else self._transport.connection())

    def take_back(self, connection: Connection) -> None:
        self._idle.append(_Idle(connection, time.monotonic()))

    async def close_idle(self, seconds: float = 0.0) -> None:
        """Closes the sessions that nobody has asked for so long."""
        until = time.monotonic() - seconds
        old = [idle.connection for idle in self._idle if idle.since <= until]
        self._idle = [idle for idle in self._idle if idle.since > until]
        for connection in old:
            await connection.close()


@dataclass(frozen=True, slots=True)
class _Idle:
    connection: Connection
    since: float  # on the monotonic clock


class Lent:
    """A connection for one run: `close` gives it back."""

    def __init__(self, owner: KeptTransport, connection: Connection) -> None:
        self._owner, self._connection = owner, connection

    @property
    def is_open(self) -> bool:
        return self._connection.is_open

    async def open(self, envelope: Envelope) -> Outcome | None:
        return await self._connection.open(envelope)

    async def send(self, envelope: Envelope, message: Sequence[bytes], following: Envelope | None = None) -> Outcome:
        return await self._connection.send(envelope, message, following)

    def recorded(self) -> None:
        self._connection.recorded()

    async def close(self) -> None:
        self.recorded()
        self._owner.take_back(self._connection)
