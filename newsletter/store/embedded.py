"""The ledger on SQLite: one process delivers an issue, and keeps a journal between its commits.

What a message needs is in the journal before its first byte leaves, and again as soon as the server has answered. The
rows follow many at a time, for that is what a commit costs least; after a crash the journal tells what they missed.
"""

from __future__ import annotations

import errno
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import PoolProxiedConnection

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import (
    UNANSWERED,
    Claim,
    DeliveryPolicy,
    DeliveryState,
    Outlook,
    Settled,
    SkipReason,
    in_doubt,
)
from newsletter.domain.issue import Issue
from newsletter.domain.warmup import Day
from newsletter.errors import Away, StoreError
from newsletter.store import accounts, day_shares, deliveries, journal, mishaps
from newsletter.store.database import Database, harden, in_our_words
from newsletter.store.embedded_queue import Place, Queue
from newsletter.store.plain_rows import (
    EMAIL,
    EMAIL_WHEN_QUEUED,
    ID,
    IS_WANTED,
    RECORDED_ID,
    STATE,
    claimed,
    for_journal,
    instant,
    moment,
    new_address,
    recorded,
)

_FULL = 100  # recorded outcomes that make a commit worth while
_MOST_UNWRITTEN = 5000  # outcomes that may wait for a database which another process has locked
_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN)  # what may be over in a moment
_UNKNOWN = -1  # no version of the database: that of a claim whose reader has left
_PATIENCE_MS = 50  # how long a commit waits for another process; it will be tried again

# Sent counts, whatever happened to the row meanwhile, and so does a try without an answer to one that was called off;
# anything else only for a row that still waits. An erased person's row takes no words. A row of the journal may be
# written twice: the second time changes nothing.
_RECORD = f"""
UPDATE deliveries SET state = CASE WHEN state = 'skipped' AND ?1 <> 'sent' THEN 'uncertain' ELSE ?1 END,
  attempts = ?2, doubts = ?3, due_at = CASE state WHEN 'skipped' THEN NULL ELSE ?4 END, first_at = ?5, at = ?6,
  code = ?7, status = ?8, text = CASE WHEN email = '' THEN '' ELSE ?9 END
WHERE id = ?10 AND (
  (state IN ('queued', 'deferred') AND attempts <= ?2) OR (?1 = 'sent' AND state NOT IN ('sent', 'failed'))
  OR (state = 'skipped' AND text = '{SkipReason.CANCELLED}' AND ?3 > doubts))
"""  # noqa: S608 - words of ours
_IN_DOUBT = f"""
UPDATE deliveries SET state = CASE state WHEN 'skipped' THEN 'uncertain' ELSE ?1 END, attempts = attempts + 1,
  doubts = doubts + 1, first_at = coalesce(first_at, ?2), at = ?2,
  due_at = CASE state WHEN 'skipped' THEN NULL ELSE ?4 END,
  code = 0, status = '', text = '{UNANSWERED.replace("'", "''")}'
WHERE id = ?3 AND (state IN ('queued', 'deferred') OR (state = 'skipped' AND text = '{SkipReason.CANCELLED}'))
"""  # noqa: S608 - words of ours
_TRIES = "SELECT attempts, doubts, first_at FROM deliveries WHERE id = ?"
_MAY_GO = """
SELECT subscribers.email, name FROM deliveries JOIN subscriptions USING (subscriber)
  JOIN subscribers ON subscribers.id = subscriber
WHERE deliveries.id = ? AND deliveries.state IN ('queued', 'deferred') AND newsletter = ? AND edition = ?
  AND subscriptions.state = 'active'
"""
_SHARE = "UPDATE day_shares SET held = ? WHERE issue = ?"
_READDRESS = "UPDATE deliveries SET email = ?, domain = ? WHERE id = ?"
_SKIP = f"""
UPDATE deliveries SET state = 'skipped', due_at = NULL, code = 0, status = '', text = CASE
  WHEN EXISTS (SELECT 1 FROM subscriptions
    WHERE subscriber = deliveries.subscriber AND newsletter = ? AND state = 'active') THEN '{SkipReason.MOVED}'
  WHEN EXISTS (SELECT 1 FROM subscribers WHERE subscribers.id = deliveries.subscriber) THEN '{SkipReason.UNSUBSCRIBED}'
  ELSE '{SkipReason.ERASED}' END
WHERE id = ? AND state IN ('queued', 'deferred')
"""  # noqa: S608 - words of ours


