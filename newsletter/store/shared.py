"""The ledger on PostgreSQL: many workers deliver an issue, each row under the name of one of them.

A turn (what came of the last messages, and which go out next) is one statement over a connection of its own: a machine
that falls asleep in it keeps no lock from the others. What a server answered is in the run's notebook until the commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from newsletter.domain.accounting import Accounting
from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import Claim, DeliveryPolicy, DeliveryState, Outlook, Settled, SkipReason
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.warmup import Day
from newsletter.store import accounts, deliveries, holders, issues, mishaps
from newsletter.store.database import Database, in_our_words
from newsletter.store.holders import Holder
from newsletter.store.notebook import Left, Notebook, Shelf, Start, shelf_of, unread
from newsletter.store.postgres import LOCK_WAIT

_LOCK_WAIT, _AS_BEFORE = text("SET lock_timeout = '500ms'"), text(LOCK_WAIT)
"""A turn that waits for a row would go by who was subscribed before it did; it is tried again, and looks again."""
_FOR_EVER = DeliveryPolicy(on_uncertain="hold")
_NOBODY = ""  # no worker has this name: whoever only looks claims nothing
_LOOK_AGAIN = timedelta(milliseconds=100)  # for more of a chunk, while some of it is in flight


def _record(mine: str) -> str:
    """The SQL that writes down what was heard: of rows that are `mine`, and of others' that a server took a message.

    An erased person's row takes no words.
    """
    return f"""
  UPDATE deliveries SET state = heard.state, attempts = heard.attempts, doubts = heard.doubts, due_at = heard.due_at,
    first_at = heard.first_at, at = heard.at, code = heard.code, status = heard.status,
    text = CASE WHEN email = '' THEN '' ELSE heard.text END, worker = NULL
  FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(attempts)s::int[], %(doubts)s::int[], %(due)s::timestamptz[],
    %(first)s::timestamptz[], %(at)s::timestamptz[], %(codes)s::int[], %(statuses)s::text[], %(texts)s::text[])
    AS heard (id, state, attempts, doubts, due_at, first_at, at, code, status, text)
  WHERE deliveries.id = heard.id
    AND ({mine} OR (heard.state = 'sent' AND deliveries.state <> 'sent' AND deliveries.state <> 'failed'))
