"""Ctrl-C asks once and is obeyed once, also when a wrapper passes it on a second time; later it ends the program."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from newsletter.cli import signals


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_two_signals_at_once_are_one_wish() -> None:
    async def work(stop: asyncio.Event) -> str:
        interrupt()
        interrupt()
        await stop.wait()
        interrupt()
        await asyncio.sleep(0.05)
        return "finished"

    assert asyncio.run(signals.until_stopped(work)) == ("finished", signal.SIGINT)


def test_who_asks_again_later_is_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_TWICE", 0.01)

    async def work(stop: asyncio.Event) -> None:
        interrupt()
        await stop.wait()
        while signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            await asyncio.sleep(0.01)
        interrupt()
        await asyncio.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(signals.until_stopped(work))


def test_what_runs_behind_a_shell_hears_a_ctrl_c_that_is_meant_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as `program &` begins
    try:

        async def work(stop: asyncio.Event) -> str:
            interrupt()
            await asyncio.wait_for(stop.wait(), 5)
            return "finished"

        assert asyncio.run(signals.until_stopped(work)) == ("finished", signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
