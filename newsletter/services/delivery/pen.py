"""Writes down in the ledger what workers reported, and begins deliveries with the same stroke: a turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from newsletter.domain.delivery import Claim, Settled
from newsletter.domain.tally import Tally
from newsletter.errors import Away
from newsletter.services.delivery.apart import Apart
from newsletter.store.ledger import Ledger


class _Line(NamedTuple):
    settled: Settled
    written: Callable[[], None]


class Pen:
    """One per run. A turn takes along all that was added before it; one that fails keeps it for the next."""

    def __init__(self, ledger: Ledger, tally: Tally, apart: Apart) -> None:
        self._ledger, self._tally, self._apart = ledger, tally, apart
        self._unwritten: list[_Line] = []

    def __bool__(self) -> bool:
        """Whether anything is not written down yet."""
        return bool(self._unwritten)

    def add(self, settled: Settled, written: Callable[[], None] = lambda: None) -> None:
        """`written` is called when it is."""
        self._unwritten.append(_Line(settled, written))

    def write_if_possible(self, claims: Sequence[Claim]) -> dict[int, Claim] | None:
        """A turn; see Ledger.turn. None when the ledger cannot be written now."""
        lines = self._take()
        try:
            return self._turn(lines, claims)
        except BaseException as error:
            self._put_back(lines)
            if isinstance(error, Away):
                return None
            raise

    async def write(self, claims: Sequence[Claim]) -> dict[int, Claim]:
        """The same, but waits for a ledger that cannot be written. Raises StoreError when that takes too long."""
        lines = self._take()
        try:
            return await self._apart(lambda: self._turn(lines, claims))
        except BaseException:  # whatever it was: what a server took must not be forgotten
            self._put_back(lines)
            raise

    def _turn(self, lines: Sequence[_Line], claims: Sequence[Claim]) -> dict[int, Claim]:
        began = time.perf_counter()
        begun = self._ledger.turn([line.settled for line in lines], claims)
        self._tally.turn(time.perf_counter() - began)
        for line in lines:
            line.written()
        return begun

    def _take(self) -> list[_Line]:
        lines, self._unwritten = self._unwritten, []
        return lines

    def _put_back(self, lines: list[_Line]) -> None:
        self._unwritten = lines + self._unwritten
