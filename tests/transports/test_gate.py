"""One message at a time goes out, and answers are dealt with first."""

import asyncio

import pytest

from newsletter.loop import run
from newsletter.transports.gate import Gate


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_they_go_through_in_the_order_in_which_they_came_and_one_a_turn() -> None:
    async def pass_through(gate: Gate, who: int, passed: list[int]) -> None:
        await gate.enter()
        passed.append(who)

    async def main() -> None:
        gate, passed, seen = Gate(), list[int](), list[int]()
        tasks = [asyncio.create_task(pass_through(gate, who, passed)) for who in range(5)]
        while not all(task.done() for task in tasks):
            seen.append(len(passed))
            await asyncio.sleep(0)
        assert passed == [0, 1, 2, 3, 4]
        assert {0, 1, 2, 3, 4} <= set(seen)

    run(main())


def test_nobody_goes_while_an_answer_waits() -> None:
    async def main() -> None:
        gate, connection = Gate(), object()
        gate.answered(connection)
        task = asyncio.create_task(gate.enter())
        await turns(20)
        assert not task.done()
        gate.dealt_with(connection)
        await turns(5)
        assert task.done()

    run(main())


def test_an_answer_that_comes_while_one_waits_for_its_turn_goes_first_too() -> None:
    async def main() -> None:
        gate, connection = Gate(), object()
        task = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        gate.answered(connection)
        await turns(20)
        assert not task.done()
        gate.dealt_with(connection)
        await task

    run(main())


@pytest.mark.parametrize("head_start", [1, 3])
def test_who_is_called_off_holds_up_nobody(head_start: int) -> None:
    async def main() -> None:
        gate, connection = Gate(), object()
        gate.answered(connection)
        waiting = [asyncio.create_task(gate.enter()) for _ in range(3)]
        await turns(head_start)
        waiting[0].cancel()
        waiting[1].cancel()
        gate.dealt_with(connection)
        await asyncio.wait_for(waiting[2], 5)

    run(main())
