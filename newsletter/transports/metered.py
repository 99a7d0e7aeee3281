"""Any transport, with a tally of what it is answered and how long that takes."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from newsletter.domain.delivery import Envelope, Outcome, OutcomeKind
from newsletter.domain.tally import Tally
from newsletter.transports.base import Connection, Transport


class MeteredTransport:
    """The same transport to whoever sends over it."""

    def __init__(self, transport: Transport, tally: Tally) -> None:
        self.type, self.connections, self.gate = transport.type, transport.connections, transport.gate
        self._transport, self._tally = transport, tally

    def connection(self) -> MeteredConnection:
        return MeteredConnection(self._transport.connection(), self._tally)


class MeteredConnection:
    """A session counts as opened with the first answer that it brings: who hung up while idle is not seen from here."""

    def __init__(self, connection: Connection, tally: Tally) -> None:
        self._connection, self._tally = connection, tally
        self._open = False

    @property
    def is_open(self) -> bool:
        return self._connection.is_open

    async def open(self, envelope: Envelope) -> Outcome | None:
        began = perf_counter()
        trouble = await self._connection.open(envelope)
        if trouble:
            self._tally.attempt(trouble, perf_counter() - began)
        return trouble

    async def send(self, envelope: Envelope, message: Sequence[bytes], following: Envelope | None = None) -> Outcome:
        began = perf_counter()
        outcome = await self._connection.send(envelope, message, following)
        self._tally.attempt(outcome, perf_counter() - began)
        kind = outcome.kind
        if not self._open and kind is not OutcomeKind.BROKEN:
            self._tally.opened()
        self._open = kind is not OutcomeKind.BROKEN and kind is not OutcomeKind.UNCERTAIN
        return outcome

    async def close(self) -> None:
        self._open = False
        await self._connection.close()
