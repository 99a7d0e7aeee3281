"""Who looks for work: what may go out is claimed ahead, some at a time, and what there is to wait for is found out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from newsletter.domain.delivery import Claim
from newsletter.services.delivery.apart import Apart
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line
from newsletter.services.delivery.stall import Stall
from newsletter.store import accounts
from newsletter.store.ledger import Ledger

CLAIM_SIZE = 200  # rows claimed ahead; a crash leaves their names on them, no more
_LOOK_AGAIN = 1.0  # seconds between two looks for work that another worker may give back
_LONGEST_PAUSE = 5.0  # seconds between two looks for anything else


class Lookout:
    """One per run, between its ledger and its line. `more`: the last look found as much as it asked for.

    `is_over`: it is not worth while to look again, ever. `busy` tells how many workers have something in flight, or
    will soon; `skip` takes those whose reader has left by now: no server is to hear of them.
    """

    def __init__(
        self,
        errand: Errand,
        ledger: Ledger,
        line: Line,
        stall: Stall,
        apart: Apart,
        busy: Callable[[], int],
        skip: Callable[[Sequence[Claim]], Awaitable[None]],
    ) -> None:
        self.more = self.is_over = False
        self._next_look = 0.0  # when it is worth while to look again, on the event loop's clock
        self._came_back = False  # something, while a look was under way: what it found is out of date
        self._errand, self._ledger, self._line = errand, ledger, line
        self._stall, self._apart, self._busy, self._skip = stall, apart, busy, skip

    async def begin(self) -> None:
        """The first look, when the ledger is open."""
        await self.keep_up()
        await self._claim_ahead()

    async def keep_up(self) -> bool:
        """What is to be known of the day and of the mailbox groups; whether a day of a warm-up plan began."""
        is_another = self._line.is_another_day()
        if is_another:
            await self._apart(self._look_at_day)
        if self._errand.chunk is None and self._line.lacks_groups():  # a chunk is too short for that to be worth it
            await self._apart(self._look_at_groups)
        return is_another

    def soon(self) -> None:
        """Something came back: there may be work again."""
        self._next_look, self._came_back = 0.0, True

    def is_due(self) -> bool:
        """Whether it is worth while to look now."""
        return asyncio.get_running_loop().time() >= self._next_look

    def alarm(self) -> float:
        """Seconds until there may be something for who waits: somebody in the line may go, or another look is due."""
        due = self._next_look - asyncio.get_running_loop().time()
        wait = self._line.wait()
        return due if wait is None else min(due, wait) if self._line.wants() else wait

    async def look(self) -> bool:
        """Whether there is work. If not, it is clear when to look again, or that it is over."""
        self._came_back = False
        if await self._claim_ahead():
            return True
        if len(self._line):  # which has to wait for its pace
            self._wait(_LOOK_AGAIN)
        else:
            await self._nothing_found()
        return False

    async def _claim_ahead(self) -> bool:
        found = await self._apart(self._claim)
        self._line.add(claim for claim in found if claim.wanted)
        if left := [claim for claim in found if not claim.wanted]:
            await self._skip(left)
        self.more = len(found) == CLAIM_SIZE
        return bool(found)

    def _claim(self) -> list[Claim]:
        return self._ledger.claim(CLAIM_SIZE, self._errand.clock(), self._line.full(), self._line.day)

    async def _nothing_found(self) -> None:
        """It is over when the issue is done, or waiting for what is left would take too long."""
        pause, done, day_is_out = await self._apart(self._outlook)
        if self._came_back:
            return
        if done and not (day_is_out and self._errand.chunk):
            self.is_over = True
        elif day_is_out and not self._busy():
            self._wait_for_the_day()
        elif not self._busy() and self._stall.is_over(pause):
            others = (await self._apart(self._errand.accounting)).queued  # claimed, or they would have been found
            self._stall.waits("other processes have the rest in hand" if others else "retries fall due later")
            self.is_over = True
        else:
            if not self._busy() and self._errand.chunk is None:
                self._stall.waits("waiting for retries to fall due")
            self._wait(min(pause, _LONGEST_PAUSE))

    def _wait_for_the_day(self) -> None:
        """A warm-up plan's day has no more to give: the run waits for the next one if it may, a chunk never does."""
        assert self._line.day is not None
        self._stall.waits(self._line.day_is_out())
        wait = (self._line.day.ends - self._errand.clock()).total_seconds()
        if self._errand.chunk or self._stall.is_over(wait):
            self.is_over = True
        else:
            self._wait(min(wait, _LONGEST_PAUSE))

    def _outlook(self) -> tuple[float, bool, bool]:
        """Seconds until there may be work again, whether the issue is sent, and whether a warm-up plan's day is out."""
        now = self._errand.clock()
        outlook = self._ledger.outlook(self._busy(), now)
        pause = max((outlook.due - now).total_seconds(), 0.01) if outlook.due else _LOOK_AGAIN
        return pause, outlook.done, self._line.day is not None and self._ledger.left_of(self._line.day) == 0

    def _wait(self, seconds: float) -> None:
        self._next_look = 0.0 if self._came_back else asyncio.get_running_loop().time() + seconds

    def _look_at_groups(self) -> None:
        with self._errand.database.read() as connection:
            queued = accounts.queued_by_group(connection, self._errand.issue.id)
        self._line.count_groups(queued)

    def _look_at_day(self) -> None:
        now = self._errand.clock()
        if day := self._line.day_at(now):
            with self._errand.database.read() as connection:
                tried = accounts.tried_since(connection, day.begins)
            self._line.begin_day(day, tried, now)
