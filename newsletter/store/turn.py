"""The ledger's hot path: what came of the last messages and which go out next, in one small transaction.

It speaks to the driver itself and keeps its connection: between a server's 250 and this commit a message is in doubt,
so each microsecond here is one in which a crash can mail somebody twice. PostgreSQL gets all of a turn in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import OperationalError

from newsletter.domain.delivery import Claim, Settled
from newsletter.domain.issue import Issue
from newsletter.store.database import Database
from newsletter.store.tables import Instant

# That a server took a message counts, whoever holds the row by now.
_RECORD = """
UPDATE deliveries SET state = ?, attempts = ?, doubts = ?, due_at = ?, first_at = ?, at = ?, code = ?, status = ?,
  text = ?, worker = NULL, lease_until = NULL
WHERE id = ? AND (worker = ? OR (CAST(? AS TEXT) = 'sent' AND state <> 'sent' AND state <> 'failed'))
"""
# Who left since the row was claimed, and a row that another worker took over, are not begun.
_BEGIN = """
UPDATE deliveries SET state = 'sending'
WHERE id = ? AND worker = ? AND state IN ('queued', 'deferred') AND EXISTS (
  SELECT 1 FROM subscriptions
  WHERE subscriber = deliveries.subscriber AND newsletter = ? AND edition = ? AND state = 'active')
"""
# What could not be begun, and is ours still: its reader left.
_SKIP = """
UPDATE deliveries SET state = 'skipped', worker = NULL, lease_until = NULL, due_at = NULL, text = CASE
  WHEN EXISTS (SELECT 1 FROM subscriptions
    WHERE subscriber = deliveries.subscriber AND newsletter = ? AND state = 'active') THEN 'moved to another edition'
  WHEN EXISTS (SELECT 1 FROM subscribers WHERE subscribers.id = deliveries.subscriber) THEN 'unsubscribed'
  ELSE 'erased' END
WHERE id = ? AND worker = ? AND state IN ('queued', 'deferred')
"""


class Turns:
    """Keeps one connection for the turns of one worker's run."""

    def __init__(self, database: Database, issue: Issue, worker: str) -> None:
        self._database, self._issue, self._worker = database, issue, worker
        self._connection: PoolProxiedConnection | None = None
        dialect = database.engine.dialect
        mark = "?" if database.is_sqlite else "%s"
        self._record, self._begin, self._skip = (sql.replace("?", mark) for sql in (_RECORD, _BEGIN, _SKIP))
        self._instant: Any = Instant().dialect_impl(dialect).bind_processor(dialect) or (lambda moment: moment)
        self._trouble: Any = (dialect.loaded_dbapi.OperationalError, dialect.loaded_dbapi.InterfaceError)

    def turn(self, settled: Sequence[Settled], claims: Sequence[Claim]) -> set[int]:
        """Records and begins, both or neither; the ids of the claims that may go out now, the others are skipped.

        Raises SQLAlchemy's OperationalError when the database is locked, full or away; then nothing was written.
        """
        try:
            if self._connection is None:
                self._connection = self._database.engine.raw_connection()
            return self._turn(self._connection, settled, claims)
        except self._trouble as error:
            self.close()
            raise OperationalError("a turn of the ledger", None, error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """What was not committed is rolled back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _turn(self, connection: PoolProxiedConnection, settled: Sequence[Settled], claims: Sequence[Claim]) -> set[int]:
        issue, worker = self._issue, self._worker
        driver: Any = connection.driver_connection
        if self._database.is_sqlite:
            driver.execute("BEGIN IMMEDIATE")
        with nullcontext() if self._database.is_sqlite else driver.pipeline():
            for line in settled:
                driver.execute(self._record, self._row(line))
            tries = [
                (claim.id, driver.execute(self._begin, (claim.id, worker, issue.newsletter, issue.edition)))
                for claim in claims
            ]
            for number, tried in tries:
                if tried.rowcount != 1:  # or not known yet: then it finds only what was not begun
                    driver.execute(self._skip, (issue.newsletter, number, worker))
            driver.commit()
        return {number for number, tried in tries if tried.rowcount == 1}

    def _row(self, line: Settled) -> tuple[Any, ...]:
        state, instant = line.state.value, self._instant
        return (
            state, line.attempts, line.doubts, instant(line.due_at), instant(line.first_at), instant(line.at),
            line.code, line.status, line.text, line.id, self._worker, state,
        )  # fmt: skip
