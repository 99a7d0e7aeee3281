"""What a run's office asks of the ledger of an issue, on either database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from newsletter.domain.accounting import Accounting
from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import Claim, DeliveryPolicy, Outlook, Settled
from newsletter.domain.issue import Issue
from newsletter.domain.warmup import Day
from newsletter.store import deliveries
from newsletter.store.database import Database


class Ledger(Protocol):
    """One issue's deliveries, for one run. Every method but `hear` raises Away when the database is.

    Then the call may be made again: what it had done by then does no harm. StoreError is for good, and so is Busy when
    another process has taken the issue's journal.
    """

    @property
    def at_once(self) -> bool:
        """Whether a turn is over in microseconds, or must not hold up the event loop."""
        ...

    def open(self, now: datetime) -> Accounting:
        """Takes over what dead workers left; what they had in flight is `domain.delivery.in_doubt`.

        The accounting as the run begins with; of a chunk's run it is empty.
        """
        ...

    def claim(self, size: int, now: datetime, without: frozenset[str], day: Day | None = None) -> list[Claim]:
        """Up to `size` deliveries that may go out now, for this run alone, due retries first.

        A retry that is due later than after the policy's longest pause shows a clock that was set back: it may go, too.
        `without` are mail domains of which enough is at hand. `day` is that of a warm-up plan: all who send get no more
        than its allowance together.
        """
        ...

    def left_of(self, day: Day) -> int | None:
        """How many may still be claimed of a warm-up plan's day; None: as many as like."""
        ...

    def hear(self, settled: Settled) -> None:
        """Called as soon as it is known: a crash before its turn shall not forget it. Raises nothing."""
        ...

    def turn(self, settled: Sequence[Settled], claims: Sequence[Claim]) -> dict[int, Claim]:
        """Records and begins, both or neither; by id the claims that may go out now, the others are skipped.

        Each with its reader's address and name of this moment, which may be others than when it was claimed.
        """
        ...

    def outlook(self, in_flight: int, now: datetime) -> Outlook:
        """Called when nothing was found to claim; finishes the issue when nothing of it is open any more."""
        ...

    def tidy(self) -> None:
        """Called a few times a second: what was recorded is now seen by others."""
        ...

    def renew(self, now: datetime) -> None:
        """Called every half second, in a thread: what was recorded survives a power cut; the living are told apart."""
        ...

    def leave(self, now: datetime) -> None:
        """Frees what is still held; what is in flight even now is in doubt. Only `let_go` may be called after it."""
        ...

    def let_go(self) -> None:
        """Called last, whatever became of `leave`: holds nothing any more that would keep out whoever comes next."""
        ...


def open_ledger(
    database: Database, issue: Issue, policy: DeliveryPolicy, worker: str, chunk: Chunk | None = None
) -> Ledger:
    """The ledger of `issue` for a run of `worker`'s by `policy`; on SQLite its caller holds `store.lock.sole_sender`.

    With `chunk` (on PostgreSQL) of that part of it.
    """
    if database.is_sqlite:
        from newsletter.store.embedded import EmbeddedLedger

        return EmbeddedLedger(database, issue, policy)
    from newsletter.store.shared import SharedLedger

    return SharedLedger(database, issue, policy, worker, chunk)


def enqueue(connection: Connection, issue: Issue) -> int:
    """How many get the issue: a delivery for each is written down. On PostgreSQL in chunks, each a job for whichever
    worker comes first.
    """
    if connection.dialect.name == "sqlite":
        return deliveries.enqueue(connection, issue, deliveries.readers(connection, issue).subquery())
    from newsletter.store import chunks

    chunks.forget(connection)  # what former issues left in the queue, where no worker runs
    return chunks.enqueue(connection, issue)


def go_on(connection: Connection, issue_id: int) -> None:
    """An issue is being sent again: on PostgreSQL the workers have it again, too."""
    if connection.dialect.name != "sqlite":
        from newsletter.store import chunks

        chunks.cover(connection, issue_id)


def half_cancelled(database: Database, connection: Connection) -> list[int]:
    """The cancelled issues that are not over yet: somebody waits, or nobody has read a dead process's journal."""
    if not database.is_sqlite:
        return deliveries.half_cancelled(connection)
    from newsletter.store import embedded

    return deliveries.half_cancelled(connection, embedded.left_behind(database))


def close_the_books(database: Database, issue: Issue, now: datetime) -> None:
    """Of an issue that was called off: what a process that died had in flight stays uncertain for ever."""
    if database.is_sqlite:
        from newsletter.store import embedded

        embedded.close_the_books(database, issue, now)
    else:
        from newsletter.store import shared

        shared.close_the_books(database, issue, now)


def left_behind(database: Database) -> list[int]:
    """The issues of which there is a journal, on SQLite: a process writes it, or died."""
    if not database.is_sqlite:
        return []
    from newsletter.store import embedded

    return embedded.left_behind(database)


def read_the_journal(database: Database, issue: Issue, policy: DeliveryPolicy, now: datetime) -> None:
    """Writes down what a process that died left in it; its caller holds `store.lock.sole_sender`."""
    from newsletter.store import embedded

    embedded.catch_up(database, issue, policy, now)


def read_the_notebooks(database: Database) -> None:
    """The same for workers that died on this machine, on PostgreSQL."""
    if not database.is_sqlite:
        from newsletter.store import shared

        shared.record_what_the_dead_heard(database)


def close_all_books(database: Database, now: datetime) -> None:
    """As `close_the_books`, of every issue that is over, on PostgreSQL: some were called off from another machine."""
    if not database.is_sqlite:
        from newsletter.store import shared

        shared.close_all_books(database, now)
