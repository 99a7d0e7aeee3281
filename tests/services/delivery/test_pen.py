"""What was reported is told to be written when it is, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from newsletter.domain.delivery import Claim, DeliveryPolicy, Outcome, OutcomeKind, Settled, settle
from newsletter.domain.tally import Tally
from newsletter.errors import Away, StoreError
from newsletter.services.delivery import apart
from newsletter.services.delivery.apart import Apart
from newsletter.services.delivery.pen import Pen
from newsletter.store.ledger import Ledger
from tests.ledger import NOW

FIRST, SECOND = (Claim(number, number, f"reader{number}@example.org") for number in (1, 2))


class Paper:
    """A ledger that is locked as often as it is told to be."""

    def __init__(self, locked: int = 0) -> None:
        self.locked = locked
        self.written: list[int] = []

    def turn(self, settled: Sequence[Settled], claims: Sequence[Claim]) -> dict[int, Claim]:
        if self.locked:
            self.locked -= 1
            raise Away("locked")
        self.written += [line.id for line in settled]
        return {claim.id: claim for claim in claims}


def a_pen(paper: Paper) -> Pen:
    return Pen(cast("Ledger", paper), Tally(), Apart("a file", at_once=True))


def sent(claim: Claim) -> Settled:
    return settle(claim, Outcome(OutcomeKind.ACCEPTED, 250), DeliveryPolicy(), NOW)


def test_a_turn_writes_all_that_was_added_and_tells_it() -> None:
    paper, told = Paper(), list[str]()
    pen = a_pen(paper)
    pen.add(sent(FIRST), lambda: told.append("first"))
    assert pen
    assert pen.write_if_possible([SECOND]) == {2: SECOND}
    assert (paper.written, told, bool(pen)) == ([1], ["first"], False)


def test_a_turn_that_fails_tells_nothing_and_keeps_everything_in_order() -> None:
    paper, told = Paper(locked=1), list[str]()
    pen = a_pen(paper)
    pen.add(sent(FIRST), lambda: told.append("first"))
    assert pen.write_if_possible([]) is None
    pen.add(sent(SECOND), lambda: told.append("second"))
    assert (paper.written, told) == ([], [])
    pen.write_if_possible([])
    assert (paper.written, told) == ([1, 2], ["first", "second"])


def test_what_is_added_while_a_locked_ledger_is_waited_for_is_not_told_with_the_others() -> None:
    paper, told = Paper(locked=1), list[str]()
    pen = a_pen(paper)

    async def main() -> None:
        pen.add(sent(FIRST), lambda: told.append("first"))
        writing = asyncio.create_task(pen.write([]))
        await asyncio.sleep(0)  # it finds the ledger locked
        pen.add(sent(SECOND), lambda: told.append("second"))
        await writing

    asyncio.run(main())
    assert (paper.written, told, bool(pen)) == ([1], ["first"], True)


def test_a_ledger_that_stays_locked_costs_nothing_that_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "STORE_PATIENCE", 0.0)
    paper = Paper(locked=2)
    pen = a_pen(paper)
    pen.add(sent(FIRST))
    with pytest.raises(StoreError, match="locked"):
        asyncio.run(pen.write([]))
    assert pen.write_if_possible([]) == {}
    assert paper.written == [1]
