"""The ledger as a state machine: whatever workers, readers, crashes and commands do, the promises hold.

On SQLite one worker at a time, which dies with its journal lying there; on PostgreSQL two, and a third that takes over.
"""

from __future__ import annotations

import tempfile
from abc import abstractmethod
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, text, update

from newsletter.domain.delivery import (
    OPEN_STATES,
    Claim,
    DeliveryPolicy,
    DeliveryState,
    Outcome,
    OutcomeKind,
)
from newsletter.domain.delivery import settle as settled
from newsletter.domain.issue import IssueState
from newsletter.errors import WrongState
from newsletter.services import steer
from newsletter.store import accounts, deliveries, holders, issues, tables
from newsletter.store.database import Database
from newsletter.store.embedded import EmbeddedLedger
from newsletter.store.ledger import Ledger, read_the_notebooks
from newsletter.store.shared import SharedLedger
from tests.ledger import NEXT_STATES, NOW, draft, subscribe

POLICY = DeliveryPolicy(
    retry_first=timedelta(minutes=1), retry_most=timedelta(minutes=4), give_up_after=timedelta(hours=1)
)
READERS = 12
LEFT_OUT = (frozenset[str](), frozenset({"d0.example"}), frozenset({"d0.example", "d1.example"}))
any_worker = st.integers(0, 1)  # the first, or the last
readers = st.integers(1, READERS)


