"""Several mail servers as one transport: each carries its share, and one that is down rests while others carry it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from newsletter.domain.delivery import Envelope, Outcome, OutcomeKind, growing
from newsletter.transports.gate import Gate
from newsletter.transports.smtp import SmtpConnection, SmtpTransport

_OF_THE_READER = ("5.1.", "5.2.")  # RFC 3463 §3.2 and §3.3: the address, or its mailbox
_IN_A_ROW = 5  # readers refused by one server for other reasons: it may be us that it refuses
_RELAYS_NOT = re.compile(r"\brelay", re.IGNORECASE)  # "relay access denied": it knows us not, whoever the reader is
_REST_FIRST, _REST_MOST = timedelta(seconds=1), timedelta(minutes=2)
log = logging.getLogger("newsletter.smtp")


@dataclass(slots=True, eq=False)
class Ship:
    """One server: how many of its connections are taken, and until when it rests (seconds of the event loop)."""

    transport: SmtpTransport
    taken: int = 0
    failures: int = 0
    is_proven: bool = False  # whether it ever took a message
    refusals: int = 0  # nearly in a row, for what is no fault of a reader's address
    rests_until: float = 0.0

    @property
    def name(self) -> str:
        server = self.transport.server
        return f"{server.host}:{server.port}"

    @property
    def free(self) -> bool:
        return self.taken < self.transport.connections

    def rests(self) -> bool:
        return asyncio.get_running_loop().time() < self.rests_until

    def knock(self) -> None:
        """After a rest one connection tries the server; for the others it goes on resting until that one knows more."""
        if self.failures:
            self._rest()

    def fails(self, words: str, known: int | None = None) -> None:
        """It rests, for longer each time. `known` is how many failures there were when what failed was begun: many
        sessions that break at once are one.
        """
        if known is not None and self.failures > known:
            return
        self.failures += 1
        pause = self._rest()
        log.warning("%s rests for %g seconds: %s", self.name, pause, words)

    def heard(self, outcome: Outcome) -> None:
        if outcome.kind is OutcomeKind.ACCEPTED:
            self.is_proven = True
            self.refusals //= 2  # what was in flight is no sign of a change of mind
        elif outcome.kind is OutcomeKind.REJECTED and not outcome.status.startswith(_OF_THE_READER):
            self.refusals += 1

    def may_mean_us(self, outcome: Outcome) -> bool:
        """Whether it may be us that is refused, as a host on a blocklist is, and not the reader.

        The server never took a message of ours, or refuses one reader after the other.
        """
        if outcome.kind is not OutcomeKind.REJECTED or outcome.status.startswith(_OF_THE_READER):
            return False
        return not self.is_proven or self.refusals > _IN_A_ROW

    def is_tired_of_us(self) -> bool:
        """Whether it rests for what it said of us, and not because it is down."""
        return self.rests() and self.refusals >= _IN_A_ROW

    def works(self) -> None:
        if self.failures:
            log.warning("%s takes mail again", self.name)
        self.failures, self.rests_until = 0, 0.0

    def _rest(self) -> float:
        pause = growing(_REST_FIRST, _REST_MOST, max(self.failures, 1)).total_seconds()
        self.rests_until = asyncio.get_running_loop().time() + pause
        return pause


class FleetTransport:
    """`connections` is how many sessions all servers together allow at once; none is asked for more than its own."""

    type = "smtp"

    def __init__(self, servers: Sequence[SmtpTransport]) -> None:
        self.ships = [Ship(server) for server in servers]
        self.connections = sum(server.connections for server in servers)
        self._homes = _spread([server.connections for server in servers])
        self._given = 0
        self.gate = Gate()
        for server in servers:
            server.gate = self.gate

    def connection(self) -> FleetConnection:
        home = self.ships[self._homes[self._given % len(self._homes)]]
        self._given += 1
        return FleetConnection(self.ships, home)


class FleetConnection:
    """One session at a time, with `home` if it is up and has room, else with another server."""

    def __init__(self, ships: Sequence[Ship], home: Ship) -> None:
        self._order = [home, *(ship for ship in ships if ship is not home)]
        self._ship: Ship | None = None
        self._own: SmtpConnection | None = None
        self._is_new = False  # the session has not carried anything yet
        self._known = 0  # failures of its server when it was begun

    @property
    def is_open(self) -> bool:
        return self._own is not None and self._own.is_open

    async def open(self, envelope: Envelope) -> Outcome | None:
        """A server that has no session for us costs the message nothing: the next one is asked."""
        return await self._open(envelope, [])

    async def send(self, envelope: Envelope, message: Sequence[bytes], following: Envelope | None = None) -> Outcome:
        """A refusal that may mean us is believed when each server says so; one that is down, or full, is waited for."""
        refused: list[Ship] = []
        words = ""
        while True:
            if trouble := await self._open(envelope, refused):
                return trouble._replace(text=words) if words else trouble
            assert self._ship is not None
            ship = self._ship
            outcome = await self._hand_over(ship, envelope, message, following)
            if not ship.may_mean_us(outcome):
                return outcome
            if (ship.refusals >= _IN_A_ROW or _relays_not(outcome)) and not ship.rests():
                ship.fails(outcome.text)
            refused.append(ship)
            words = outcome.text
            if all(other in refused or other.is_tired_of_us() for other in self._order):
                return outcome._replace(kind=OutcomeKind.BROKEN, early=True) if _relays_not(outcome) else outcome
            await self.close()
            following = None

    async def _open(self, envelope: Envelope, refused: Sequence[Ship]) -> Outcome | None:
        """With none of those that `refused`."""
        trouble: Outcome | None = None
        asked = [*refused]
        while ship := await self._aboard(asked):
            assert self._own is not None
            if not self._own.is_open:
                self._is_new, self._known = True, ship.failures
                ship.knock()
            trouble = await self._own.open(envelope)
            if trouble is None:
                return None
            ship.fails(trouble.text, self._known)
            asked.append(ship)
            await self.close()
        if trouble and self._all_rest(*asked):
            return trouble
        return Outcome(OutcomeKind.BROKEN, 0, "", "no mail server has room for us at present", early=True)

    async def _hand_over(
        self, ship: Ship, envelope: Envelope, message: Sequence[bytes], following: Envelope | None
    ) -> Outcome:
        """A session that breaks at its first message counts as one that never opened. What a server says of a recipient
        is not held against it."""
        assert self._own is not None
        is_new, self._is_new = self._is_new, False
        outcome = await self._own.send(envelope, message, following)
        ship.heard(outcome)
        if not outcome.kind.ends_session:
            if not ship.may_mean_us(outcome):
                ship.works()
        elif is_new:
            ship.fails(outcome.text, self._known)
            await self.close()
            if outcome.kind is OutcomeKind.BROKEN and not self._all_rest(ship):
                return outcome._replace(code=0, status="")  # of one server: no reason to pause what another carries
        return outcome

    def _all_rest(self, *too: Ship) -> bool:
        return all(ship in too or ship.rests() for ship in self._order)

    def recorded(self) -> None:
        if self._own:
            self._own.recorded()

    async def close(self) -> None:
        ship, own, self._ship, self._own = self._ship, self._own, None, None
        if ship:
            ship.taken -= 1
        if own:
            await own.close()

    async def _aboard(self, asked: Sequence[Ship]) -> Ship | None:
        """The server to go over, none of those that were `asked`: home when it is up, else the one we are with.

        None when all rest or are full.
        """
        others = (ship for ship in self._order if ship not in asked and not ship.rests())
        best = next((ship for ship in others if ship.free or ship is self._ship), None)
        stays = self._ship is not None and self._own is not None and self._own.is_open
        if best is self._ship or (best is None and stays):
            return self._ship
        if self._ship and stays and best is not self._order[0]:
            return self._ship  # another server that is not home either is no better
        await self.close()
        if best is None or best.rests() or not best.free:  # somebody was quicker, while we said goodbye
            return None
        best.taken += 1
        self._ship, self._own = best, best.transport.connection()
        return best


def _relays_not(outcome: Outcome) -> bool:
    return outcome.kind is OutcomeKind.REJECTED and bool(_RELAYS_NOT.search(outcome.text))


def _spread(shares: Sequence[int]) -> list[int]:
    """Whose turn it is: each server as often as its share says, evenly mixed. [2, 1] gives 0, 1, 0."""
    turns = [((turn + 0.5) / share, server) for server, share in enumerate(shares) for turn in range(share)]
    return [server for _, server in sorted(turns)]