"""  # noqa: S608 - words of ours


# What the dead had heard may have been recorded, and its row begun once more.
_RECORD_HEARD = _record("worker = %(worker)s AND heard.attempts > deliveries.attempts") + "AND issue = %(issue)s"

# What is to begin: who left since the row was claimed is skipped; what another worker took over is not begun. One of
# ours that is `sending` was begun by a turn whose commit was never heard of: nothing of it has left yet.
_TURN = f"""
WITH recorded AS ({_record("worker = %(worker)s")}), begun AS (
  UPDATE deliveries SET state = 'sending', email = s.email,
    domain = lower(substring(s.email from '[^@]*$'))
  FROM subscribers s JOIN subscriptions u ON u.subscriber = s.id
  WHERE deliveries.id = ANY(%(begin)s::bigint[]) AND s.id = deliveries.subscriber AND worker = %(worker)s
    AND deliveries.state IN ('queued', 'deferred', 'sending')
    AND newsletter = %(newsletter)s AND edition = %(edition)s AND u.state = 'active'
  RETURNING deliveries.id, s.email, s.name
), skipped AS (
  UPDATE deliveries SET state = 'skipped', worker = NULL, due_at = NULL, code = 0, status = '', text = CASE
    WHEN EXISTS (SELECT 1 FROM subscriptions WHERE subscriber = deliveries.subscriber
      AND newsletter = %(newsletter)s AND state = 'active') THEN '{SkipReason.MOVED}'
    WHEN EXISTS (SELECT 1 FROM subscribers WHERE subscribers.id = deliveries.subscriber)
      THEN '{SkipReason.UNSUBSCRIBED}'
    ELSE '{SkipReason.ERASED}' END
  WHERE id = ANY(%(begin)s::bigint[]) AND worker = %(worker)s AND state IN ('queued', 'deferred', 'sending')
    AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE subscriber = deliveries.subscriber
      AND newsletter = %(newsletter)s AND edition = %(edition)s AND state = 'active')
)
SELECT id, email, name FROM begun
"""  # noqa: S608 - words of ours


class SharedLedger:
    """See Ledger. Keeps one connection for the turns of one worker's run, by which the others see that it lives.

    With a chunk it gives out that alone, is done when nothing of it may go out now, and counts from naught: to count
    an issue takes as long as to deliver many a chunk.
    """

    at_once = False

    def __init__(
        self, database: Database, issue: Issue, policy: DeliveryPolicy, worker: str, chunk: Chunk | None = None
    ) -> None:
        self._database, self._issue = database, issue
        self._me = Holder(issue, policy, worker, chunk)
        self._shelf: Shelf | None = None
        self._notebook = Notebook(None, worker, Start(issue.id, None))
        self._connection: Connection | None = None
        self._held: set[int] = set()  # claimed by this run, and not yet settled
        dialect = database.engine.dialect
        self._trouble: Any = (dialect.loaded_dbapi.OperationalError, dialect.loaded_dbapi.InterfaceError)

    def open(self, now: datetime) -> Accounting:
        self._connected()
        self._shelf = shelf_of(self._database)
        self._take_over_from_the_dead(now)
        with self._database.read() as connection:
            start = Start(self._issue.id, issues.started_at(connection, self._issue.id))
            self._notebook = Notebook(self._shelf, self._me.worker, start)
            if self._me.chunk is not None:
                return Accounting(self._issue.id, deliveries.issue_state(connection, self._issue.id))
            return accounts.accounting(connection, self._issue.id)

    def claim(self, size: int, now: datetime, without: frozenset[str], day: Day | None = None) -> list[Claim]:
        with self._database.write() as connection:
            found = holders.claim(connection, self._me, size, now, without, day)
        # Who was taken for dead and was not finds rows that it has in hand: its own again, and no new ones.
        fresh = [claim for claim in found if claim.id not in self._held]
        self._held.update(claim.id for claim in fresh)
        return fresh

    def left_of(self, day: Day) -> int | None:
        with self._database.read() as connection:
            return holders.left_of(connection, day)

    def hear(self, settled: Settled) -> None:
        if settled.state is not DeliveryState.QUEUED:  # it was not tried: to be in doubt is to go again, too
            self._notebook.keep(settled)

    def turn(self, settled: Sequence[Settled], claims: Sequence[Claim]) -> dict[int, Claim]:
        try:
            begun = self._turn(self._connected().connection.driver_connection, settled, claims)
        except self._trouble as error:
            self._close()
            raise mishaps.away(error) from error
        except BaseException:
            self._close()
            raise
        self._notebook.recorded(settled)
        self._held.difference_update(line.id for line in settled)
        self._held.difference_update(claim.id for claim in claims if claim.id not in begun)
        return begun

    def outlook(self, in_flight: int, now: datetime) -> Outlook:
        if self._me.chunk is not None:  # what is left of it falls due later, or is another's
            return Outlook(done=not in_flight, due=now + _LOOK_AGAIN)
        with self._database.write() as connection:
            if not in_flight and deliveries.finish(connection, self._issue.id, now):
                return Outlook(done=True)
            due = deliveries.next_due(connection, self._issue.id, now, self._me.policy.retry_most)
            return Outlook(done=False, due=due)

    def tidy(self) -> None:
        """Each turn is a commit already."""

    def renew(self, now: datetime) -> None:
        with self._database.write() as connection:
            holders.extend(connection, self._me)
        self._take_over_from_the_dead(now)

    def let_go(self) -> None:
        """Leases end by themselves."""
        self._notebook.close()
        self._close()

    def leave(self, now: datetime) -> None:
        self._close()
        with self._database.write() as connection:
            holders.take_over(connection, self._issue.id, [self._me.worker], self._me.policy, now)
        with self._database.write() as connection:  # holding no row that whoever cancels the issue waits for
            deliveries.call_off_what_came_back(connection, self._issue.id, now)
            deliveries.mark_what_reached_somebody(connection, self._issue)
            deliveries.finish(connection, self._issue.id, now)  # stopped after the very last one

    def _take_over_from_the_dead(self, now: datetime) -> None:
        with _taking_over(self._database, self._shelf) as connection:
            if connection:
                dead = holders.dead_workers(connection, self._me)
                holders.take_over(connection, self._issue.id, dead, self._me.policy, now)

    def _connected(self) -> Connection:
        if self._connection is None:
            with in_our_words():
                self._connection = self._opened()
        return self._connection

    def _opened(self) -> Connection:
        opened = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            holders.announce(opened, self._me.worker)
            opened.execute(_LOCK_WAIT)
        except BaseException:
            opened.close()
            raise
        return opened

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):  # a connection that broke took it along
                holders.withdraw(self._connection, self._me.worker)
                self._connection.execute(_AS_BEFORE)
            self._connection.close()
            self._connection = None

    def _turn(self, driver: Any, settled: Sequence[Settled], claims: Sequence[Claim]) -> dict[int, Claim]:
        values = {
            "worker": self._me.worker,
            "newsletter": self._issue.newsletter,
            "edition": self._issue.edition,
            "begin": sorted(claim.id for claim in claims),
            **_columns(settled),
        }
        asked = {claim.id: claim for claim in claims}
        begun = driver.execute(_TURN, values)
        return {number: asked[number]._replace(email=email, name=name) for number, email, name in begun}


def record_what_the_dead_heard(database: Database) -> None:
    """What workers that died on this machine had heard, and not recorded. Raises Away."""
    with _taking_over(database, shelf_of(database)):
        pass


def close_the_books(database: Database, issue: Issue, now: datetime) -> None:
    """Of an issue that was called off: what a dead worker had in flight stays uncertain for ever."""
    with _taking_over(database, shelf_of(database)) as connection:
        if connection:
            dead = holders.dead_workers(connection, Holder(issue, _FOR_EVER, _NOBODY))
            holders.take_over(connection, issue.id, dead, _FOR_EVER, now)


def close_all_books(database: Database, now: datetime) -> None:
    """The same for whoever died at an issue that had been called off before."""
    with _taking_over(database, shelf_of(database)) as connection:
        if connection:
            for worker, issue_id in holders.dead_at_what_is_over(connection):
                holders.take_over(connection, issue_id, [worker], _FOR_EVER, now)


@contextmanager
def _taking_over(database: Database, shelf: Shelf | None) -> Iterator[Connection | None]:
    """A transaction in which what the dead had heard is recorded, and may be taken over what they held.

    One at a time has it: None for the others. Raises Away.
    """
    with ExitStack() as notebooks, database.write() as connection:  # they are forgotten after the commit
        if holders.may_take_over(connection):
            _record_heard(connection, notebooks.enter_context(unread(shelf)))
            yield connection
        else:
            yield None


def _record_heard(connection: Connection, left: Sequence[Left]) -> None:
    """A copy of the database that was put back may have other deliveries under the same numbers."""
    for worker, start, lines in left:
        if start.at and start.at == issues.started_at(connection, start.issue):
            connection.execute(holders.LOCK_WAIT)
            if deliveries.issue_state(connection, start.issue) is IssueState.CANCELLED:
                deliveries.alone_at_calling_off(connection, start.issue)
                _record_lines(connection, worker, start, [_called_off(line) for line in lines])
                deliveries.mark_what_reached_somebody(connection, issues.get(connection, start.issue))
            else:
                _record_lines(connection, worker, start, lines)


def _record_lines(connection: Connection, worker: str, start: Start, lines: Sequence[Settled]) -> None:
    connection.exec_driver_sql(_RECORD_HEARD, {"worker": worker, "issue": start.issue, **_columns(lines)})


def _called_off(line: Settled) -> Settled:
    """As `deliveries.call_off` leaves what would be tried again."""
    if line.state is not DeliveryState.DEFERRED:
        return line
    if line.doubts:
        return line._replace(state=DeliveryState.UNCERTAIN, due_at=None)
    return line._replace(state=DeliveryState.SKIPPED, due_at=None, code=0, status="", text=SkipReason.CANCELLED.value)


def _columns(settled: Sequence[Settled]) -> dict[str, list[Any]]:
    """For `_RECORD`."""
    lines = sorted(settled, key=attrgetter("id"))
    return {
        "ids": [line.id for line in lines],
        "states": [line.state.value for line in lines],
        "attempts": [line.attempts for line in lines],
        "doubts": [line.doubts for line in lines],
        "due": [line.due_at for line in lines],
        "first": [line.first_at for line in lines],
        "at": [line.at for line in lines],
        "codes": [line.code for line in lines],
        "statuses": [line.status for line in lines],
        "texts": [line.text for line in lines],
    }
