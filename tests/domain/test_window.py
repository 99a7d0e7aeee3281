"""How many messages lie with a server: as few as are as fast as many. The server and its clock are counted ones."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from itertools import count

import pytest

from newsletter.domain.window import Window


@dataclass(frozen=True)
class Server:
    """Answers after `far` seconds, as many at once as there are, and `toil` more, one after the other.

    A `steady` one takes exactly so long: then answers to what went out together come together.
    """

    far: float
    toil: float
    steady: bool = False


@dataclass
class Sent:
    """`a_second` and `lying`, the messages that lay with the server on average, are those of the last half.

    `widest` is how wide the window ever was.
    """

    a_second: float
    lying: float
    widest: int


def send(window: Window, server: Server, connections: int, messages: int, making: float = 150e-6) -> Sent:
    """Makes `messages` one after the other, each in `making` seconds, and lets their ends out as the window allows."""
    chance, order = random.Random(1), count()
    now = worked = toils_until = lain = half_at = 0.0
    idle, made, out, done, widest = connections, 0, 0, 0, 0
    is_making = False
    events: list[tuple[float, int, str, float]] = []

    def comes(what: str, at: float, since: float = 0.0) -> None:
        heapq.heappush(events, (at, next(order), what, since))

    def about(seconds: float) -> float:
        """Now and then much longer."""
        if server.steady:
            return seconds
        return seconds * (5 if chance.random() < 0.02 else chance.uniform(0.7, 1.3))

    while done < messages:
        while made and out < window.size:
            made, out = made - 1, out + 1
            comes("arrives", now + about(server.far), now)
        if idle and not is_making:
            idle, is_making = idle - 1, True
            comes("made", now + making)
        at, _, what, since = heapq.heappop(events)
        lain += out * (at - now)
        now = at
        if what == "made":
            made, is_making, worked = made + 1, False, worked + making
        elif what == "arrives":
            toils_until = max(toils_until, now) + about(server.toil)
            comes("answered", toils_until, since)
        else:
            window.answered(now - since, now, lambda at=worked: at)
            out, idle, done = out - 1, idle + 1, done + 1
            if done == messages // 2:
                half_at, lain = now, 0.0
            widest = max(widest, window.size)
    return Sent((messages - messages // 2) / (now - half_at), lain / (now - half_at), widest)


def wide_open(connections: int) -> Window:
    return Window(connections, size=connections, _rests_until=float("inf"))


@pytest.mark.parametrize("toil", [0.0005, 0.001, 0.02, 0.03])
def test_a_server_that_takes_one_after_the_other_has_one_or_two_and_is_as_fast(toil: float) -> None:
    messages = int(max(20 / toil, 200))
    sent = send(Window(8), Server(0.00002, toil), 8, messages)
    other = send(wide_open(8), Server(0.00002, toil), 8, messages)
    assert sent.lying < 2
    assert other.lying > 7
    assert sent.a_second > 0.9 * other.a_second


@pytest.mark.parametrize(("connections", "far"), [(8, 0.01), (8, 0.08), (20, 0.08), (50, 0.08), (8, 0.4)])
def test_one_that_is_far_away_has_as_many_as_there_are_connections(connections: int, far: float) -> None:
    messages = int(connections * 40 / far)
    sent = send(Window(connections), Server(far, 0.00001), connections, messages)
    other = send(wide_open(connections), Server(far, 0.00001), connections, messages)
    assert sent.a_second > 0.9 * other.a_second


@pytest.mark.parametrize("far", [0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.3])
@pytest.mark.parametrize("connections", [8, 20])
def test_and_so_has_one_that_answers_all_of_them_together(connections: int, far: float) -> None:
    messages = int(connections * 40 / far)
    sent = send(Window(connections), Server(far, 0.0, steady=True), connections, messages)
    other = send(wide_open(connections), Server(far, 0.0, steady=True), connections, messages)
    assert sent.a_second > 0.9 * other.a_second


@pytest.mark.parametrize("connections", [8, 20, 50])
def test_it_opens_within_two_seconds(connections: int) -> None:
    far = 0.08
    sent = send(Window(connections), Server(far, 0.00001), connections, int(2 * 0.5 * connections / far))
    assert sent.widest == connections


def test_a_server_that_is_faster_than_we_are_is_not_waited_for() -> None:
    sent = send(Window(8), Server(0.00005, 0.00005), 8, 40_000)
    other = send(wide_open(8), Server(0.00005, 0.00005), 8, 40_000)
    assert sent.a_second > 0.99 * other.a_second


def test_one_that_slows_down_has_fewer_after_a_while() -> None:
    window = Window(8)
    assert send(window, Server(0.01, 0.00001), 8, 5_000).lying > 6
    assert send(window, Server(0.00001, 0.002), 8, 60_000).lying < 1.6


def test_its_size_stays_within_bounds() -> None:
    chance = random.Random(2)
    for most in (1, 2, 3, 5, 8):
        window, now, worked = Window(most), 0.0, 0.0
        for _ in range(20_000):
            seconds = chance.choice([0.0, 1e-5, 1e-3, 0.5])
            now, worked = now + seconds, worked + seconds * chance.random()
            window.answered(seconds, now, lambda at=worked: at)
            assert 1 <= window.size <= most
