"""How long an event loop stood still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

BEAT = 0.01  # seconds


async def longest_stop(work: Coroutine[Any, Any, Any]) -> float:
    """Seconds that the loop was held up at most while `work` was done."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(BEAT)
            longest = max(longest, time.monotonic() - began - BEAT)

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    await work
    await asyncio.sleep(BEAT)  # a last beat, behind what held it up
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating
    return longest