class EmbeddedLedger:
    """See Ledger. `_held` are the deliveries that were claimed and have no outcome in the database yet."""

    at_once = True

    def __init__(self, database: Database, issue: Issue, policy: DeliveryPolicy) -> None:
        self._database, self._issue, self._policy = database, issue, policy
        self._path = _path(database, issue)
        self._title = f"issue {issue.id} of {issue.hash}, started {issue.started_at}"
        self._journal: journal.Journal | None = None
        self._connection: PoolProxiedConnection | None = None
        self._driver: Any = None
        self._unwritten: list[tuple[Any, ...]] = []
        self._in_flight: set[int] = set()
        self._held: dict[int, int] = {}  # id -> the version of the database in which it was claimed
        self._enough = _FULL  # so many unwritten outcomes, and the next turn commits
        self._queue = Queue(self._execute, issue)

    def open(self, now: datetime) -> Accounting:
        try:
            books = self._take_over(now)
        except OSError as error:
            if error.errno in _PASSING:
                raise Away(self._no_journal(error)) from error
            raise StoreError(self._no_journal(error)) from error
        with in_our_words():
            self._connection = self._database.engine.raw_connection()
        self._driver = self._connection.driver_connection
        self._connection.detach()  # nobody else gets it with these settings
        self._execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        self._execute("PRAGMA wal_autocheckpoint=0")  # `renew` does it, in a thread
        return books

    def claim(self, size: int, now: datetime, without: frozenset[str], day: Day | None = None) -> list[Claim]:
        limited = day if day and day.allowance is not None else None
        size = self._share_of(limited, size) if limited else size
        version, place, most = self._version(), self._queue.place.copy(), self._policy.retry_most
        try:
            rows = self._queue.look(size, now, most, without, self._held)
            if not rows and self._queue.place.returned:  # it lies where was looked already
                self._commit()
                self._queue.place = Place()
                rows = self._queue.look(size, now, most, without, self._held)
            if moved := [new_address(row[ID], row[EMAIL]) for row in rows if row[EMAIL] != row[EMAIL_WHEN_QUEUED]]:
                self._write((_READDRESS, moved))
            if limited and len(rows) < size:  # the rest of its share is anybody's
                self._write((_SHARE, [(len(self._held) + len(rows), self._issue.id)]))
        except Away:  # it is locked, say, and will be asked again: nobody may be passed over
            self._queue.place = place
            raise
        self._held.update((row[ID], version if row[IS_WANTED] else _UNKNOWN) for row in rows)
        return [claimed(row) for row in rows]

    def left_of(self, day: Day) -> int | None:
        with self._database.read() as connection:
            return day_shares.left_of(connection, day, self._issue.id, len(self._held))

    def hear(self, settled: Settled) -> None:
        """A turn is at once."""

    def turn(self, settled: Sequence[Settled], claims: Sequence[Claim]) -> dict[int, Claim]:
        assert self._journal is not None
        if len(self._unwritten) >= self._enough:
            self._commit_if_possible()
        begun = self._that_may_go(claims) if claims else {}
        rows = [recorded(line) for line in settled]
        kept = [for_journal(row) for row in rows]
        try:
            if begun:
                self._journal.keep_room()
            self._journal.write((kept, list(begun)))
        except OSError as error:
            if rows and begun:
                with suppress(OSError):  # what was answered has its room; it is written again with the next turn
                    self._journal.write((kept, []))
            raise Away(self._no_journal(error)) from error
        for row in rows:
            self._in_flight.discard(row[RECORDED_ID])
            if row[STATE] == DeliveryState.QUEUED:
                self._queue.place.returned = True
        self._in_flight.update(begun)
        self._unwritten += rows
        return begun

    def outlook(self, in_flight: int, now: datetime) -> Outlook:
        self._commit()
        with self._database.write() as connection:
            if not in_flight and deliveries.finish(connection, self._issue.id, now):
                return Outlook(done=True)
            due = deliveries.next_due(connection, self._issue.id, now, self._policy.retry_most)
            return Outlook(done=False, due=due)

    def tidy(self) -> None:
        self._commit_if_possible()

    def renew(self, now: datetime) -> None:
        harden(self._database)

    def leave(self, now: datetime) -> None:
        self._commit()
        self._write((_IN_DOUBT, _doubts(self._driver, self._in_flight, self._policy, now)))
        self._in_flight.clear()  # a second call doubts nobody twice
        with self._database.write() as connection:
            deliveries.finish(connection, self._issue.id, now)  # stopped after the very last one
            day_shares.let_go(connection, self._issue.id)
            deliveries.mark_what_reached_somebody(connection, self._issue)
        harden(self._database)
        assert self._journal is not None
        self._journal.remove()

    def let_go(self) -> None:
        if self._journal:
            self._journal.close()
        if self._connection:
            self._connection.close()
        self._connection = None

    def _take_over(self, now: datetime) -> Accounting:
        """Writes down what a run that died left in the journal, which then begins anew."""
        found = journal.Journal(self._path, self._title)
        try:
            with self._database.write() as connection:
                _replay(connection.connection.driver_connection, found.left, self._policy, now)
                day_shares.let_go(connection, self._issue.id)
                books = accounts.accounting(connection, self._issue.id)
            harden(self._database)  # the old journal goes
            found.start()
        except BaseException:
            found.close()
            raise
        self._journal = found
        return books

    def _share_of(self, day: Day, size: int) -> int:
        """How many of `size` may be claimed; so many are then held, in the eyes of others."""
        with self._database.write() as connection:
            left = day_shares.left_of(connection, day, self._issue.id, len(self._held))
            granted = size if left is None else min(size, left)
            day_shares.hold(connection, day, self._issue.id, len(self._held) + granted)
        return granted

    def _that_may_go(self, claims: Sequence[Claim]) -> dict[int, Claim]:
        """Those whose reader still wants it. Asked only when somebody wrote to the database since they were claimed."""
        version = self._version()
        begun = {}
        for claim in claims:
            if now := claim if self._held.get(claim.id) == version else self._asked_anew(claim):
                begun[claim.id] = now
            else:
                self._write((_SKIP, [(self._issue.newsletter, claim.id)]))
                self._held.pop(claim.id, None)
        return begun

    def _asked_anew(self, claim: Claim) -> Claim | None:
        """With the reader's present address; None when they do not want it any more."""
        found = self._execute(_MAY_GO, (claim.id, self._issue.newsletter, self._issue.edition)).fetchone()
        if found is None:
            return None
        email, name = found
        if email != claim.email:
            self._write((_READDRESS, [new_address(claim.id, email)]))
        return claim._replace(email=email, name=name, wanted=True)

    def _version(self) -> int:
        """Another number whenever another connection has committed."""
        return int(self._execute("PRAGMA data_version").fetchone()[0])

    def _commit_if_possible(self) -> None:
        """Another process may be writing: the journal has all, and it is tried again. Only so much may wait.

        Not at every turn, for each try waits a while.
        """
        try:
            self._commit()
        except Away:
            self._enough = len(self._unwritten) + _FULL
            if len(self._unwritten) >= _MOST_UNWRITTEN:
                raise

    def _commit(self) -> None:
        if not self._unwritten:
            return
        assert self._journal is not None
        self._database.demand_place()  # else the journal would forget what nobody else knows
        held = self._held.keys() - {row[RECORDED_ID] for row in self._unwritten}
        self._write((_RECORD, self._unwritten), (_SHARE, [(len(held), self._issue.id)]))
        for row in self._unwritten:
            self._held.pop(row[RECORDED_ID], None)
        self._unwritten, self._enough = [], _FULL
        try:
            self._journal.begin_anew(([], sorted(self._in_flight)))
        except OSError as error:
            raise Away(self._no_journal(error)) from error

    def _no_journal(self, error: OSError) -> str:
        return f"{self._path}: the journal cannot be written: {(error.strerror or str(error)).lower()}."

    def _write(self, *changes: tuple[str, Sequence[tuple[Any, ...]]]) -> None:
        """One transaction."""
        self._execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in changes:
                self._driver.executemany(sql, rows)
            self._execute("COMMIT")
        except sqlite3.Error as error:
            self._driver.rollback()
            raise mishaps.away(error) from error

    def _execute(self, sql: str, values: Any = ()) -> Any:
        try:
            return self._driver.execute(sql, values)
        except sqlite3.OperationalError as error:
            raise mishaps.away(error) from error


