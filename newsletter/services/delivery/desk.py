"""The desk between the workers and the ledger.

Workers report what came of a delivery and ask for the next; the ledger writes down both in one go. On PostgreSQL,
what is reported while it does so goes together the next time. Recording goes before handing out: the less time lies
between the server's 250 and the ledger's line, the fewer messages are in doubt after a crash.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

from newsletter.domain.accounting import Accounting
from newsletter.domain.bucket import Bucket
from newsletter.domain.delivery import Claim, DeliveryState, Outcome, OutcomeKind, settle
from newsletter.domain.issue import IssueState
from newsletter.domain.running_accounting import RunningAccounting
from newsletter.domain.tally import Tally
from newsletter.errors import Away, StoreError
from newsletter.services.delivery.apart import Apart
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line
from newsletter.services.delivery.lookout import Lookout
from newsletter.services.delivery.pen import Pen
from newsletter.services.delivery.stall import Stall
from newsletter.services.delivery.wishes import Granted, Wishes, give
from newsletter.store import issues
from newsletter.store.ledger import open_ledger


class Desk:
    """One per run. `apart` is how it, and whoever serves it, works on the database."""

    def __init__(self, errand: Errand, worker: str, line: Line, tally: Tally) -> None:
        database, issue = errand.database, errand.issue
        self.closed = asyncio.Event()
        self._errand, self._database, self._issue = errand, database, issue
        self._policy, self._clock = errand.policy, errand.clock
        self._ledger = open_ledger(database, issue, errand.policy, worker, errand.chunk)
        self._bell = asyncio.Event()
        self._wishes = Wishes()
        self._stall = Stall(errand.policy.retry_wait)
        self.apart = Apart(database.place, at_once=self._ledger.at_once, tell=self._stall.note)
        self._line = line
        self._pen = Pen(self._ledger, tally, self.apart)
        self._lookout = Lookout(errand, self._ledger, line, self._stall, self.apart, self._busy)
        self._in_flight = 0
        self._getting_ready = 0  # workers who open a session for a delivery that is not begun yet
        self._accounting: RunningAccounting | None = None

    # For the workers:

    async def next(self, reserved: Claim | None = None) -> Claim | None:
        """The next delivery, in the ledger as in flight; None when there is no more for this run.

        It is the `reserved` one, unless its reader has left.
        """
        if self.closed.is_set():
            return None
        if self._ledger.at_once and not self._wishes:  # so it is nearly always on SQLite
            reserved = reserved or self._line.take()
            if reserved and (begun := self._begin_at_once(reserved)):
                return begun
        answer = self._wishes.for_delivery(reserved)
        self._serve()
        return await answer

    async def reservation(self) -> Claim | None:
        """As `reserve`, but waits for one; None when there is no more for this run."""
        if self.closed.is_set():
            return None
        answer = self._wishes.for_reservation()
        self._serve()
        return await answer

    def reserve(self) -> Claim | None:
        """A delivery for the worker's next wish: known, but not begun. None when none is at hand that may go."""
        return None if self.closed.is_set() else self._line.take()

    def release(self, reserved: Claim) -> None:
        """Another worker may have it."""
        self._line.put_back(reserved)
        self._bell.set()

    @property
    def is_waited_at(self) -> bool:
        """Whether a worker with a session has nothing to send."""
        return self._wishes.any_to_begin

    @contextmanager
    def getting_ready(self) -> Iterator[None]:
        """While a worker opens a session, the run is no more idle than with a message in flight.

        That may take minutes: what was reported is written down first.
        """
        self._serve()
        self._getting_ready += 1
        try:
            yield
        finally:
            self._getting_ready -= 1

    def report(self, claim: Claim, outcome: Outcome, written: Callable[[], None] = lambda: None) -> None:
        """What came of a delivery that `next` gave; written down before anything else is given out.

        `written` is called then, or at once where that takes a way to a server: nobody else should wait for it.
        """
        self._in_flight -= 1
        if self._ledger.at_once:
            self._take_in(claim, outcome, written)
        else:
            self._take_in(claim, outcome)
            written()

    def report_unbegun(self, claim: Claim, outcome: Outcome) -> None:
        """What kept a delivery that was only reserved from being begun."""
        self._take_in(claim, outcome)

    def _take_in(self, claim: Claim, outcome: Outcome, written: Callable[[], None] = lambda: None) -> None:
        settled = settle(claim, outcome, self._policy, self._clock())
        self._line.heard(claim, outcome)
        self._pen.add(settled, written)
        self._move(settled.was, settled.state)
        if settled.state is DeliveryState.SENT:
            self._stall.gets_on()
        if settled.state in (DeliveryState.QUEUED, DeliveryState.DEFERRED) or not self._in_flight:
            self._lookout.soon()
        if self.closed.is_set() or not self._ledger.at_once:  # else the worker's next wish takes it along
            self._bell.set()

    async def rest(self, seconds: float, reason: str) -> None:
        """A pause of one worker whose session broke; ends early when the desk closes."""
        if seconds:
            self._serve()
            self._stall.waits(reason)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closed.wait(), seconds)

    async def hold(self, bucket: Bucket) -> None:
        """A worker's pause between two messages, where connections have a pace of their own."""
        wait = bucket.wait(time.monotonic())
        if wait:
            self._serve()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closed.wait(), wait)
        bucket.take(time.monotonic())

    # For the run:

    @property
    def has_opened(self) -> bool:
        """Whether it knows how the issue stands."""
        return self._accounting is not None

    @property
    def reason(self) -> str:
        """What it waits for, or why it paused; "" while it gets on."""
        return self._stall.reason

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Takes over what dead workers left, and counts.

        At the end it writes down what was reported, and frees what is still held; what is in flight then is in doubt.
        """
        try:
            started = await self.apart(lambda: self._ledger.open(self._clock()))
            self._accounting = RunningAccounting(started)
            try:
                await self._lookout.begin()
                yield
            finally:
                await self._leave()
        finally:
            self._ledger.let_go()

    def close(self) -> None:
        """Gives nothing out any more; what is in flight may still be reported."""
        self.closed.set()
        self._wishes.end()
        self._bell.set()

    def stop(self) -> None:
        """As `close`, for somebody who waits: a database that cannot be written is not waited for as long as usual."""
        self.close()
        self.apart.hurry()

    def abandon(self) -> None:
        """Waits no longer for what is in flight."""
        self._in_flight = 0
        self._bell.set()

    async def pause(self, reason: str) -> None:
        """The issue pauses itself."""
        self.close()
        await self.apart(lambda: self._pause(reason))

    async def keep(self) -> None:
        """Serves the workers until the desk is closed and everything reported is written down."""
        while not (self.closed.is_set() and not self._in_flight and not self._pen):
            if self._pen or self._can_begin():
                await self._post()
            elif self._wants_more() and asyncio.get_running_loop().time() >= self._lookout.next_look:
                await self._look()
            else:
                await self._ring()

    async def tend(self) -> None:
        """Called now and then: steps back when the issue is not to be sent any more, or waiting took too long."""
        await self.apart(self._ledger.tidy)
        if await self._lookout.keep_up():
            self._bell.set()
        if not self._database.is_in_place:
            self._stall.note(f"the file of {self._database.place} is gone")
            self.close()
            return
        if await self.apart(self._errand.issue_state) is not IssueState.SENDING or self._waited_too_long():
            self.close()
        elif self._held_too_long():
            self._stall.reason = self._line.why()
            self.close()

    async def renew(self) -> None:
        """As Ledger.renew. What a database refuses now it may take half a second later."""
        with suppress(Away):
            await asyncio.to_thread(self._ledger.renew, self._clock())

    def so_far(self) -> Accounting:
        """The accounting as this run knows it, without asking the ledger. As long as nothing goes, nobody can say how
        much longer it takes."""
        books = replace(self._known().so_far(), reason=self.reason or self._line.why())
        return books if self.reason else replace(books, seconds_left=self._line.seconds_left(books))

    def whole(self) -> Accounting:
        """The accounting of the whole issue; for a chunk's run the database is asked."""
        return self.so_far() if self._errand.chunk is None else self._errand.accounting()

    # Within:

    async def _leave(self) -> None:
        if self._pen:
            await self._pen.write([])
        await self.apart(lambda: self._ledger.leave(self._clock()))

    def _busy(self) -> int:
        """How many workers have something in flight, or will soon."""
        return self._in_flight + self._getting_ready

    def _known(self) -> RunningAccounting:
        assert self._accounting is not None, "the desk is not open"
        return self._accounting

    def _move(self, was: DeliveryState, now: DeliveryState) -> None:
        self._known().move(was, now)

    def _serve(self) -> None:
        """At once where the ledger can; else, or when it is locked or full, `keep` does."""
        if self._ledger.at_once:
            self._post_at_once()
        if self._wishes or not self._ledger.at_once:
            self._bell.set()

    def _begin_at_once(self, claim: Claim) -> Claim | None:
        """One turn for one worker. None when its reader has left, or the ledger cannot be written now."""
        begun = self._pen.write_if_possible([claim])
        if begun is None:
            return None
        self._in_flight += len(begun)
        if self._wants_more():
            self._bell.set()
        return begun.get(claim.id)

    def _post_at_once(self) -> None:
        granted = self._wishes.grant(self._line)
        if not granted and not self._pen:
            return
        begun = self._pen.write_if_possible(_claims(granted))
        if begun is None:
            self._wishes.put_back(granted)
        else:
            self._hand_out(granted, begun)
        if self._pen or self._wants_more() or self.closed.is_set():
            self._bell.set()

    async def _post(self) -> None:
        """One turn of the ledger: outcomes recorded, next deliveries begun."""
        granted = self._wishes.grant(self._line)
        if not granted and not self._pen:  # who seemed to be free to go is not
            return
        try:
            begun = await self._pen.write(_claims(granted))
        except StoreError:
            self._wishes.put_back(granted)
            self.apart.hurry()  # `leave` tries once more, and not for as long again
            raise
        self._hand_out(granted, begun)

    def _hand_out(self, granted: list[Granted], begun: dict[int, Claim]) -> None:
        """A reader who unsubscribed meanwhile is skipped, and the worker gets another. A delivery whose worker is gone
        goes back to the queue."""
        self._in_flight += len(begun)
        for answer, claim in granted:
            if claim.id not in begun:
                self._line.undo(claim)
                self._move(claim.state, DeliveryState.SKIPPED)
                if self.closed.is_set():  # while a server's turn ran: nobody else would answer
                    give(answer, None)
                else:
                    self._wishes.again(answer)
            elif self.closed.is_set() or answer.done():
                give(answer, None)
                self.report(claim, Outcome(OutcomeKind.BROKEN))
            else:
                give(answer, begun[claim.id])
        if self._wishes:
            self._serve()

    async def _look(self) -> None:
        if await self._lookout.look():
            self._serve()
        elif self._lookout.is_over:
            self.close()

    def _waited_too_long(self) -> bool:
        return not self._busy() and self._stall.is_over()

    def _held_too_long(self) -> bool:
        """Whether all that is left waits for its pace, and longer than the run's share: for a day of a plan, say."""
        wait = self._line.wait() if self._wishes and not self._busy() else None
        return wait is not None and wait > self._policy.retry_wait.total_seconds()

    def _can_begin(self) -> bool:
        if self.closed.is_set() or not self._wishes:
            return False
        return self._line.wait() == 0 or self._wishes.any_reserved

    def _wants_more(self) -> bool:
        """Whether a worker waits for a delivery that is not even claimed, or soon will."""
        if self.closed.is_set() or not (self._lookout.more or self._wishes):
            return False
        return self._line.wants()

    async def _ring(self) -> None:
        self._bell.clear()
        alarm = None
        if self._wishes:
            due = self._lookout.next_look - asyncio.get_running_loop().time()
            wait = self._line.wait()
            alarm = due if wait is None else min(due, wait) if self._line.wants() else wait
        with suppress(TimeoutError):
            async with asyncio.timeout(alarm):
                await self._bell.wait()

    def _pause(self, reason: str) -> None:
        self._stall.reason = reason
        with self._database.write() as connection:
            issues.move(connection, self._issue.id, [IssueState.SENDING], IssueState.PAUSED, reason=reason)


def _claims(granted: list[Granted]) -> list[Claim]:
    return [claim for _, claim in granted]
