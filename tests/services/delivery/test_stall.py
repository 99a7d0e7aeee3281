"""How long a run waits, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

from newsletter.services.delivery.stall import Stall


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_worker_that_rests_says_nothing_of_a_run_that_gets_on() -> None:
    clock = Clock()
    stall = Stall(timedelta(seconds=10), clock)
    stall.rests("no server has room")
    assert stall.reason == "no server has room"  # nobody has delivered anything yet
    stall.gets_on()
    stall.rests("no server has room")
    assert stall.reason == ""
    clock.now += 1
    stall.rests("no server has room")
    assert stall.reason == "no server has room"


def test_what_a_worker_waits_counts_from_the_last_delivery_on() -> None:
    clock = Clock()
    stall = Stall(timedelta(seconds=10), clock)
    stall.gets_on()
    stall.rests("one")
    clock.now += 10
    assert not stall.is_over()
    clock.now += 0.1
    assert stall.is_over()
    stall.gets_on()
    assert not stall.is_over()
