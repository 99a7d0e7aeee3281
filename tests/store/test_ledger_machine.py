"""The ledger as a state machine: whatever workers, readers, crashes and commands do, the promises hold."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import delete, select, update

from newsletter.domain.delivery import (
    NEXT_STATES,
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
from newsletter.store import accounts, deliveries, issues, tables
from newsletter.store.database import Database
from newsletter.store.turn import Turns
from tests.ledger import NOW, draft, subscribe

POLICY = DeliveryPolicy(
    retry_first=timedelta(minutes=1), retry_most=timedelta(minutes=4), give_up_after=timedelta(hours=1)
)
WORKERS = ("one", "two")
READERS = 6
workers = st.sampled_from(WORKERS)
readers = st.integers(1, READERS)


class Ledger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'subscribers.db'}")
        subscribe(self.database, READERS)
        self.issue = draft(self.database, stories=(1, 2))
        self.now = NOW
        self.turns = {worker: Turns(self.database, self.issue, worker) for worker in (*WORKERS, "a third")}
        self.claimed: dict[str, list[Claim]] = {worker: [] for worker in WORKERS}
        self.in_flight: dict[str, Claim | None] = dict.fromkeys(WORKERS)
        self.accepted: Counter[int] = Counter()  # by the server
        self.doubts: Counter[int] = Counter()  # times in which the ledger could not know
        self.gone: set[int] = set()
        self.called_off = False
        self.last: dict[int, DeliveryState] = {}

    def teardown(self) -> None:
        """Let everything come to its end: then each reader has it, or the ledger says why not."""
        for worker in WORKERS:
            self.crash(worker, False)
        if not self.called_off:
            self.let_it_be_sent()
            for _ in range(40):
                self.now += POLICY.retry_most
                while claims := self.take("one", READERS):
                    for claim in claims:
                        self.begin_and_hand_over("one", claim, OutcomeKind.ACCEPTED)
            with self.database.write() as connection:
                assert deliveries.finish(connection, 1, self.now)
        rows = self.rows()
        assert not set(rows.values()) & set(OPEN_STATES)
        for reader, state in rows.items():
            assert self.accepted[reader] <= 1 + self.doubts[reader]
            if state is DeliveryState.SENT:
                assert self.accepted[reader] >= 1
            if state is DeliveryState.SKIPPED:
                assert reader in self.gone or self.called_off
        for turns in self.turns.values():
            turns.close()
        self.database.close()
        self.folder.cleanup()

    # What happens:

    @initialize()
    def start(self) -> None:
        steer.start(self.database, 1, self.now)

    @rule(worker=workers, size=st.integers(1, 4))
    def claim(self, worker: str, size: int) -> None:
        self.claimed[worker] += self.take(worker, size)

    @rule(worker=workers)
    def begin(self, worker: str) -> None:
        if self.claimed[worker] and self.in_flight[worker] is None:
            claim = self.claimed[worker].pop(0)
            if self.turns[worker].turn([], [claim]):
                assert claim.subscriber not in self.gone
                assert not self.called_off
                self.in_flight[worker] = claim

    @rule(worker=workers, kind=st.sampled_from(OutcomeKind), reached=st.booleans())
    def record(self, worker: str, kind: OutcomeKind, reached: bool) -> None:
        """An answer comes; after no answer the server may have taken the message (`reached`)."""
        if claim := self.in_flight[worker]:
            self.in_flight[worker] = None
            self.accepted[claim.subscriber] += kind is OutcomeKind.ACCEPTED or (
                kind is OutcomeKind.UNCERTAIN and reached
            )
            self.doubts[claim.subscriber] += kind is OutcomeKind.UNCERTAIN
            self.turns[worker].turn([settled(claim, Outcome(kind, 250, "", "words"), POLICY, self.now)], [])

    @rule(worker=workers, reached=st.booleans())
    def crash(self, worker: str, reached: bool) -> None:
        """A worker dies, perhaps between the server's 250 and its commit; another takes its rows over."""
        if claim := self.in_flight[worker]:
            self.accepted[claim.subscriber] += reached
            self.doubts[claim.subscriber] += 1
        self.in_flight[worker], self.claimed[worker] = None, []
        with self.database.write() as connection:
            found = deliveries.take_over(connection, 1, [worker], False, self.now)
        assert found == (claim is not None)
        if self.called_off:
            with self.database.write() as connection:
                deliveries.call_off(connection, 1, self.now)

    @rule(worker=workers)
    def expire(self, worker: str) -> None:
        """A worker is taken for dead and is not: another delivers what it claimed, and it may not begin it."""
        if self.in_flight[worker] is None:
            with self.database.write() as connection:
                deliveries.take_over(connection, 1, [worker], False, self.now)
            for claim in self.take("a third", READERS):
                self.begin_and_hand_over("a third", claim, OutcomeKind.ACCEPTED)

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
        with self.database.write() as connection:
            done = deliveries.finish(connection, 1, self.now)
        if done:
            assert not set(self.rows().values()) & set(OPEN_STATES)

    # What always holds:

    @invariant()
    def everyone_is_accounted_for(self) -> None:
        with self.database.read() as connection:
            books = accounts.accounting(connection, 1)
        assert books.recipients in (0, READERS)
        counted = books.sent + books.deferred + books.failed + books.skipped + books.uncertain + books.queued
        assert books.recipients == counted

    @invariant()
    def at_most_one_in_doubt_per_worker(self) -> None:
        sending = {reader for reader, state in self.rows().items() if state is DeliveryState.SENDING}
        assert sending == {claim.subscriber for claim in self.in_flight.values() if claim}

    @invariant()
    def nobody_is_sent_twice_without_a_doubt(self) -> None:
        assert all(self.accepted[reader] <= 1 + self.doubts[reader] for reader in self.accepted)

    @invariant()
    def states_follow_each_other_as_they_may(self) -> None:
        rows = self.rows()
        for reader, state in rows.items():
            before = self.last.get(reader, DeliveryState.QUEUED)
            reachable = (
                {before} | NEXT_STATES[before] | {two for one in NEXT_STATES[before] for two in NEXT_STATES[one]}
            )
            assert state in reachable
        self.last = rows

    # Helpers:

    def take(self, worker: str, size: int) -> list[Claim]:
        if self.state() is not IssueState.SENDING:
            return []
        with self.database.write() as connection:
            return deliveries.claim(
                connection, self.issue, worker, size, self.now, POLICY.retry_most, timedelta(seconds=30)
            )

    def begin_and_hand_over(self, worker: str, claim: Claim, kind: OutcomeKind) -> None:
        if self.turns[worker].turn([], [claim]):
            self.accepted[claim.subscriber] += 1
            self.turns[worker].turn([settled(claim, Outcome(kind), POLICY, self.now)], [])

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


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
