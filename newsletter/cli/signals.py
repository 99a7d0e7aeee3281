"""SIGTERM, SIGINT and SIGHUP ask a run to stop; it finishes what is in flight and says what it did."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

T = TypeVar("T")
_TWICE = 1.0  # seconds: two signals closer together are one wish, as when `timeout` or `uv run` passes on a Ctrl-C
ASKED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def until_stopped(work: Callable[[asyncio.Event], Awaitable[T]]) -> tuple[T, int]:
    """Runs `work` with an event that a signal sets; returns what it gave, and the signal's number (0: none came).

    A second signal of the same kind, a second later, does what it does by default: it ends the program at once.
    """
    stop, came, loop = asyncio.Event(), [0], asyncio.get_running_loop()
    terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]

    def ask(number: int) -> None:
        if number == signal.SIGHUP:
            _forget(terminals)
        came[0] = number
        stop.set()
        loop.call_later(_TWICE, loop.remove_signal_handler, number)

    with _handlers(loop, ask):
        result = await work(stop)
    return result, came[0]


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """What asks to stop waits until `until_stopped` hears it: else it would end the program between the moment in which
    something was begun and the one in which somebody looks after it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ASKED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKED)


@contextlib.contextmanager
def _handlers(loop: asyncio.AbstractEventLoop, ask: Callable[[int], None]) -> Iterator[None]:
    """SIGHUP stays ignored where `nohup` has it so; SIGINT, which a shell ignores for what runs behind it, is heard."""
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    heard = [number for number in ASKED if number != signal.SIGHUP or not nohup]
    for number in heard:
        loop.add_signal_handler(number, ask, number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)  # what was held back comes now
    try:
        yield
    finally:
        for number in heard:
            loop.remove_signal_handler(number)


def _forget(terminals: list[int]) -> None:
    """They are gone, and what is written to them would end in an error: let it go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in terminals:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def leave_at_once() -> None:
    """The interpreter would wait for a thread that a source, say, keeps busy."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
