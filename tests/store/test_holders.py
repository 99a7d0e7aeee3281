"""Who holds rows of the ledger on PostgreSQL, and when others take them over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, text

from newsletter.domain.delivery import Claim, DeliveryPolicy, DeliveryState, Outcome, OutcomeKind, settle
from newsletter.domain.issue import Issue
from newsletter.domain.warmup import Day
from newsletter.errors import Away
from newsletter.services import steer
from newsletter.store import holders, issues
from newsletter.store.database import Database
from newsletter.store.holders import Holder
from newsletter.store.shared import SharedLedger, close_all_books
from newsletter.store.tables import deliveries, leases
from tests.ledger import NOW, draft, subscribe

pytestmark = pytest.mark.postgres
HOUR = timedelta(hours=1)
POLICY = DeliveryPolicy(on_uncertain="hold")


@pytest.fixture
def ledger(furnished_url: str) -> Iterator[Database]:
    opened = Database(furnished_url)
    yield opened
    opened.close()


@pytest.fixture
def issue(ledger: Database) -> Issue:
    """Being sent to six."""
    subscribe(ledger, 6)
    made = draft(ledger)
    steer.start(ledger, made.id, NOW)
    return made


@pytest.fixture
def worker(ledger: Database, issue: Issue) -> Iterator[SharedLedger]:
    """`w`, who has claimed three, and begun one of them."""
    mine = SharedLedger(ledger, issue, POLICY, "w")
    first, *_ = mine.claim(3, NOW, frozenset())
    assert mine.turn([], [first]).keys() == {first.id}
    yield mine
    mine._close()


def holder(connection: Connection, worker: str) -> Holder:
    return Holder(issues.get(connection, 1), POLICY, worker)


def dead(ledger: Database) -> list[str]:
    """As another worker sees it."""
    with ledger.write() as connection:
        return holders.dead_workers(connection, holder(connection, "another"))


def age(ledger: Database, by: timedelta) -> None:
    """Time that passes for all leases."""
    with ledger.write() as connection:
        connection.execute(text("UPDATE leases SET until = until - :by"), {"by": by})


def take_over(ledger: Database) -> None:
    with ledger.write() as connection:
        dead_ones = holders.dead_workers(connection, holder(connection, "another"))
        holders.take_over(connection, 1, dead_ones, POLICY, NOW)


def held(ledger: Database) -> int:
    with ledger.read() as connection:
        return len(connection.execute(select(deliveries.c.id).where(deliveries.c.worker.is_not(None))).all())


def held_by(ledger: Database, worker: str, state: str = "%") -> list[int]:
    theirs = select(deliveries.c.id).where(deliveries.c.worker == worker, deliveries.c.state.like(state))
    with ledger.read() as connection:
        return list(connection.scalars(theirs))


def claims_of(ledger: Database) -> list[Claim]:
    """All deliveries, as they were claimed at first."""
    with ledger.read() as connection:
        rows = connection.execute(select(deliveries.c.id, deliveries.c.subscriber, deliveries.c.email)).all()
    return [Claim(id=row.id, subscriber=row.subscriber, email=row.email) for row in rows]


def leased(ledger: Database) -> list[str]:
    with ledger.read() as connection:
        return list(connection.scalars(select(leases.c.worker)))


def test_a_renewal_and_a_turn_do_not_wait_for_each_other(ledger: Database, worker: SharedLedger) -> None:
    with ThreadPoolExecutor() as pool, ledger.write() as turn:
        turn.execute(text("UPDATE deliveries SET text = 'a turn that is not over' WHERE worker = 'w'"))
        pool.submit(worker.renew, NOW).result(10)
        pool.submit(worker.claim, 1, NOW, frozenset()).result(10)
    assert held(ledger) == 4


def test_who_renews_lives(ledger: Database, worker: SharedLedger) -> None:
    age(ledger, timedelta(minutes=5))
    worker.renew(NOW)
    assert dead(ledger) == []


def test_who_renews_right_now_lives(ledger: Database, worker: SharedLedger) -> None:
    age(ledger, timedelta(minutes=5))
    with ledger.write() as connection:
        holders.extend(connection, holder(connection, "w"))
        assert dead(ledger) == []


@pytest.fixture
def an_old_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was not started a moment ago."""
    monkeypatch.setattr(holders, "_COMING_BACK", timedelta(0))


@pytest.mark.usefixtures("an_old_server")
def test_silence_alone_is_no_death_while_the_session_lives(ledger: Database, worker: SharedLedger) -> None:
    age(ledger, timedelta(seconds=10))
    assert dead(ledger) == []
    age(ledger, timedelta(seconds=25))
    assert dead(ledger) == ["w"]


@pytest.mark.usefixtures("an_old_server")
def test_nor_is_a_session_that_broke(ledger: Database, worker: SharedLedger) -> None:
    worker._close()
    assert dead(ledger) == []
    age(ledger, timedelta(seconds=10))
    assert dead(ledger) == ["w"]


