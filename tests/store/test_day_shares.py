"""SQLite: what one process has claimed of a warm-up plan's day is not free for another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.domain.delivery import DeliveryPolicy, Outcome, OutcomeKind, settle
from newsletter.domain.warmup import Day, WarmUp, day_of
from newsletter.errors import Away
from newsletter.store.database import Database
from newsletter.store.embedded import EmbeddedLedger
from tests.ledger import NOW
from tests.sending import started

POLICY = DeliveryPolicy()
TODAY = day_of(WarmUp(first_day=20, started=NOW.date()), NOW)
WHOLE = day_of(WarmUp(first_day=100, started=NOW.date()), NOW)
TOMORROW = day_of(WarmUp(first_day=20, started=NOW.date(), growth=1), NOW + timedelta(days=1))


@pytest.fixture
def two(sqlite_url: str) -> tuple[EmbeddedLedger, EmbeddedLedger]:
    """Of two processes that send one issue each."""
    ledgers = []
    for readers in (30, 0):
        database = Database(sqlite_url)
        ledger = EmbeddedLedger(database, started(database, readers), POLICY)
        ledger.open(NOW)
        ledgers.append(ledger)
    return ledgers[0], ledgers[1]


def claimed(ledger: EmbeddedLedger, size: int, day: Day = TODAY) -> int:
    return len(ledger.claim(size, NOW, frozenset(), day))


def test_two_share_a_day(two: tuple[EmbeddedLedger, EmbeddedLedger]) -> None:
    one, other = two
    assert (claimed(one, 15), claimed(other, 15), claimed(one, 15)) == (15, 5, 0)
    assert (one.left_of(TODAY), other.left_of(TODAY)) == (0, 0)


def test_what_went_out_counts_once(two: tuple[EmbeddedLedger, EmbeddedLedger]) -> None:
    one, other = two
    claims = one.claim(15, NOW, frozenset(), TODAY)[:5]
    one.turn([], claims)
    one.turn([settle(claim, Outcome(OutcomeKind.ACCEPTED, 250), POLICY, NOW) for claim in claims], [])
    one.tidy()
    assert other.left_of(TODAY) == 5


def test_what_was_not_found_is_not_held(two: tuple[EmbeddedLedger, EmbeddedLedger]) -> None:
    """Its readers are all in hand: it asks for more of the day each second, and the other one starves."""
    one, other = two
    assert claimed(one, 200, WHOLE) == 30
    assert claimed(one, 200, WHOLE) == 0
    assert other.left_of(WHOLE) == 100 - 30


def test_a_claim_that_a_lock_cut_short_passes_nobody_over(
    two: tuple[EmbeddedLedger, EmbeddedLedger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locked in the moment when the rest of its share was to be given back: it is asked again, and gives all."""
    one, _ = two
    write = EmbeddedLedger._write

    def locked(*given: object) -> None:
        raise Away("locked")

    monkeypatch.setattr(EmbeddedLedger, "_write", locked)
    with pytest.raises(Away):
        claimed(one, 200, WHOLE)
    monkeypatch.setattr(EmbeddedLedger, "_write", write)
    assert claimed(one, 200, WHOLE) == 30


def test_who_leaves_gives_back_what_it_had(two: tuple[EmbeddedLedger, EmbeddedLedger]) -> None:
    one, other = two
    claimed(one, 15)
    one.leave(NOW)
    assert claimed(other, 20) == 20


def test_what_the_dead_had_is_free_when_their_issue_goes_on(two: tuple[EmbeddedLedger, EmbeddedLedger]) -> None:
    one, other = two
    claimed(one, 15)
    one.let_go()  # and no more: it was killed
    assert other.left_of(TODAY) == 5
    one.open(NOW)
    assert other.left_of(TODAY) == 20


def test_a_new_day_is_whole(two: tuple[EmbeddedLedger, EmbeddedLedger]) -> None:
    one, other = two
    claimed(one, 15)
    assert other.left_of(TOMORROW) == 20


def test_a_day_without_a_limit_counts_nobody(two: tuple[EmbeddedLedger, EmbeddedLedger]) -> None:
    one, other = two
    over = day_of(WarmUp(first_day=100, started=NOW.date() - timedelta(days=400)), NOW)
    assert over.allowance is None
    assert (claimed(one, 30, over), one.left_of(over)) == (30, None)
    assert other.left_of(TODAY) == 20
