"""Few requests write at a time: those that a locked database keeps waiting leave threads and connections to readers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

from anyio import CapacityLimiter, fail_after, sleep
from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from newsletter.errors import Busy

P = ParamSpec("P")
T = TypeVar("T")
_EVEN = 0.05  # several times what it takes to write down a sign-up


class Turns:
    """`at_once` write, the others wait for `patience` seconds, without a thread."""

    def __init__(self, at_once: int = 4, patience: float = 5.0) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._patience = patience

    async def take(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work`, which writes, in a thread. Raises Busy when its turn does not come."""
        try:
            with fail_after(self._patience):
                await self._limiter.acquire()
        except TimeoutError:
            raise Busy("others have been waiting to write for too long.") from None
        try:
            return await run_in_threadpool(work, *args, **kwargs)
        finally:
            self._limiter.release()

    async def take_evenly(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `take`, and never sooner than _EVEN seconds later: how long it took tells nobody what is known of whom."""
        answer_at = time.monotonic() + _EVEN
        try:
            return await self.take(work, *args, **kwargs)
        finally:
            await sleep(max(answer_at - time.monotonic(), 0))


def _turns(request: Request) -> Turns:
    turns: Turns = request.app.state.turns
    return turns


TheTurns = Annotated[Turns, Depends(_turns)]
