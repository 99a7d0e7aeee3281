"""The alarm that is set anew for each answer."""

from __future__ import annotations

import asyncio

from newsletter.loop import run
from newsletter.transports.alarm import Alarm


def rings(*steps: tuple[str, float], seconds: float) -> list[float]:
    """What it rang for within `seconds`, after steps of ("set", seconds), ("off", 0), ("cancel", 0), ("sleep", …)."""

    async def main() -> list[float]:
        heard: list[float] = []
        alarm = Alarm(heard.append)
        for step, value in steps:
            if step == "sleep":
                await asyncio.sleep(value)
            elif step == "set":
                alarm.set(value)
            else:
                getattr(alarm, step)()
        await asyncio.sleep(seconds)
        return heard

    return run(main())


def test_it_rings_once_when_its_time_is_over() -> None:
    assert rings(("set", 0.02), seconds=0.2) == [0.02]


def test_one_that_is_off_does_not_ring() -> None:
    assert rings(("set", 0.02), ("off", 0), seconds=0.1) == []
    assert rings(("set", 0.02), ("cancel", 0), seconds=0.1) == []


def test_one_that_is_set_later_rings_later_and_not_before() -> None:
    assert rings(("set", 0.05), ("off", 0), ("set", 0.4), seconds=0.2) == []
    assert rings(("set", 0.05), ("off", 0), ("set", 0.4), seconds=0.8) == [0.4]


def test_one_that_is_set_sooner_rings_sooner() -> None:
    assert rings(("set", 60), ("off", 0), ("set", 0.02), seconds=0.2) == [0.02]


def test_one_that_was_off_when_its_timer_ran_out_can_be_set_again() -> None:
    assert rings(("set", 0.02), ("off", 0), ("sleep", 0.1), ("set", 0.02), seconds=0.2) == [0.02]