class Machine(RuleBasedStateMachine):
    """What both have in common. `in_flight` is what each worker has handed to the server and heard nothing of."""

    database: Database
    workers: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        subscribe(self.database, READERS)
        self.issue = draft(self.database, stories=(1, 2))
        self.now = NOW
        self.ledgers: dict[str, Ledger] = {}
        self.claimed: dict[str, list[Claim]] = {worker: [] for worker in self.workers}
        self.in_flight: dict[str, Claim | None] = dict.fromkeys(self.workers)
        self.accepted: Counter[int] = Counter()  # by the server
        self.doubts: Counter[int] = Counter()  # times in which the ledger could not know
        self.gone: set[int] = set()
        self.called_off = False
        self.last: dict[int, DeliveryState] = {}

    @abstractmethod
    def open_ledger(self, worker: str) -> Ledger: ...

    @abstractmethod
    def die(self, worker: str) -> None:
        """As kill -9 does it; afterwards another worker of that name has taken over."""

    def teardown(self) -> None:
        """Let everything come to its end: then each reader has it, or the ledger says why not."""
        for number in range(len(self.workers)):
            self.crash(number, False)
        one = self.ledgers["one"]
        if not self.called_off:
            self.let_it_be_sent()
            for _ in range(40):
                self.now += POLICY.retry_most
                while claims := self.take("one", READERS):
                    for claim in claims:
                        self.begin_and_hand_over("one", claim)
            assert one.outlook(0, self.now).done
        for ledger in self.ledgers.values():
            ledger.leave(self.now)
            ledger.let_go()
        rows = self.rows()
        assert not set(rows.values()) & set(OPEN_STATES)
        with self.database.read() as connection:
            books = accounts.accounting(connection, 1)
        told = {name: getattr(books, name) for name in accounts.COUNTED if getattr(books, name)}
        assert told == Counter(state.value for state in rows.values())
        for reader, state in rows.items():
            if state is DeliveryState.SKIPPED:
                assert reader in self.gone or (self.called_off and self.accepted[reader] <= self.doubts[reader])
        self.database.close()

    # What happens:

    @initialize()
    def start(self) -> None:
        steer.start(self.database, 1, self.now)
        self.ledgers = {worker: self.open_ledger(worker) for worker in self.workers}

    @rule(number=any_worker, size=st.integers(1, 4), without=st.sampled_from(LEFT_OUT))
    def claim(self, number: int, size: int, without: frozenset[str]) -> None:
        worker = self.workers[-number]
        found = self.take(worker, size, without)
        assert not {claim.email.partition("@")[2] for claim in found} & without
        self.claimed[worker] += found

    @rule(number=any_worker)
    def begin(self, number: int) -> None:
        worker = self.workers[-number]
        if self.in_flight[worker] is None:
            self.claimed[worker] = self.claimed[worker] or self.take(worker, 2)
        if self.claimed[worker] and self.in_flight[worker] is None:
            claim = self.claimed[worker].pop(0)
            if self.ledgers[worker].turn([], [claim]):
                assert claim.subscriber not in self.gone
                assert not self.called_off
                self.in_flight[worker] = claim

    @rule(number=any_worker, kind=st.sampled_from(OutcomeKind), reached=st.booleans())
    def record(self, number: int, kind: OutcomeKind, reached: bool) -> None:
        """An answer comes; after no answer the server may have taken the message (`reached`)."""
        worker = self.workers[-number]
        if claim := self.in_flight[worker]:
            self.in_flight[worker] = None
            self.accepted[claim.subscriber] += kind is OutcomeKind.ACCEPTED or (
                kind is OutcomeKind.UNCERTAIN and reached
            )
            self.doubts[claim.subscriber] += kind is OutcomeKind.UNCERTAIN
            line = settled(claim, Outcome(kind, 250, "", "words"), POLICY, self.now)
            self.ledgers[worker].hear(line)
            self.ledgers[worker].turn([line], [])

    @rule(number=any_worker)
    def tidy(self, number: int) -> None:
        self.ledgers[self.workers[-number]].tidy()

    @rule(number=any_worker, reached=st.booleans())
    def crash(self, number: int, reached: bool) -> None:
        """A worker dies, perhaps between the server's 250 and the ledger's line; another takes its rows over."""
        worker = self.workers[-number]
        if claim := self.in_flight[worker]:
            self.accepted[claim.subscriber] += reached
            self.doubts[claim.subscriber] += 1
        self.in_flight[worker], self.claimed[worker] = None, []
        self.die(worker)
        if self.called_off:
            with self.database.write() as connection:
                deliveries.call_off(connection, 1, self.now)

    @rule(reader=readers)
    def unsubscribe(self, reader: int) -> None:
        self.gone.add(reader)
        mine = tables.subscriptions.c.subscriber == reader
        with self.database.write() as connection:
            connection.execute(update(tables.subscriptions).where(mine).values(state="unsubscribed"))

    @rule(reader=readers)
    def erase(self, reader: int) -> None:
        self.gone.add(reader)
        with self.database.write() as connection:
            connection.execute(delete(tables.subscribers).where(tables.subscribers.c.id == reader))

    @rule()
    def pause_and_resume(self) -> None:
        try:
            steer.pause(self.database, 1)
        except WrongState:
            return
        steer.resume(self.database, 1)

    @precondition(lambda self: not self.called_off)
    @rule(really=st.integers(0, 9))
    def cancel(self, really: int) -> None:
        if really == 0 and self.state() is IssueState.SENDING:
            with self.database.write() as connection:  # what a process in between has in flight stays its own
                issues.move(connection, 1, [IssueState.SENDING], IssueState.CANCELLED)
                deliveries.call_off(connection, 1, self.now)
            self.called_off = True

    @rule(minutes=st.integers(-600, 600))
    def set_clock(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def finish(self) -> None:
        in_flight = sum(claim is not None for claim in self.in_flight.values())
        if self.ledgers["one"].outlook(in_flight, self.now).done:
            assert not set(self.rows().values()) & set(OPEN_STATES)

    # What always holds:

    @invariant()
    def the_promises_hold(self) -> None:
        rows = self.rows()
        assert len(rows) in (0, READERS)
        for reader, state in rows.items():
            assert state in self.reachable(self.last.get(reader, DeliveryState.QUEUED))
            assert self.accepted[reader] <= 1 + self.doubts[reader]
            assert self.accepted[reader] or state is not DeliveryState.SENT
        self.last = rows

    # Helpers:

    def reachable(self, state: DeliveryState) -> set[DeliveryState]:
        """Rules and looks at the rows take turns, and a rule may take two steps."""
        return {state} | NEXT_STATES[state] | {two for one in NEXT_STATES[state] for two in NEXT_STATES[one]}

    def take(self, worker: str, size: int, without: frozenset[str] = frozenset()) -> list[Claim]:
        if self.state() is not IssueState.SENDING:
            return []
        return self.ledgers[worker].claim(size, self.now, without)

    def begin_and_hand_over(self, worker: str, claim: Claim) -> None:
        if self.ledgers[worker].turn([], [claim]):
            self.accepted[claim.subscriber] += 1
            line = settled(claim, Outcome(OutcomeKind.ACCEPTED), POLICY, self.now)
            self.ledgers[worker].hear(line)
            self.ledgers[worker].turn([line], [])

    def let_it_be_sent(self) -> None:
        with self.database.write() as connection:
            issues.move(connection, 1, list(IssueState), IssueState.SENDING)

    def state(self) -> IssueState:
        with self.database.read() as connection:
            return deliveries.issue_state(connection, 1)

    def rows(self) -> dict[int, DeliveryState]:
        d = tables.deliveries.c
        with self.database.read() as connection:
            return {
                row.subscriber: DeliveryState(row.state) for row in connection.execute(select(d.subscriber, d.state))
            }


class OnSQLite(Machine):
    workers = ("one",)

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'subscribers.db'}")
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        assert [path.name for path in Path(self.folder.name).iterdir()] == ["subscribers.db"]
        self.folder.cleanup()

    def open_ledger(self, worker: str) -> EmbeddedLedger:
        ledger = EmbeddedLedger(self.database, self.issue, POLICY)
        ledger.open(self.now)
        return ledger

    def die(self, worker: str) -> None:
        died = self.ledgers[worker]
        assert isinstance(died, EmbeddedLedger)
        died.let_go()  # what it had not committed is gone
        self.ledgers[worker] = self.open_ledger(worker)

    def reachable(self, state: DeliveryState) -> set[DeliveryState]:
        """Rows follow many at a time. What was in flight as the issue was called off is known only afterwards."""
        if self.called_off and state is DeliveryState.SKIPPED:
            return {state, DeliveryState.SENT, DeliveryState.UNCERTAIN}
        found = {state}
        while more := {following for one in found for following in NEXT_STATES[one]} - found:
            found |= more
        return found


