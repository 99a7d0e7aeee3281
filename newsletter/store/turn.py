"""The ledger's hot path: what came of the last messages and which go out next, in one small transaction.

The SQL is written by hand and the connection is kept: between a server's 250 and this commit a message is in doubt,
so each microsecond here is one in which a crash can mail somebody twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from newsletter.domain.delivery import Claim, Settled
from newsletter.domain.issue import Issue
from newsletter.store.database import Database
from newsletter.store.deliveries import skip
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


class Turns:
    """Keeps one connection for the turns of one worker's run."""

    def __init__(self, database: Database, issue: Issue, worker: str) -> None:
        self._database, self._issue, self._worker = database, issue, worker
        self._connection: Connection | None = None
        dialect = database.engine.dialect
        mark = "?" if database.is_sqlite else "%s"
        self._record, self._begin = _RECORD.replace("?", mark), _BEGIN.replace("?", mark)
        self._instant: Any = Instant().dialect_impl(dialect).bind_processor(dialect) or (lambda moment: moment)

    def turn(self, settled: Sequence[Settled], claims: Sequence[Claim]) -> set[int]:
        """Records and begins, both or neither; the ids of the claims that may go out now, the others are skipped."""
        if self._connection is None:
            self._connection = self._database.engine.connect().execution_options(writes=True)
        connection = self._connection
        try:
            with connection.begin():
                if settled:
                    connection.exec_driver_sql(self._record, [self._row(line) for line in settled])
                begun = {claim.id for claim in claims if self._begins(connection, claim)}
                if len(begun) < len(claims):
                    skip(connection, self._worker, self._issue, [c.id for c in claims if c.id not in begun])
                return begun
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begins(self, connection: Connection, claim: Claim) -> bool:
        row = (claim.id, self._worker, self._issue.newsletter, self._issue.edition)
        return connection.exec_driver_sql(self._begin, row).rowcount == 1

    def _row(self, line: Settled) -> tuple[Any, ...]:
        state, instant = line.state.value, self._instant
        return (
            state, line.attempts, line.doubts, instant(line.due_at), instant(line.first_at), instant(line.at),
            line.code, line.status, line.text, line.id, self._worker, state,
        )  # fmt: skip
