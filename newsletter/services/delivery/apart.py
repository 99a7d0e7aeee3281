"""Database work beside open sessions: neither a server that is far away nor a lock may hold them up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from newsletter.errors import StoreError

STORE_PATIENCE = 60.0  # seconds to wait for a database that is locked or full, before giving up
_LONGEST_TRY = 30.0  # seconds: one that seems to take longer slept with its process, which is no waiting
_PAUSE = 0.2  # seconds between two tries

AWAY = (OperationalError, InterfaceError)
"""What a database raises that is locked, full or out of reach, and may be there again in a moment."""

T = TypeVar("T")


class Apart:
    """Runs work on the database at `place`; `at_once` where it is over in microseconds, as on SQLite: else in a thread.

    Waits for a database that is locked or full. Raises StoreError when that takes too long.
    """

    def __init__(self, place: str, *, at_once: bool) -> None:
        self._place, self._at_once = place, at_once

    async def __call__(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        waited = 0.0
        while True:
            began = loop.time()
            try:
                return work() if self._at_once else await asyncio.to_thread(work)
            except AWAY as error:
                if waited > STORE_PATIENCE:
                    raise StoreError(f"the ledger in {self._place} cannot be written: {error.orig}") from None
                await asyncio.sleep(_PAUSE)
                waited += min(loop.time() - began, _LONGEST_TRY)
