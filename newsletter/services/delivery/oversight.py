"""Who looks after a run: how far it is, whether its issue is still to be sent, and whether it waits for too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from newsletter.domain.accounting import Accounting
from newsletter.domain.issue import IssueState
from newsletter.errors import Away
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line
from newsletter.services.delivery.office import Office
from newsletter.store import issues
from newsletter.store.ledger import Ledger

PROGRESS_SECONDS = 0.25  # between two looks at the issue's state, and two calls of `progress`
RENEW_SECONDS = 0.5
DRAIN_SECONDS = 20.0  # for what is in flight when a run is stopped


class Oversight:
    """One per run, over its office, which it closes when the run is to end."""

    def __init__(self, errand: Errand, ledger: Ledger, line: Line, office: Office) -> None:
        self._errand, self._ledger, self._line, self._office = errand, ledger, line, office

    async def look_after(
        self,
        workers: Sequence[asyncio.Task[None]],
        keeper: asyncio.Task[None],
        progress: Callable[[Accounting], None],
    ) -> None:
        """Until the office's `keeper` is done: progress, the issue's state, the leases."""
        renewed = time.monotonic()
        closed_at: float | None = None
        while not keeper.done():
            await asyncio.wait([keeper], timeout=PROGRESS_SECONDS)
            progress(self._office.account.so_far())
            if not self._office.closed.is_set():
                await self._tend()
            if self._office.closed.is_set():
                closed_at = closed_at or time.monotonic()
                if time.monotonic() - closed_at > DRAIN_SECONDS:
                    await _call_off(workers)
                    self._office.abandon()
            if time.monotonic() - renewed > RENEW_SECONDS:
                renewed = time.monotonic()
                await self._renew()

    async def pause(self, reason: str) -> None:
        """The issue pauses itself."""
        self._office.close()
        await self._office.apart(lambda: self._pause(reason))

    async def _tend(self) -> None:
        """Steps back when the issue is not to be sent any more, or waiting took too long."""
        await self._office.apart(self._ledger.tidy)
        await self._office.keep_up()
        database = self._errand.database
        if not database.is_in_place:
            self._office.stall.note(f"the file of {database.place} is gone")
            self._office.close()
            return
        if await self._office.apart(self._errand.issue_state) is not IssueState.SENDING or self._waited_too_long():
            self._office.close()
        elif self._held_too_long():
            self._office.stall.note(self._line.why())
            self._office.close()

    async def _renew(self) -> None:
        """As Ledger.renew. What a database refuses now it may take half a second later."""
        with suppress(Away):
            await asyncio.to_thread(self._ledger.renew, self._errand.clock())

    def _waited_too_long(self) -> bool:
        return not self._office.busy() and self._office.stall.is_over()

    def _held_too_long(self) -> bool:
        """Whether all that is left waits for its pace, and longer than the run's share: for a day of a plan, say."""
        wait = self._line.wait() if self._office.wishes and not self._office.busy() else None
        return wait is not None and wait > self._errand.policy.retry_wait.total_seconds()

    def _pause(self, reason: str) -> None:
        self._office.stall.note(reason)
        with self._errand.database.write() as connection:
            issues.move(connection, self._errand.issue.id, [IssueState.SENDING], IssueState.PAUSED, reason=reason)


async def _call_off(workers: Sequence[asyncio.Task[None]]) -> None:
    """What they reported up to now counts; from here on nobody reports anything that would not be written down."""
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers)
