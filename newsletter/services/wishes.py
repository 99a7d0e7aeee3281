"""Workers' wishes for a delivery, first come first granted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from newsletter.domain.delivery import Claim
from newsletter.services.line import Line

Answer = asyncio.Future[Claim | None]


class Granted(NamedTuple):
    """What a worker is to get, once the ledger has it as in flight."""

    answer: Answer
    claim: Claim


class Wishes:
    """Those that nobody has answered yet, each for the delivery that its worker has reserved, or for any."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Answer, Claim | None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, reserved: Claim | None) -> Answer:
        answer: Answer = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, reserved))
        return answer

    def again(self, answer: Answer) -> None:
        """The worker gets another delivery than it was to get."""
        self._waiting.append((answer, None))

    @property
    def any_reserved(self) -> bool:
        return any(reserved for _, reserved in self._waiting)

    def grant(self, line: Line) -> list[Granted]:
        """Takes out those that can be granted now."""
        granted: list[Granted] = []
        waiting, self._waiting = self._waiting, deque()
        for answer, reserved in waiting:
            claim = reserved or line.take()
            if claim is None:
                self._waiting.append((answer, None))
            else:
                granted.append(Granted(answer, claim))
        return granted

    def put_back(self, granted: Sequence[Granted]) -> None:
        """The ledger could not be written: they are first in line again."""
        self._waiting.extendleft(reversed(granted))

    def end(self) -> None:
        """Nobody gets anything any more."""
        while self._waiting:
            give(self._waiting.popleft()[0], None)


def give(answer: Answer, claim: Claim | None) -> None:
    if not answer.done():  # else its worker was called off
        answer.set_result(claim)
