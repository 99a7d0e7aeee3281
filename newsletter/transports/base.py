"""What every transport promises; tests/contract/test_transports.py holds adapters to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from newsletter.domain.delivery import Envelope, Outcome
from newsletter.transports.gate import Gate


class Connection(Protocol):
    """One session with a server, used by one task at a time."""

    @property
    def is_open(self) -> bool:
        """Whether there is a session that can carry another message, as far as anybody knows."""
        ...

    async def open(self, envelope: Envelope) -> Outcome | None:
        """Sees to it that there is a session to send to `envelope` in; what is wrong when there is none to be had."""
        ...

    async def send(self, envelope: Envelope, message: Sequence[bytes], following: Envelope | None = None) -> Outcome:
        """Hands one message over. `message` is its bytes in chunks: CRLF line ends, no dot-stuffing.

        `following` is whom the next message on this connection will likely go to, so that it can be announced early;
        nothing is promised by it.

        Never raises for what a server or network does: that is the Outcome. After one that
        ends the session (OutcomeKind) the next `send` opens a new one.
        """
        ...

    def recorded(self) -> None:
        """What came of the last message is written down: it counts no more among those that a crash would leave in
        doubt, and another may go out in its place. The next `send` and `close` say so too.
        """
        ...

    async def close(self) -> None: ...


class Transport(Protocol):
    """`type` is the word of config.yaml; `connections` is how many sessions it allows at once.

    Who sends over many of them enters the `gate` before making a message.
    """

    type: str
    connections: int
    gate: Gate

    def connection(self) -> Connection: ...
