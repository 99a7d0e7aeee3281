"""Workers' wishes for a delivery, first come first granted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from newsletter.domain.delivery import Claim
from newsletter.services.delivery.line import Line

Answer = asyncio.Future[Claim | None]


class Granted(NamedTuple):
    """What a worker is to get, once the ledger has it as in flight."""

    answer: Answer
    claim: Claim


class Wish(NamedTuple):
    """For the delivery that its worker has `reserved`, or for any; `begin` it, or only reserve it."""

    answer: Answer
    reserved: Claim | None = None
    begin: bool = True


class Wishes:
    """Those that nobody has answered yet."""

    def __init__(self) -> None:
        self._waiting: deque[Wish] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def for_delivery(self, reserved: Claim | None) -> Answer:
        """One that is in the ledger as in flight once it is given."""
        return self._add(Wish(asyncio.get_running_loop().create_future(), reserved))

    def for_reservation(self) -> Answer:
        """One that is not begun yet."""
        return self._add(Wish(asyncio.get_running_loop().create_future(), begin=False))

    def again(self, answer: Answer) -> None:
        """The worker gets another delivery than it was to get."""
        self._add(Wish(answer))

    @property
    def any_to_begin(self) -> bool:
        return any(wish.begin for wish in self._waiting)

    @property
    def any_reserved(self) -> bool:
        return any(wish.reserved for wish in self._waiting)

    def grant(self, line: Line) -> list[Granted]:
        """Takes out those that can be granted now; who only reserves has its answer with that."""
        granted: list[Granted] = []
        waiting, self._waiting = self._waiting, deque()
        for wish in waiting:
            if not wish.begin and wish.answer.done():  # its worker was called off
                continue
            claim = wish.reserved or line.take()
            if claim is None:
                self._waiting.append(wish)
            elif wish.begin:
                granted.append(Granted(wish.answer, claim))
            else:
                give(wish.answer, claim)
        return granted

    def put_back(self, granted: Sequence[Granted]) -> None:
        """The ledger could not be written: they are first in line again."""
        self._waiting.extendleft(Wish(*one) for one in reversed(granted))

    def end(self) -> None:
        """Nobody gets anything any more."""
        while self._waiting:
            give(self._waiting.popleft().answer, None)

    def _add(self, wish: Wish) -> Answer:
        self._waiting.append(wish)
        return wish.answer


def give(answer: Answer, claim: Claim | None) -> None:
    if not answer.done():  # else its worker was called off
        answer.set_result(claim)
