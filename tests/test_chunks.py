"""How a worker's share of the queue ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import pytest

from newsletter import chunks
from newsletter.loop import run


@dataclass
class AQueue:
    is_open: bool = True
    is_idle: bool = True


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CANCEL_AGAIN", 0.01)


def test_work_that_did_not_hear_of_its_end_is_told_again() -> None:
    async def work() -> None:
        with suppress(asyncio.CancelledError):  # as a pool of connections may swallow it
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def main() -> bool:
        working = asyncio.create_task(work())
        await asyncio.sleep(0)
        await asyncio.wait_for(chunks.end(working, AQueue()), 5)
        return working.cancelled()

    assert run(main())


def test_work_that_finishes_what_it_has_in_hand_is_left_alone() -> None:
    told = 0

    async def work() -> None:
        nonlocal told
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told += 1
            await asyncio.sleep(0.2)  # the last messages
            raise

    async def main() -> bool:
        working = asyncio.create_task(work())
        await asyncio.sleep(0)
        await asyncio.wait_for(chunks.end(working, AQueue(is_idle=False)), 5)
        return working.cancelled()

    assert run(main())
    assert told == 1


def test_work_that_is_being_opened_is_cancelled_as_soon_as_it_is_open() -> None:
    queue = AQueue(is_open=False)
    opened = False

    async def work() -> None:
        nonlocal opened
        await asyncio.sleep(0.2)
        opened = queue.is_open = True
        await asyncio.sleep(60)

    async def main() -> bool:
        working = asyncio.create_task(work())
        await asyncio.sleep(0)
        await asyncio.wait_for(chunks.end(working, queue), 5)
        return working.cancelled()

    assert run(main())
    assert opened


def test_work_that_cannot_be_opened_ends_by_itself() -> None:
    async def work() -> None:
        await asyncio.sleep(0.05)
        raise OSError

    async def main() -> type[BaseException]:
        working = asyncio.create_task(work())
        await asyncio.wait_for(chunks.end(working, AQueue(is_open=False)), 5)
        return type(working.exception())

    assert run(main()) is OSError
