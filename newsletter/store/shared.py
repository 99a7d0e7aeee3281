"""The ledger on PostgreSQL: many workers deliver an issue, each row under the name of one of them.

A turn (what came of the last messages, and which go out next) is one small transaction, sent in one go over a
connection of its own: between a server's 250 and this commit a message is in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, PoolProxiedConnection
from sqlalchemy.exc import OperationalError

from newsletter.domain.accounting import Accounting
from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import Claim, DeliveryPolicy, Outlook, Settled
from newsletter.domain.issue import Issue
from newsletter.store import accounts, deliveries, holders
from newsletter.store.database import Database

_FOR_EVER = DeliveryPolicy(on_uncertain="hold")
_LOOK_AGAIN = timedelta(milliseconds=100)  # for more of a chunk, while some of it is in flight

# That a server took a message counts, whoever holds the row by now. An erased person's row takes no words.
_RECORD = """
UPDATE deliveries SET state = %s, attempts = %s, doubts = %s, due_at = %s, first_at = %s, at = %s, code = %s,
  status = %s, text = CASE WHEN email = '' THEN '' ELSE %s END, worker = NULL
WHERE id = %s AND (worker = %s OR (CAST(%s AS TEXT) = 'sent' AND state <> 'sent' AND state <> 'failed'))
"""
# Who left since the row was claimed, and a row that another worker took over, are not begun. One of ours that is
# `sending` was begun by a turn whose commit was never heard of: nothing of it has left yet.
_BEGIN = """
UPDATE deliveries SET state = 'sending'
WHERE id = %s AND worker = %s AND state IN ('queued', 'deferred', 'sending') AND EXISTS (
  SELECT 1 FROM subscriptions
  WHERE subscriber = deliveries.subscriber AND newsletter = %s AND edition = %s AND state = 'active')
"""
# What could not be begun, and is ours still: its reader left.
_SKIP = """
UPDATE deliveries SET state = 'skipped', worker = NULL, due_at = NULL, code = 0, status = '',
  text = CASE
  WHEN EXISTS (SELECT 1 FROM subscriptions
    WHERE subscriber = deliveries.subscriber AND newsletter = %s AND state = 'active') THEN 'moved to another edition'
  WHEN EXISTS (SELECT 1 FROM subscribers WHERE subscribers.id = deliveries.subscriber) THEN 'unsubscribed'
  ELSE 'erased' END
WHERE id = %s AND worker = %s AND state IN ('queued', 'deferred')
"""


class SharedLedger:
    """See Ledger. Keeps one connection for the turns of one worker's run.

    With a chunk it gives out that alone, is done when nothing of it may go out now, and counts from naught: to count
    an issue takes as long as to deliver many a chunk.
    """

    at_once = False

    def __init__(
        self, database: Database, issue: Issue, worker: str, lease: timedelta, chunk: Chunk | None = None
    ) -> None:
        self._database, self._issue, self._worker, self._lease = database, issue, worker, lease
        self._chunk = chunk
        self._connection: PoolProxiedConnection | None = None
        dialect = database.engine.dialect
        self._trouble: Any = (dialect.loaded_dbapi.OperationalError, dialect.loaded_dbapi.InterfaceError)

    def open(self, policy: DeliveryPolicy, now: datetime) -> Accounting:
        with self._database.write() as connection:
            self._take_over_from_the_dead(connection, policy, now)
            if self._chunk is not None:
                return Accounting(self._issue.id, deliveries.issue_state(connection, self._issue.id))
            return accounts.accounting(connection, self._issue.id)

    def claim(self, size: int, now: datetime, most: timedelta, without: frozenset[str]) -> list[Claim]:
        with self._database.write() as connection:
            own = (self._issue, self._worker)
            return holders.claim(connection, *own, size, now, most, self._lease, without, self._chunk)

    def turn(self, settled: Sequence[Settled], claims: Sequence[Claim]) -> set[int]:
        try:
            if self._connection is None:
                self._connection = self._database.engine.raw_connection()
            return self._turn(self._connection.driver_connection, settled, claims)
        except self._trouble as error:
            self._close()
            raise OperationalError("a turn of the ledger", None, error) from error
        except BaseException:
            self._close()
            raise

    def outlook(self, in_flight: int, now: datetime, most: timedelta) -> Outlook:
        if self._chunk is not None:  # what is left of it falls due later, or is another's
            return Outlook(done=not in_flight, due=now + _LOOK_AGAIN)
        with self._database.write() as connection:
            if not in_flight and deliveries.finish(connection, self._issue.id, now):
                return Outlook(done=True)
            return Outlook(done=False, due=deliveries.next_due(connection, self._issue.id, now, most))

    def tidy(self) -> None:
        """Each turn is a commit already."""

    def renew(self, policy: DeliveryPolicy, now: datetime) -> None:
        with self._database.write() as connection:
            holders.extend(connection, self._issue.id, self._worker, self._lease)
            self._take_over_from_the_dead(connection, policy, now)

    def let_go(self) -> None:
        """Leases end by themselves."""

    def leave(self, policy: DeliveryPolicy, now: datetime) -> None:
        self._close()
        with self._database.write() as connection:
            holders.take_over(connection, self._issue.id, [self._worker], policy, now)
        with self._database.write() as connection:  # holding no row that whoever cancels the issue waits for
            deliveries.call_off_what_came_back(connection, self._issue.id, now)
            deliveries.mark_what_reached_somebody(connection, self._issue)
            deliveries.finish(connection, self._issue.id, now)  # stopped after the very last one

    def _take_over_from_the_dead(self, connection: Connection, policy: DeliveryPolicy, now: datetime) -> None:
        dead = holders.dead_workers(connection, self._issue.id, self._worker, self._lease)
        holders.take_over(connection, self._issue.id, dead, policy, now)

    def _close(self) -> None:
        """What was not committed is rolled back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _turn(self, driver: Any, settled: Sequence[Settled], claims: Sequence[Claim]) -> set[int]:
        issue, worker = self._issue, self._worker
        with driver.pipeline():
            for line in settled:
                driver.execute(_RECORD, self._row(line))
            tries = [
                (claim.id, driver.execute(_BEGIN, (claim.id, worker, issue.newsletter, issue.edition)))
                for claim in claims
            ]
            for number, _ in tries:  # whether it was begun is not known yet: this finds only what was not
                driver.execute(_SKIP, (issue.newsletter, number, worker))
            driver.commit()
        return {number for number, tried in tries if tried.rowcount == 1}

    def _row(self, line: Settled) -> tuple[Any, ...]:
        state = line.state.value
        return (
            state, line.attempts, line.doubts, line.due_at, line.first_at, line.at, line.code, line.status,
            line.text, line.id, self._worker, state,
        )  # fmt: skip


def close_the_books(database: Database, issue: Issue, lease: timedelta, now: datetime) -> None:
    """Of an issue that was called off: what a dead worker had in flight stays uncertain for ever."""
    with database.write() as connection:
        dead = holders.dead_workers(connection, issue.id, "", lease)
        holders.take_over(connection, issue.id, dead, _FOR_EVER, now)


def close_all_books(connection: Connection, now: datetime) -> None:
    """The same for whoever died at an issue that had been called off before."""
    for worker, issue_id in holders.dead_at_what_is_over(connection):
        holders.take_over(connection, issue_id, [worker], _FOR_EVER, now)
