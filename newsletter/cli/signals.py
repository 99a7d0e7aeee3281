"""SIGTERM and SIGINT ask a run to stop; it finishes what is in flight and says what it did."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

T = TypeVar("T")
_TWICE = 1.0  # seconds: two signals closer together are one wish, as when `timeout` or `uv run` passes on a Ctrl-C
ASKED = (signal.SIGTERM, signal.SIGINT)


async def until_stopped(work: Callable[[asyncio.Event], Awaitable[T]]) -> tuple[T, int]:
    """Runs `work` with an event that a signal sets; returns what it gave, and the signal's number (0: none came).

    A second signal of the same kind, a second later, does what it does by default: it ends the program at once.
    """
    stop, came, loop = asyncio.Event(), [0], asyncio.get_running_loop()

    def ask(number: int) -> None:
        came[0] = number
        stop.set()
        loop.call_later(_TWICE, loop.remove_signal_handler, number)

    with _handlers(loop, ask):
        result = await work(stop)
    return result, came[0]


@contextlib.contextmanager
def _handlers(loop: asyncio.AbstractEventLoop, ask: Callable[[int], None]) -> Iterator[None]:
    for number in ASKED:
        loop.add_signal_handler(number, ask, number)
    try:
        yield
    finally:
        for number in ASKED:
            loop.remove_signal_handler(number)