def test_a_server_that_restarted_misses_nobodys_session(
    ledger: Database, worker: SharedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker._close()
    age(ledger, timedelta(seconds=10))
    monkeypatch.setattr(holders, "_COMING_BACK", timedelta(days=1))
    assert dead(ledger) == []


@pytest.mark.usefixtures("an_old_server")
def test_who_comes_back_after_that_is_seen_to_live(ledger: Database, worker: SharedLedger) -> None:
    with ledger.read() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    with pytest.raises(Away):
        worker.turn([], [])
    worker.turn([], [])
    age(ledger, timedelta(seconds=10))
    assert dead(ledger) == []


def test_a_turn_is_one_statement_and_one_transaction(ledger: Database, worker: SharedLedger) -> None:
    """A machine that falls asleep between two would keep the others waiting for its rows."""
    sent: list[object] = []
    driver = worker._connected().connection.driver_connection

    class Wire:
        def execute(self, *given: object) -> object:
            sent.append(driver.execute("SELECT txid_current_if_assigned()").fetchone())  # none is open
            return driver.execute(*given)

    [claim] = worker.claim(1, NOW, frozenset())
    assert worker._turn(Wire(), [], [claim]).keys() == {claim.id}
    assert sent == [(None,)]


def test_the_dead_leave_nothing_behind(ledger: Database, worker: SharedLedger) -> None:
    age(ledger, timedelta(minutes=5))
    take_over(ledger)
    assert (held(ledger), leased(ledger)) == (0, [])
    with ledger.read() as connection:
        states = list(connection.scalars(select(deliveries.c.state).order_by(deliveries.c.state)))
    assert states == [DeliveryState.QUEUED] * 5 + [DeliveryState.UNCERTAIN]


def test_who_was_taken_for_dead_and_was_not_may_claim_again(ledger: Database, worker: SharedLedger) -> None:
    """Rows without a lease would be nobody's for ever, should it die now."""
    age(ledger, timedelta(minutes=5))
    take_over(ledger)
    assert len(worker.claim(6, NOW, frozenset())) == 3  # the three others
    assert leased(ledger) == ["w"]
    age(ledger, timedelta(minutes=5))
    take_over(ledger)
    assert held(ledger) == 0


def test_who_leaves_takes_the_lease_along(ledger: Database, worker: SharedLedger) -> None:
    worker.leave(NOW)
    assert (held(ledger), leased(ledger)) == (0, [])


@pytest.mark.parametrize("lives", [True, False])
def test_who_died_after_the_issue_was_called_off_leaves_a_doubt(
    lives: bool, ledger: Database, worker: SharedLedger
) -> None:
    steer.cancel(ledger, 1, NOW)
    if not lives:
        age(ledger, timedelta(minutes=5))
    close_all_books(ledger, NOW)
    with ledger.read() as connection:
        states = list(connection.scalars(select(deliveries.c.state).order_by(deliveries.c.state)))
    assert states == ["sending" if lives else "skipped"] + ["skipped"] * 4 + ["skipped" if lives else "uncertain"]
    assert bool(leased(ledger)) == lives


def test_all_who_send_share_a_warm_up_plans_day(ledger: Database, issue: Issue, worker: SharedLedger) -> None:
    """Three are held already."""
    day = Day(NOW.date(), 4, NOW - HOUR, NOW + HOUR)
    other = SharedLedger(ledger, issue, POLICY, "other")
    assert len(other.claim(6, NOW, frozenset(), day)) == 1
    assert other.claim(6, NOW, frozenset(), day) == []
    worker.leave(NOW)  # one of its three was begun: that one counts as tried
    assert len(other.claim(6, NOW, frozenset(), day)) == 2
    assert len(other.claim(6, NOW, frozenset(), replace(day, allowance=None))) == 2
    other._close()


@pytest.mark.parametrize("kept", [True, False])
def test_what_a_run_has_in_hand_is_not_claimed_once_more(kept: bool, ledger: Database, worker: SharedLedger) -> None:
    """It was taken for dead, and was not: its rows are its own again, and given out once."""
    mine = set(held_by(ledger, "w"))
    first = held_by(ledger, "w", "queued")[0]
    if not kept:
        age(ledger, timedelta(minutes=5))
        take_over(ledger)
    assert {claim.id for claim in worker.claim(6, NOW, frozenset())}.isdisjoint(mine)
    [claim] = [one for one in claims_of(ledger) if one.id == first]
    assert worker.turn([], [claim]).keys() == {first}
    settled = settle(claim, Outcome(OutcomeKind.ACCEPTED, 250), DeliveryPolicy(), NOW)
    worker.turn([settled], [])
    assert first not in {one.id for one in worker.claim(6, NOW, frozenset())}


def test_a_turn_does_not_wait_long_for_a_row(ledger: Database, worker: SharedLedger) -> None:
    """What it knew of who is subscribed would be old by then."""
    [claim] = worker.claim(1, NOW, frozenset())
    with ledger.write() as other:
        other.execute(text("UPDATE deliveries SET text = '' WHERE id = :id"), {"id": claim.id})
        other.execute(text("UPDATE subscriptions SET state = 'unsubscribed'"))
        began = time.monotonic()
        with pytest.raises(Away):
            worker.turn([], [claim])
        assert time.monotonic() - began < 2
    assert worker.turn([], [claim]) == {}
    worker._close()
    with ledger.read() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "1min"  # that of the turns alone
