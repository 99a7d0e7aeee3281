"""The desk between the workers and the ledger.

Workers hand in what came of a delivery and ask for the next; the desk writes both in one transaction. Answers that
come while a transaction runs share the next one. Recording goes before handing out: the less time lies between the
server's 250 and its commit, the fewer messages are in doubt after a crash.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import Claim, DeliveryPolicy, DeliveryState, Outcome, OutcomeKind, Settled, settle
from newsletter.domain.issue import Issue, IssueState
from newsletter.errors import StoreError
from newsletter.store import accounts, deliveries, issues
from newsletter.store.database import Database, harden
from newsletter.store.turn import Turns

CLAIM_SIZE = 50  # rows claimed ahead; a crash leaves their names on them, no more
_LOOK_AGAIN = 1.0  # seconds between two looks for work that another worker may give back
STORE_PATIENCE = 60.0  # seconds to wait for a database that is locked or full, before giving up

T = TypeVar("T")


class Desk:
    """One per run. `counts` follow the ledger as far as this run moves it; `reason`: what it waits for."""

    def __init__(
        self, database: Database, issue: Issue, policy: DeliveryPolicy, clock: Callable[[], datetime], worker: str
    ) -> None:
        self.reason = ""
        self.closed = asyncio.Event()
        self._database, self._issue, self._policy, self._clock, self._worker = database, issue, policy, clock, worker
        self._turns = Turns(database, issue, worker)
        self._bell = asyncio.Event()
        self._settled: list[Settled] = []
        self._asking: deque[asyncio.Future[Claim | None]] = deque()
        self._claimed: deque[Claim] = deque()
        self._begun: deque[Claim] = deque()
        self._in_flight = 0
        self._next_look = 0.0
        self._stuck_since: float | None = None
        self._started: Accounting | None = None
        self._counts: Counter[str] = Counter()

    # For the workers:

    async def next(self) -> Claim | None:
        """The next delivery, in the ledger as in flight; None when there is no more for this run."""
        if self.closed.is_set():
            return None
        if self._begun and not self._asking:
            claim = self._begun.popleft()
            await asyncio.sleep(0)  # answers that came meanwhile are written down before anything new goes out
            return claim
        future: asyncio.Future[Claim | None] = asyncio.get_running_loop().create_future()
        self._asking.append(future)
        self._bell.set()
        return await future

    def hand_in(self, settled: Settled) -> None:
        """What came of a delivery that `next` gave; written down before anything else is given out."""
        self._in_flight -= 1
        self._settled.append(settled)
        self._counts[settled.was] -= 1
        self._counts[settled.state] += 1
        if settled.state is DeliveryState.SENT:
            self._stuck_since, self.reason = None, ""
        if settled.state in (DeliveryState.QUEUED, DeliveryState.DEFERRED) or not self._in_flight:
            self._next_look = 0.0
        if self._database.is_sqlite:
            self._post_at_once()
        if self._settled or self._asking or self.closed.is_set():
            self._bell.set()

    async def rest(self, seconds: float, reason: str) -> None:
        """A pause of one worker whose session broke; ends early when the desk closes."""
        if seconds:
            self._stuck(reason)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closed.wait(), seconds)

    # For the run:

    async def open(self) -> None:
        """Takes over what dead workers left, and counts."""
        self._started = await self.apart(self._open)

    def close(self) -> None:
        """Gives nothing out any more; what is in flight may still be handed in."""
        self.closed.set()
        while self._asking:
            waiter = self._asking.popleft()
            if not waiter.done():
                waiter.set_result(None)
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
            if self._settled:
                await self._post()
            elif self._begun and self.closed.is_set():
                self._put_back()
            elif self._begun:
                self._give(self._begun.popleft())
                await asyncio.sleep(0)  # lets the answers in that came meanwhile
            elif self._wanted() and self._claimed:
                await self._post()
            elif self._wanted() and asyncio.get_running_loop().time() >= self._next_look:
                await self._look()
            else:
                await self._ring()

    async def leave(self) -> None:
        """Frees what this worker still holds; what is in flight even now is in doubt."""
        await self.apart(self._leave)

    async def tend(self) -> None:
        """Called now and then: steps back when the issue is not to be sent any more, or waiting took too long."""
        if await self.apart(self._issue_state) is not IssueState.SENDING or self._waited_too_long(0.0):
            self.close()

    async def renew(self) -> None:
        """Makes what was recorded survive a power cut (SQLite), or renews leases and takes dead workers' (a server)."""
        if self._database.is_sqlite:
            await asyncio.to_thread(harden, self._database)
        else:
            await self.apart(self._renew)

    def so_far(self) -> Accounting:
        """The accounting as this run knows it, without asking the ledger."""
        assert self._started is not None
        at_start = {name: getattr(self._started, name) for name in accounts.COUNTED}
        counts = {name: at_start[name] + self._counts[name] for name in at_start}
        return replace(self._started, reason=self.reason, **counts)

    async def apart(self, work: Callable[[], T]) -> T:
        """Runs database work: SQLite's is over in microseconds, a server's must not hold up the sessions.

        Waits for a database that is locked or full. Raises StoreError when that takes too long.
        """
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + STORE_PATIENCE
        while True:
            try:
                return work() if self._database.is_sqlite else await asyncio.to_thread(work)
            except (OperationalError, InterfaceError) as error:
                if loop.time() > patient_until:
                    raise StoreError(f"the ledger in {self._database.place} cannot be written: {error.orig}") from None
                await asyncio.sleep(0.2)

    # Within:

    async def _post(self) -> None:
        """One turn of the ledger: outcomes recorded, next deliveries begun."""
        settled, self._settled = self._settled, []
        chosen = [self._claimed.popleft() for _ in range(min(self._wanted(), len(self._claimed)))]
        self._take_begun(chosen, await self.apart(lambda: self._turns.turn(settled, chosen)))

    def _post_at_once(self) -> None:
        """SQLite's turn without a detour; it begins one more for who hands in. If it is locked, `keep` waits for it."""
        goes_on = self._settled[-1].state is not DeliveryState.QUEUED and not self.closed.is_set()
        chosen = [self._claimed.popleft()] if goes_on and self._claimed else []
        try:
            begun = self._turns.turn(self._settled, chosen)
        except (OperationalError, InterfaceError):
            self._claimed.extendleft(chosen)
            return
        self._settled = []
        self._take_begun(chosen, begun)

    def _take_begun(self, chosen: list[Claim], begun: set[int]) -> None:
        self._in_flight += len(begun)
        for claim in chosen:
            if claim.id in begun:
                self._begun.append(claim)
            else:
                self._counts[claim.state] -= 1
                self._counts[DeliveryState.SKIPPED] += 1

    async def _look(self) -> None:
        """Claims ahead; when there is nothing to claim, sees how things stand."""
        self._claimed.extend(await self.apart(self._claim))
        if not self._claimed:
            await self._nothing_found()

    def _claim(self) -> list[Claim]:
        policy, now = self._policy, self._clock()
        with self._database.write() as connection:
            return deliveries.claim(
                connection, self._issue, self._worker, CLAIM_SIZE, now, policy.retry_most, policy.lease
            )

    async def _nothing_found(self) -> None:
        """Ends the run when the issue is done, or waiting for what is left would take too long; else sets the alarm."""
        loop = asyncio.get_running_loop()
        pause, done = await self.apart(self._outlook)
        if done:
            self.close()
        elif not self._in_flight and self._waited_too_long(pause):
            self._stuck("retries fall due later")
            self.close()
        else:
            if not self._in_flight:
                self._stuck("waiting for retries to fall due")
            self._next_look = loop.time() + min(pause, 5.0)

    def _outlook(self) -> tuple[float, bool]:
        """Seconds until there may be work again, and whether the issue is sent."""
        now = self._clock()
        with self._database.write() as connection:
            if not self._in_flight and deliveries.finish(connection, self._issue.id, now):
                return 0.0, True
            due = deliveries.next_due(connection, self._issue.id, now, self._policy.retry_most)
        return (max((due - now).total_seconds(), 0.01) if due else _LOOK_AGAIN), False

    def _waited_too_long(self, pause: float) -> bool:
        """Whether `pause` more seconds of waiting would be more than the run's share."""
        now = asyncio.get_running_loop().time()
        idle = self._stuck_since is not None or pause > 0
        since = now if self._stuck_since is None else self._stuck_since
        return idle and not self._in_flight and now + pause > since + self._policy.wait.total_seconds()

    def _stuck(self, reason: str) -> None:
        self.reason = reason
        if self._stuck_since is None:
            self._stuck_since = asyncio.get_running_loop().time()

    def _wanted(self) -> int:
        """How many workers wait for a delivery that is not even begun."""
        return 0 if self.closed.is_set() else len(self._asking) - len(self._begun)

    async def _ring(self) -> None:
        self._bell.clear()
        alarm = self._next_look - asyncio.get_running_loop().time() if self._asking else None
        with suppress(TimeoutError):
            async with asyncio.timeout(alarm):
                await self._bell.wait()

    def _give(self, claim: Claim) -> None:
        waiter = self._asking.popleft()
        if waiter.done():  # its worker was called off
            self._begun.appendleft(claim)
        else:
            waiter.set_result(claim)

    def _put_back(self) -> None:
        """What was begun and never given out did not leave: it is queued again."""
        never_left = Outcome(OutcomeKind.BROKEN)
        while self._begun:
            self.hand_in(settle(self._begun.popleft(), never_left, self._policy, self._clock()))

    def _open(self) -> Accounting:
        with self._database.write() as connection:
            dead = deliveries.dead_workers(connection, self._issue.id)
            deliveries.take_over(connection, self._issue.id, dead, self._policy.on_uncertain == "hold", self._clock())
            return accounts.accounting(connection, self._issue.id)

    def _pause(self, reason: str) -> None:
        self.reason = reason
        with self._database.write() as connection:
            issues.move(connection, self._issue.id, [IssueState.SENDING], IssueState.PAUSED, reason=reason)

    def _leave(self) -> None:
        self._turns.close()
        with self._database.write() as connection:
            keep, now = self._policy.on_uncertain == "hold", self._clock()
            deliveries.take_over(connection, self._issue.id, [self._worker], keep, now)
            deliveries.finish(connection, self._issue.id, now)  # stopped after the very last one

    def _issue_state(self) -> IssueState:
        with self._database.read() as connection:
            return deliveries.issue_state(connection, self._issue.id)

    def _renew(self) -> None:
        with self._database.write() as connection:
            deliveries.extend(connection, self._worker, self._policy.lease)
            dead = deliveries.dead_workers(connection, self._issue.id)
            deliveries.take_over(connection, self._issue.id, dead, self._policy.on_uncertain == "hold", self._clock())
