"""The office behind a desk, between the workers and the ledger.

Workers report what came of a delivery and ask for the next; the ledger writes down both in one go. On PostgreSQL,
what is reported while it does so goes together the next time. Recording goes before handing out: the less time lies
between the server's 250 and the ledger's line, the fewer messages are in doubt after a crash.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from newsletter.domain.delivery import Claim, DeliveryState, Outcome, OutcomeKind, settle
from newsletter.domain.tally import Tally
from newsletter.errors import StoreError
from newsletter.services.delivery.account import RunAccount
from newsletter.services.delivery.apart import Apart
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line
from newsletter.services.delivery.lookout import Lookout
from newsletter.services.delivery.pen import Pen
from newsletter.services.delivery.stall import Stall
from newsletter.services.delivery.wishes import Granted, Wishes, give
from newsletter.store.ledger import Ledger


class Office:
    """One per run. `apart` is how it, and whoever looks after it, works on the database.

    `in_flight` and `getting_ready` count workers: with a message on its way, and with a session that is being opened
    for a delivery that is not begun yet.
    """

    def __init__(self, errand: Errand, ledger: Ledger, line: Line, tally: Tally) -> None:
        self.closed = asyncio.Event()
        self.at_once = ledger.at_once
        self.wishes = Wishes()
        self.stall = Stall(errand.policy.retry_wait)
        self.account = RunAccount(errand, line, self.stall)
        self.apart = Apart(errand.database.place, at_once=ledger.at_once, tell=self.stall.note)
        self.in_flight = self.getting_ready = 0
        self._policy, self._clock = errand.policy, errand.clock
        self._ledger, self._line = ledger, line
        self._pen = Pen(ledger, tally, self.apart)
        self._lookout = Lookout(errand, ledger, line, self.stall, self.apart, self.busy, self._skip)
        self._bell = asyncio.Event()

    # For the run:

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Takes over what dead workers left, and counts.

        At the end it writes down what was reported, and frees what is still held; what is in flight then is in doubt.
        """
        try:
            self.account.begin(await self.apart(lambda: self._ledger.open(self._clock())))
            try:
                await self._lookout.begin()
                yield
            finally:
                if self._pen:
                    await self._pen.write([])
                await self.apart(lambda: self._ledger.leave(self._clock()))
        finally:
            self._ledger.let_go()

    async def keep(self) -> None:
        """Serves the workers until it is closed and everything reported is written down."""
        while not (self.closed.is_set() and not self.in_flight and not self._pen):
            if self._pen or self._can_begin():
                await self._post()
            elif self._wants_more() and self._lookout.is_due():
                await self._look()
            else:
                await self._wait()

    def close(self) -> None:
        """Gives nothing out any more; what is in flight may still be reported."""
        self.closed.set()
        self.wishes.end()
        self._bell.set()

    def stop(self) -> None:
        """As `close`, for somebody who waits: a database that cannot be written is not waited for as long as usual."""
        self.close()
        self.apart.hurry()

    def abandon(self) -> None:
        """Waits no longer for what is in flight."""
        self.in_flight = 0
        self._bell.set()

    async def keep_up(self) -> None:
        """Another day of a warm-up plan may have begun: then there may be more to give out."""
        if await self._lookout.keep_up():
            self._bell.set()

    def busy(self) -> int:
        """How many workers have something in flight, or will soon."""
        return self.in_flight + self.getting_ready

    # For its desk:

    def serve(self) -> None:
        """At once where the ledger can; else, or when it is locked or full, `keep` does."""
        if self.at_once:
            self._post_at_once()
        if self.wishes or not self.at_once:
            self._bell.set()

    def begin(self, claim: Claim) -> Claim | None:
        """One turn for one worker. None when its reader has left, or the ledger cannot be written now."""
        begun = self._pen.write_if_possible([claim])
        if begun is None:
            return None
        self.in_flight += len(begun)
        if self._wants_more():
            self._bell.set()
        return begun.get(claim.id)

    def take_in(self, claim: Claim, outcome: Outcome, written: Callable[[], None] = lambda: None) -> None:
        """What came of a delivery; `written` is called when the ledger has it."""
        settled = settle(claim, outcome, self._policy, self._clock())
        self._ledger.hear(settled)
        self._line.heard(claim, outcome)
        self._pen.add(settled, written)
        self.account.move(settled.was, settled.state)
        if settled.state is DeliveryState.SENT:
            self.stall.gets_on()
        if settled.state in (DeliveryState.QUEUED, DeliveryState.DEFERRED) or not self.in_flight:
            self._lookout.soon()
        if self.closed.is_set() or not self.at_once:  # else the worker's next wish takes it along
            self._bell.set()

    def ring(self) -> None:
        """There may be something to do for `keep`."""
        self._bell.set()

    # Within:

    def _post_at_once(self) -> None:
        granted = self.wishes.grant(self._line)
        if not granted and not self._pen:
            return
        begun = self._pen.write_if_possible(_claims(granted))
        if begun is None:
            self.wishes.put_back(granted)
        else:
            self._hand_out(granted, begun)
        if self._pen or self._wants_more() or self.closed.is_set():
            self._bell.set()

    async def _post(self) -> None:
        """One turn of the ledger: outcomes recorded, next deliveries begun."""
        granted = self.wishes.grant(self._line)
        if not granted and not self._pen:  # who seemed to be free to go is not
            return
        try:
            begun = await self._pen.write(_claims(granted))
        except StoreError:
            self.wishes.put_back(granted)
            self.apart.hurry()  # `leave` tries once more, and not for as long again
            raise
        self._hand_out(granted, begun)

    def _hand_out(self, granted: list[Granted], begun: dict[int, Claim]) -> None:
        """A reader who unsubscribed meanwhile is skipped, and the worker gets another. A delivery whose worker is gone
        goes back to the queue."""
        self.in_flight += len(begun)
        for answer, claim in granted:
            if claim.id not in begun:
                self._line.undo(claim)
                self.account.move(claim.state, DeliveryState.SKIPPED)
                if self.closed.is_set():  # while a server's turn ran: nobody else would answer
                    give(answer, None)
                else:
                    self.wishes.again(answer)
            elif self.closed.is_set() or answer.done():
                give(answer, None)
                self.in_flight -= 1
                self.take_in(claim, Outcome(OutcomeKind.BROKEN))
            else:
                give(answer, begun[claim.id])
        if self.wishes:
            self.serve()

    async def _skip(self, left: Sequence[Claim]) -> None:
        """Their readers had left when they were claimed. Who came back this very moment waits anew."""
        begun = await self._pen.write(left)
        for claim in left:
            if claim.id in begun:
                self.take_in(begun[claim.id], Outcome(OutcomeKind.BROKEN))
            else:
                self.account.move(claim.state, DeliveryState.SKIPPED)

    async def _look(self) -> None:
        if await self._lookout.look():
            self.serve()
        elif self._lookout.is_over:
            self.close()

    def _can_begin(self) -> bool:
        if self.closed.is_set() or not self.wishes:
            return False
        return self._line.wait() == 0 or self.wishes.any_reserved

    def _wants_more(self) -> bool:
        """Whether a worker waits for a delivery that is not even claimed, or soon will."""
        if self.closed.is_set() or not (self._lookout.more or self.wishes):
            return False
        return self._line.wants()

    async def _wait(self) -> None:
        """Until there may be something to do."""
        self._bell.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._lookout.alarm() if self.wishes else None):
                await self._bell.wait()


def _claims(granted: list[Granted]) -> list[Claim]:
    return [claim for _, claim in granted]
