"""Delivers chunks of issues from the queue on PostgreSQL, beside any number of other machines."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from newsletter.app import App
from newsletter.delivering import count_pause, means, policy
from newsletter.domain.accounting import Accounting
from newsletter.domain.chunk import Chunk
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.pulse import Pulse
from newsletter.domain.warmup import day_of
from newsletter.errors import WrongState
from newsletter.logs import tell
from newsletter.outgoing import outgoing
from newsletter.services.delivery.copies import Copies
from newsletter.services.delivery.deliver import deliver
from newsletter.services.delivery.errand import Errand
from newsletter.services.steer import end_half_cancelled
from newsletter.store import chunks, issues
from newsletter.store.holders import left_of
from newsletter.store.queue_worker import QueueWorker
from newsletter.transports.kept import KeptTransport
from newsletter.watch import Watch, gist_of, tell_failure

log = logging.getLogger("newsletter.sender")

SESSIONS = 4  # for one chunk: enough for one turn of the ledger to serve several, few enough for a mailbox provider
RETRY_WAIT = timedelta(hours=1)  # how long one chunk waits for a mail server that is down
_IDLE = 20.0  # seconds after which a session that no chunk wants is closed
CANCEL_AGAIN, LOOK_AGAIN = 2.0, 0.05  # seconds
_ISSUES_KEPT = 4
_LOOK_AT_DAY = timedelta(minutes=5)  # between two looks whether a plan allows more by now


class Queue(Protocol):
    """Whether work on the queue has begun and not ended, and whether none of its jobs runs at present."""

    @property
    def is_open(self) -> bool: ...

    @property
    def is_idle(self) -> bool: ...


class Chunks:
    """One worker's share of the queue: as many chunks at once as its sessions allow."""

    def __init__(self, app: App, stop: asyncio.Event) -> None:
        self._app, self._stop = app, stop
        transport = app.transport()
        sessions = min(SESSIONS, transport.connections)
        self._transport = KeptTransport(transport, sessions)
        self._queue = QueueWorker(app.database, self.deliver, max(transport.connections // sessions, 1))
        self._told: set[tuple[int, str]] = set()  # what an issue waits for, and it was said
        self._issues: dict[int, tuple[Copies, Pulse]] = {}  # the latest ones, made ready once

    async def work(self) -> None:
        """Until `stop` is set; what is in flight then is finished. Raises when the database is away."""
        working = asyncio.create_task(self._queue.work())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            await end(working, self._queue)
            results = await asyncio.gather(working, return_exceptions=True)
            await self._transport.close_idle()
        if isinstance(results[0], Exception):
            raise results[0]

    async def tend(self) -> None:
        """Called now and then: what got lost is found, and what is over is tidied away."""
        await self._queue.tend()
        await asyncio.to_thread(self._cover)
        await self._transport.close_idle(_IDLE)

    async def deliver(self, issue_id: int, number: int, job: int) -> None:
        """One chunk, as far as it may go out now; the rest gets a job of its own."""
        chunk, issue = await asyncio.to_thread(self._find, issue_id, number, job)
        if chunk is None:
            return
        try:
            if issue.state is IssueState.SENDING and not self._stop.is_set():
                with suppress(WrongState):  # paused or called off just now
                    self._tell(issue, await self._send(issue, chunk))
            await asyncio.to_thread(self._go_on, chunk, job)
        except Exception as error:  # the queue tries the job again
            tell_failure(log, f"issue {issue_id}", error, issue=issue_id)
            raise

    async def _send(self, issue: Issue, chunk: Chunk) -> Accounting:
        app = self._app
        copies, pulse = self._ready(issue)
        errand = Errand(app.database, issue, copies, policy(app, retry_wait=RETRY_WAIT), app.clock, chunk, pulse)
        return await deliver(errand, means(app, self._transport), partial(self._waits, issue), self._stop)

    def _ready(self, issue: Issue) -> tuple[Copies, Pulse]:
        if issue.id not in self._issues:
            while len(self._issues) >= _ISSUES_KEPT:
                del self._issues[next(iter(self._issues))]
            self._issues[issue.id] = outgoing(self._app, issue), Pulse()
            tell(
                log, logging.INFO, "issue_joined", f"issue {issue.id}: this process sends a part of it", issue=issue.id
            )
        return self._issues[issue.id]

    def _tell(self, issue: Issue, books: Accounting) -> None:
        """A chunk that went well is a matter for debugging; an issue that ended, or stands still, is not."""
        count_pause(self._app, books)
        if books.state is IssueState.SENDING:
            numbers = f"{books.sent} sent, {books.deferred} deferred, {books.failed} failed"
            tell(log, logging.DEBUG, "chunk_ended", f"issue {issue.id}: a chunk with {numbers}", issue=issue.id)
        else:
            self._issues.pop(issue.id, None)
            self._told = {told for told in self._told if told[0] != issue.id}
            Watch(log, issue).ended(books)

    def _waits(self, issue: Issue, books: Accounting) -> None:
        """Says what an issue waits for, once for each thing: that a mail server is away, say."""
        if books.reason and (told := (issue.id, gist_of(books.reason))) not in self._told:
            self._told.add(told)
            tell(log, logging.WARNING, "issue_waits", f"issue {issue.id} waits: {books.reason}", issue=issue.id)

    def _find(self, issue_id: int, number: int, job: int) -> tuple[Chunk | None, Issue]:
        with self._app.database.read() as connection:
            return chunks.get(connection, issue_id, number, job), issues.get(connection, issue_id)

    def _go_on(self, chunk: Chunk, job: int) -> None:
        now, most = self._app.clock(), self._app.config.delivery.retry_most
        with self._app.database.write() as connection:
            not_before = self._goes_on(connection, now)
            chunks.go_on(connection, chunk, job, now, most, not_before=not_before, cut_short=self._stop.is_set())

    def _goes_on(self, connection: Connection, now: datetime) -> datetime:
        """When more may go: not while a day's share of a warm-up plan is out."""
        if (plan := self._app.warm_up) is None:
            return now
        day = day_of(plan, now)
        return min(day.ends, now + _LOOK_AT_DAY) if left_of(connection, day) == 0 else now

    def _cover(self) -> None:
        end_half_cancelled(self._app.database, self._app.clock())
        with self._app.database.write() as connection:
            chunks.cover(connection)
            chunks.finish_done(connection, self._app.clock())
            chunks.forget(connection)


async def end(working: asyncio.Task[None], queue: Queue) -> None:
    """Cancels a queue's work; what runs is waited for.

    Not while the queue is being opened or closed, which leaves it neither, for ever. Just after that a cancellation may
    get lost on its way: then there is another.
    """
    told = False
    while not working.done():
        if queue.is_open and (queue.is_idle or not told):
            told = working.cancel()
        await asyncio.wait([working], timeout=CANCEL_AGAIN if told else LOOK_AGAIN)
