"""The desk between the workers and the ledger.

Workers hand in what came of a delivery and ask for the next; the ledger writes down both in one go. On PostgreSQL,
what is handed in while it does so goes together the next time. Recording goes before handing out: the less time lies
between the server's 250 and the ledger's line, the fewer messages are in doubt after a crash.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from newsletter.domain.accounting import Accounting
from newsletter.domain.bucket import Bucket
from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import Claim, DeliveryPolicy, DeliveryState, Outcome, OutcomeKind, Settled, settle
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.tally import Tally
from newsletter.errors import StoreError
from newsletter.services.line import Line
from newsletter.services.patience import Patience
from newsletter.services.wishes import Granted, Wishes, give
from newsletter.store import accounts, deliveries, issues
from newsletter.store.database import Database
from newsletter.store.ledger import open_ledger

CLAIM_SIZE = 200  # rows claimed ahead; a crash leaves their names on them, no more
_LOOK_AGAIN = 1.0  # seconds between two looks for work that another worker may give back
STORE_PATIENCE = 60.0  # seconds to wait for a database that is locked or full, before giving up
_LONGEST_TRY = 30.0  # seconds: one that seems to take longer slept with its process, which is no waiting

T = TypeVar("T")


class Desk:
    """One per run; its counts follow the ledger as far as this run moves it."""

    def __init__(
        self,
        database: Database,
        issue: Issue,
        policy: DeliveryPolicy,
        clock: Callable[[], datetime],
        worker: str,
        line: Line,
        tally: Tally,
        chunk: Chunk | None = None,
    ) -> None:
        self.closed = asyncio.Event()
        self._database, self._issue, self._policy, self._clock = database, issue, policy, clock
        self._chunk = chunk  # the part of the issue that this run is for; None: all of it
        self._ledger = open_ledger(database, issue, worker, policy.lease, chunk)
        self._bell = asyncio.Event()
        self._settled: list[Settled] = []
        self._wishes = Wishes()
        self._patience = Patience(policy.wait)
        self._line, self._tally = line, tally
        self._more = False  # whether the last look for work found as much as it asked for
        self._in_flight = 0
        self._getting_ready = 0  # workers who open a session for a delivery that is not begun yet
        self._next_look = 0.0
        self._started: Accounting | None = None
        self._counts: Counter[str] = Counter()

    # For the workers:

    async def next(self, reserved: Claim | None = None) -> Claim | None:
        """The next delivery, in the ledger as in flight; None when there is no more for this run.

        It is the `reserved` one, unless its reader has left.
        """
        if self.closed.is_set():
            return None
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

    def give_back(self, reserved: Claim) -> None:
        """Another worker may have it."""
        self._line.put_back(reserved)
        self._bell.set()

    @contextmanager
    def getting_ready(self) -> Iterator[None]:
        """While a worker opens a session, the run is no more idle than with a message in flight."""
        self._getting_ready += 1
        try:
            yield
        finally:
            self._getting_ready -= 1

    def hand_in(self, claim: Claim, outcome: Outcome) -> None:
        """What came of a delivery that `next` gave; written down before anything else is given out."""
        self._in_flight -= 1
        self.hand_back(claim, outcome)

    def hand_back(self, claim: Claim, outcome: Outcome) -> None:
        """What kept a delivery that was only reserved from being begun."""
        settled = settle(claim, outcome, self._policy, self._clock())
        self._line.heard(claim, outcome)
        self._settled.append(settled)
        self._counts[settled.was] -= 1
        self._counts[settled.state] += 1
        if settled.state is DeliveryState.SENT:
            self._patience.gets_on()
        if settled.state in (DeliveryState.QUEUED, DeliveryState.DEFERRED) or not self._in_flight:
            self._next_look = 0.0
        if self.closed.is_set() or not self._ledger.at_once:  # else the worker's next wish takes it along
            self._bell.set()

    async def rest(self, seconds: float, reason: str) -> None:
        """A pause of one worker whose session broke; ends early when the desk closes."""
        if seconds:
            self._serve()
            self._patience.waits(reason)
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
    def reason(self) -> str:
        """What it waits for, or why it paused; "" while it gets on."""
        return self._patience.reason

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Takes over what dead workers left, and counts.

        At the end it writes down what was handed in, and frees what is still held; what is in flight then is in doubt.
        """
        try:
            self._started = await self.apart(lambda: self._ledger.open(self._policy, self._clock()))
            try:
                await self._begin_day()
                await self._count_groups()
                await self._claim_ahead()
                yield
            finally:
                await self._leave()
        finally:
            self._ledger.let_go()

    def close(self) -> None:
        """Gives nothing out any more; what is in flight may still be handed in."""
        self.closed.set()
        self._wishes.end()
        self._bell.set()

    def abandon(self) -> None:
        """Waits no longer for what is in flight."""
        self._in_flight = 0
        self._bell.set()

    async def pause(self, reason: str) -> None:
        """The issue pauses itself."""
        self.close()
        await self.apart(lambda: self._pause(reason))

    async def keep(self) -> None:
        """Serves the workers until the desk is closed and everything handed in is written down."""
        while not (self.closed.is_set() and not self._in_flight and not self._settled):
            if self._settled or self._can_begin():
                await self._post()
            elif self._wants_more() and asyncio.get_running_loop().time() >= self._next_look:
                await self._look()
            else:
                await self._ring()

    async def tend(self) -> None:
        """Called now and then: steps back when the issue is not to be sent any more, or waiting took too long."""
        await self.apart(self._ledger.tidy)
        await self._begin_day()
        await self._count_groups()
        if await self.apart(self._issue_state) is not IssueState.SENDING or self._waited_too_long():
            self.close()
        elif self._held_too_long():
            self._patience.reason = self._line.why()
            self.close()

    async def renew(self) -> None:
        """As Ledger.renew. What a database refuses now it may take half a second later."""
        with suppress(OperationalError, InterfaceError):
            await asyncio.to_thread(self._ledger.renew, self._policy, self._clock())

    def so_far(self) -> Accounting:
        """The accounting as this run knows it, without asking the ledger. As long as nothing goes, nobody can say how
        much longer it takes."""
        assert self._started is not None
        at_start = {name: getattr(self._started, name) for name in accounts.COUNTED}
        counts = {name: at_start[name] + self._counts[name] for name in at_start}
        books = replace(self._started, reason=self.reason or self._line.why(), **counts)
        return books if self.reason else replace(books, seconds_left=self._line.seconds_left(books))

    def whole(self) -> Accounting:
        """The accounting of the whole issue; for a chunk's run the database is asked."""
        if self._chunk is None:
            return self.so_far()
        with self._database.read() as connection:
            return accounts.accounting(connection, self._issue.id)

    async def apart(self, work: Callable[[], T]) -> T:
        """Runs database work: SQLite's is over in microseconds, a server's must not hold up the sessions.

        Waits for a database that is locked or full. Raises StoreError when that takes too long.
        """
        loop = asyncio.get_running_loop()
        waited = 0.0
        while True:
            began = loop.time()
            try:
                return work() if self._ledger.at_once else await asyncio.to_thread(work)
            except (OperationalError, InterfaceError) as error:
                if waited > STORE_PATIENCE:
                    raise StoreError(f"the ledger in {self._database.place} cannot be written: {error.orig}") from None
                await asyncio.sleep(0.2)
                waited += min(loop.time() - began, _LONGEST_TRY)

    # Within:

    async def _leave(self) -> None:
        settled, self._settled = self._settled, []
        if settled:
            await self.apart(lambda: self._turn(settled, []))
        await self.apart(lambda: self._ledger.leave(self._policy, self._clock()))

    @property
    def _is_idle(self) -> bool:
        return not self._in_flight and not self._getting_ready

    def _serve(self) -> None:
        """At once where the ledger can; else, or when it is locked or full, `keep` does."""
        if self._ledger.at_once:
            self._post_at_once()
        if self._wishes or not self._ledger.at_once:
            self._bell.set()

    def _post_at_once(self) -> None:
        settled, granted = self._take_turn()
        if not settled and not granted:
            return
        try:
            begun = self._turn(settled, granted)
        except (OperationalError, InterfaceError):
            self._put_back(settled, granted)
        else:
            self._hand_out(granted, begun)
        if self._settled or self._wants_more() or self.closed.is_set():
            self._bell.set()

    async def _post(self) -> None:
        """One turn of the ledger: outcomes recorded, next deliveries begun."""
        settled, granted = self._take_turn()
        if not settled and not granted:  # who seemed to be free to go is not
            return
        try:
            begun = await self.apart(lambda: self._turn(settled, granted))
        except StoreError:
            self._put_back(settled, granted)  # `leave` tries once more
            raise
        self._hand_out(granted, begun)

    def _take_turn(self) -> tuple[list[Settled], list[Granted]]:
        """All that was handed in, and the wishes that can be granted."""
        settled, self._settled = self._settled, []
        return settled, self._wishes.grant(self._line)

    def _put_back(self, settled: list[Settled], granted: list[Granted]) -> None:
        self._settled = settled + self._settled
        self._wishes.put_back(granted)

    def _turn(self, settled: list[Settled], granted: list[Granted]) -> set[int]:
        began = time.perf_counter()
        begun = self._ledger.turn(settled, [claim for _, claim in granted])
        self._tally.turn(time.perf_counter() - began)
        return begun

    def _hand_out(self, granted: list[Granted], begun: set[int]) -> None:
        """Who left meanwhile is skipped, and the worker gets another. What no worker takes did not leave."""
        self._in_flight += len(begun)
        for answer, claim in granted:
            if claim.id not in begun:
                self._line.undo(claim)
                self._counts[claim.state] -= 1
                self._counts[DeliveryState.SKIPPED] += 1
                if self.closed.is_set():  # while a server's turn ran: nobody else would answer
                    give(answer, None)
                else:
                    self._wishes.again(answer)
            elif self.closed.is_set() or answer.done():
                give(answer, None)
                self.hand_in(claim, Outcome(OutcomeKind.BROKEN))
            else:
                give(answer, claim)
        if self._wishes:
            self._serve()

    async def _look(self) -> None:
        """Claims ahead; when there is nothing to claim, sees how things stand."""
        if await self._claim_ahead():
            self._serve()
        elif len(self._line):  # which has to wait for its pace
            self._next_look = asyncio.get_running_loop().time() + _LOOK_AGAIN
        else:
            await self._nothing_found()

    async def _claim_ahead(self) -> bool:
        """Whether there was anything to claim."""
        found = await self.apart(self._claim)
        self._line.add(found)
        self._more = len(found) == CLAIM_SIZE
        return bool(found)

    def _claim(self) -> list[Claim]:
        return self._ledger.claim(CLAIM_SIZE, self._clock(), self._policy.retry_most, self._line.full())

    async def _begin_day(self) -> None:
        if self._line.is_another_day():
            await self.apart(self._look_at_day)
            self._bell.set()

    async def _count_groups(self) -> None:
        """For the time that is left. A chunk is too short to be worth it."""
        if self._chunk is None and self._line.lacks_groups():
            await self.apart(self._look_at_groups)

    def _look_at_groups(self) -> None:
        with self._database.read() as connection:
            self._line.count_groups(connection, self._issue.id)

    def _look_at_day(self) -> None:
        with self._database.read() as connection:
            self._line.begin_day(connection)

    async def _nothing_found(self) -> None:
        """Ends the run when the issue is done, or waiting for what is left would take too long; else sets the alarm."""
        loop = asyncio.get_running_loop()
        pause, done = await self.apart(self._outlook)
        if done:
            self.close()
        elif self._waited_too_long(pause):
            self._patience.waits("retries fall due later")
            self.close()
        else:
            if self._is_idle and self._chunk is None:
                self._patience.waits("waiting for retries to fall due")
            self._next_look = loop.time() + min(pause, 5.0)

    def _outlook(self) -> tuple[float, bool]:
        """Seconds until there may be work again, and whether the issue is sent."""
        now = self._clock()
        busy = self._in_flight + self._getting_ready
        outlook = self._ledger.outlook(busy, now, self._policy.retry_most)
        return (max((outlook.due - now).total_seconds(), 0.01) if outlook.due else _LOOK_AGAIN), outlook.done

    def _waited_too_long(self, pause: float = 0.0) -> bool:
        return self._is_idle and self._patience.is_over(pause)

    def _held_too_long(self) -> bool:
        """Whether all that is left waits for its pace, and longer than the run's share: for a day of a plan, say."""
        wait = self._line.wait() if self._wishes and self._is_idle else None
        return wait is not None and wait > self._policy.wait.total_seconds()

    def _can_begin(self) -> bool:
        if self.closed.is_set() or not self._wishes:
            return False
        return self._line.wait() == 0 or self._wishes.any_reserved

    def _wants_more(self) -> bool:
        """Whether a worker waits for a delivery that is not even claimed, or soon will."""
        if self.closed.is_set() or not (self._more or self._wishes):
            return False
        return self._line.wants()

    async def _ring(self) -> None:
        self._bell.clear()
        alarm = None
        if self._wishes:
            due = self._next_look - asyncio.get_running_loop().time()
            wait = self._line.wait()
            alarm = due if wait is None else min(due, wait) if self._line.wants() else wait
        with suppress(TimeoutError):
            async with asyncio.timeout(alarm):
                await self._bell.wait()

    def _pause(self, reason: str) -> None:
        self._patience.reason = reason
        with self._database.write() as connection:
            issues.move(connection, self._issue.id, [IssueState.SENDING], IssueState.PAUSED, reason=reason)

    def _issue_state(self) -> IssueState:
        with self._database.read() as connection:
            return deliveries.issue_state(connection, self._issue.id)
