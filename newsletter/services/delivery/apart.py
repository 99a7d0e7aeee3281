"""Database work beside open sessions: neither a server that is far away nor a lock may hold them up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from newsletter.errors import Away, StoreError

STORE_PATIENCE = 60.0  # seconds to wait for a database that is locked or full, before giving up
STOPPING_PATIENCE = 6.0  # the same for a run that was told to stop
_WORTH_TELLING = 1.0  # seconds
_LONGEST_TRY = 30.0  # seconds: one that seems to take longer slept with its process, which is no waiting
_PAUSE = 0.2  # seconds between two tries

T = TypeVar("T")


class Apart:
    """Runs work on the database at `place`; `at_once` where it is over in microseconds, as on SQLite: else in a thread.

    Waits for a database that is locked or full, and says so to `tell`. Raises StoreError when that takes too long.
    """

    def __init__(self, place: str, *, at_once: bool, tell: Callable[[str], None] = lambda words: None) -> None:
        self._place, self._at_once, self._tell = place, at_once, tell
        self._is_hurried = False

    def hurry(self) -> None:
        """Whoever told the run to stop waits for its end."""
        self._is_hurried = True

    async def __call__(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        waited = 0.0
        while True:
            began = loop.time()
            try:
                done = work() if self._at_once else await asyncio.to_thread(work)
                if waited > _WORTH_TELLING:
                    self._tell("")
                return done
            except Away as error:
                words = f"the ledger in {self._place} cannot be written: {error.said}"
                if waited > (STOPPING_PATIENCE if self._is_hurried else STORE_PATIENCE):
                    raise StoreError(words) from None
                if waited > _WORTH_TELLING:
                    self._tell(words)
                await asyncio.sleep(_PAUSE)
                waited += min(loop.time() - began, _LONGEST_TRY)