def close_the_books(database: Database, issue: Issue, now: datetime) -> None:
    """Of an issue that nobody delivers any more: what a dead process had in flight stays uncertain for ever."""
    catch_up(database, issue, DeliveryPolicy(on_uncertain="hold"), now)


def catch_up(database: Database, issue: Issue, policy: DeliveryPolicy, now: datetime) -> None:
    """Writes down what a dead process left in its journal, and delivers nothing."""
    ledger = EmbeddedLedger(database, issue, policy)
    try:
        ledger.open(now)
        ledger.leave(now)
    finally:
        ledger.let_go()


def left_behind(database: Database) -> list[int]:
    """The issues of which there is a journal: a process writes it, or died."""
    place = database.file
    if place is None:
        return []
    ours = re.compile(rf"{re.escape(place.name)}-issue-(\d+)\.journal")
    return [int(found[1]) for file in place.parent.iterdir() if (found := ours.fullmatch(file.name))]


def _path(database: Database, issue: Issue) -> Path:
    path = database.beside(f"-issue-{issue.id}.journal")
    if path is None:
        raise StoreError(f"{database.place}: an issue needs a file to be delivered from, with its journal beside it.")
    return path


def _replay(driver: Any, entries: Sequence[Any], policy: DeliveryPolicy, now: datetime) -> None:
    """Writes down what a process that died had recorded; what it had begun and not recorded is in doubt."""
    begun: dict[int, None] = {}
    for rows, started in entries:
        driver.executemany(_RECORD, rows)
        for row in rows:
            begun.pop(row[RECORDED_ID], None)
        begun.update(dict.fromkeys(started))
    driver.executemany(_IN_DOUBT, _doubts(driver, begun, policy, now))


def _doubts(driver: Any, numbers: Iterable[int], policy: DeliveryPolicy, now: datetime) -> list[tuple[Any, ...]]:
    """In the order of `_IN_DOUBT`."""
    rows: list[tuple[Any, ...]] = []
    for number in numbers:
        for attempts, doubts, first_at in driver.execute(_TRIES, (number,)):
            state, due = in_doubt(attempts, doubts, moment(first_at), policy, now)
            rows.append((state.value, instant(now), number, due and instant(due)))
    return rows