class OnPostgreSQL(Machine):
    workers = ("one", "two")
    url: str

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(self.url, Path(self.folder.name))
        with self.database.write() as connection:
            names = ", ".join(f'"{table.name}"' for table in tables.metadata.sorted_tables if table.name != "settings")
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        assert list(Path(self.folder.name).iterdir()) == []
        self.folder.cleanup()

    def open_ledger(self, worker: str) -> SharedLedger:
        ledger = SharedLedger(self.database, self.issue, POLICY, worker)
        ledger.open(self.now)
        return ledger

    def die(self, worker: str) -> None:
        died = self.ledgers[worker]
        assert isinstance(died, SharedLedger)
        died._close()
        if died._notebook._journal:  # the file stays, and its lock goes
            died._notebook._journal.close()
        read_the_notebooks(self.database)
        with self.database.write() as connection:
            holders.take_over(connection, 1, [worker], POLICY, self.now)
        self.ledgers[worker] = self.open_ledger(worker)

    @rule(number=any_worker, kind=st.sampled_from(OutcomeKind), late=st.booleans())
    def crash_before_the_turn(self, number: int, kind: OutcomeKind, late: bool) -> None:
        """The answer was heard, and noted: it is not in doubt. `late`: another took over before anybody read that."""
        worker = self.workers[-number]
        if claim := self.in_flight[worker]:
            self.in_flight[worker], self.claimed[worker] = None, []
            self.accepted[claim.subscriber] += kind is OutcomeKind.ACCEPTED
            self.doubts[claim.subscriber] += kind is OutcomeKind.UNCERTAIN
            self.ledgers[worker].hear(settled(claim, Outcome(kind, 250, "", "words"), POLICY, self.now))
            if late:
                with self.database.write() as connection:
                    holders.take_over(connection, 1, [worker], POLICY, self.now)
            self.die(worker)
            if kind is OutcomeKind.ACCEPTED:
                assert self.rows()[claim.subscriber] is DeliveryState.SENT

    @rule(number=any_worker)
    def expire(self, number: int) -> None:
        """A worker is taken for dead and is not: another delivers what it claimed, and it may not begin it."""
        worker = self.workers[-number]
        if self.in_flight[worker] is None:
            with self.database.write() as connection:
                holders.take_over(connection, 1, [worker], POLICY, self.now)
            self.ledgers["a third"] = self.open_ledger("a third")
            for claim in self.take("a third", READERS):
                self.begin_and_hand_over("a third", claim)
            self.ledgers.pop("a third").leave(self.now)

    @rule(number=any_worker)
    def begin_unheard(self, number: int) -> None:
        """The server commits a turn and the answer is lost: the worker asks once more."""
        worker = self.workers[-number]
        if self.in_flight[worker] is None and (claims := self.take(worker, 1)):
            self.ledgers[worker].turn([], claims)
            if self.ledgers[worker].turn([], claims):
                self.in_flight[worker] = claims[0]

    @invariant()
    def at_most_one_in_doubt_per_worker(self) -> None:
        sending = {reader for reader, state in self.rows().items() if state is DeliveryState.SENDING}
        assert sending == {claim.subscriber for claim in self.in_flight.values() if claim}


def how_often(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=35,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )


@pytest.mark.parametrize("examples", [15, pytest.param(150, marks=pytest.mark.long)])
def test_the_ledger_on_sqlite(examples: int) -> None:
    run_state_machine_as_test(OnSQLite, settings=how_often(examples))


@pytest.mark.postgres
@pytest.mark.parametrize("examples", [8, pytest.param(50, marks=pytest.mark.long)])
def test_the_ledger_on_postgresql(furnished_url: str, examples: int) -> None:
    OnPostgreSQL.url = furnished_url
    run_state_machine_as_test(OnPostgreSQL, settings=how_often(examples))
