"""Delivers an issue: claim, fill slots, send, record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.domain.accounting import Accounting
from newsletter.domain.backoff import pushes_back
from newsletter.domain.delivery import Claim, Envelope, Outcome, OutcomeKind
from newsletter.domain.issue import IssueState
from newsletter.domain.pulse import Pulse
from newsletter.domain.tally import Tally
from newsletter.errors import Busy, NewsletterError, StoreError, WrongState
from newsletter.services.delivery.copies import Copies
from newsletter.services.delivery.desk import Desk
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line, Pace, unlimited
from newsletter.services.delivery.press import Press
from newsletter.services.tallying import new_name
from newsletter.store import accounts, deliveries
from newsletter.store.database import Database
from newsletter.store.lock import sole_sender
from newsletter.transports.base import Connection, Transport

PROGRESS_SECONDS = 0.25  # between two looks at the issue's state, and two calls of `progress`
RENEW_SECONDS = 0.5
DRAIN_SECONDS = 20.0  # for what is in flight when a run is stopped
_GOODBYE_SECONDS = 3.0  # for workers who have nothing in flight any more
_LONG_OPENING = 2.0  # seconds that a claim waits for a session which is being opened
_REST_FIRST, _REST_MOST = 1.0, 30.0  # seconds between two attempts of one worker to open a session


@dataclass(frozen=True, slots=True)
class Run:
    """What every worker of a run shares."""

    desk: Desk
    line: Line
    return_path: str
    press: Press
    clock: Callable[[], datetime]
    pulse: Pulse
    transport: Transport
    tally: Tally


async def deliver(
    errand: Errand,
    copies: Copies,
    transport: Transport,
    progress: Callable[[Accounting], None],
    stop: asyncio.Event,
    *,
    pace: Pace | None = None,
    tally: Tally | None = None,
    pulse: Pulse | None = None,
) -> Accounting:
    """Sends a started issue to all that wait for it; ends when nothing is left that may go out within the run's wait.

    An errand with a `chunk` (on PostgreSQL) is for those in it alone: its run ends when nothing of it may go out now,
    and counts what it did itself. The runs of one issue's chunks may share a `pulse`, all runs of a process a `pace`
    and a `tally`. `stop` ends it early: what is in flight is finished, the rest stays queued.

    Raises Busy when another process delivers this issue, WrongState when it is not `sending`, StoreError when the
    ledger cannot be written: on SQLite not when it was stopped, for the journal has it all. When that other process was
    waited for and ended the issue, its accounting is the answer.
    """
    began = time.monotonic()
    reason, unwritten, desk = "", "", None
    database, issue = errand.database, errand.issue
    async with _alone(errand, stop) as waited:
        if not waited or _state(database, issue.id) is IssueState.SENDING:  # else the other one did it all
            _must_be_sending(database, issue.id)
            line = Line(pace or unlimited(), errand.clock, transport.connections)
            tally = tally or Tally()
            desk = Desk(errand, new_name(), line, tally)
            run = Run(desk, line, copies.return_path, Press(copies), errand.clock, pulse or Pulse(), transport, tally)
            try:
                async with desk.opened():
                    await _all_hands(run, progress, stop)
            except StoreError as error:
                if not (stop.is_set() and database.is_sqlite and desk.has_opened):
                    raise
                unwritten = str(error)  # the journal has it, for whoever goes on
            reason = desk.reason
    end = desk.so_far() if desk and unwritten else _end(database, issue.id, desk if errand.chunk else None)
    waiting_for = unwritten or (reason if end.state is IssueState.SENDING else end.reason)
    end = replace(end, seconds=round(time.monotonic() - began, 3), reason=waiting_for)
    progress(end)
    return end


async def _carry(run: Run, connection: Connection) -> None:
    """One worker with one session: claim, fill, send, record, until the desk has nothing more."""
    try:
        await _carry_on(run, connection)
    finally:
        await connection.close()


async def _carry_on(run: Run, connection: Connection) -> None:
    broken = 0
    bucket = run.line.of_connection()
    reserved: Claim | None = None
    while True:
        if not connection.is_open:  # first a session: until it is there, no delivery is begun and nobody in doubt
            if not (reserved := reserved or await run.desk.reservation()):
                return
            trouble, reserved = await _open(run, connection, reserved)
            if trouble:
                if reserved := reserved or run.desk.reserve():  # somebody's line in the ledger says what was wrong
                    run.desk.report_unbegun(reserved, trouble)
                reserved, broken = None, broken + 1
                await _heed(run, trouble, broken)
                continue
        if not (claim := await run.desk.next(reserved)):
            return
        reserved = None if bucket else run.desk.reserve()
        await run.transport.gate.enter()
        outcome = await _send(run, connection, claim, reserved)
        run.desk.report(claim, outcome, connection.recorded)
        if reserved and outcome.kind.ends_session:
            run.desk.release(reserved)
            reserved = None
        broken = broken + 1 if _is_trouble(outcome) else 0
        await _heed(run, outcome, broken)
        if bucket:
            await run.desk.hold(bucket)


async def _open(run: Run, connection: Connection, reserved: Claim) -> tuple[Outcome | None, Claim | None]:
    """What kept a session from being opened, and the claim: None when a worker with a session got it meanwhile."""
    began = time.perf_counter()
    held: Claim | None = reserved
    opening = asyncio.ensure_future(connection.open(Envelope(run.return_path, reserved.email)))
    try:
        with run.desk.getting_ready():
            while held and not (await asyncio.wait([opening], timeout=_LONG_OPENING))[0]:
                if run.desk.is_waited_at:
                    run.desk.release(held)
                    held = None
        trouble = await opening
    finally:
        if opening.cancel():
            await asyncio.wait([opening])
    if trouble:
        run.tally.attempt(trouble, time.perf_counter() - began)
    else:
        run.tally.opened()
    return trouble, held


async def _heed(run: Run, outcome: Outcome, broken: int) -> None:
    """What an outcome says of the whole issue, and of the server after so many troubles in a row."""
    if reason := run.pulse.feel(outcome, run.clock(), run.desk.whole):
        await run.desk.pause(reason)
    if broken:
        await run.desk.rest(_rest(broken), outcome.text)


async def _send(run: Run, connection: Connection, claim: Claim, following: Claim | None) -> Outcome:
    try:
        message = run.press.message(connection, claim, following)
    except Exception as error:  # this reader's message cannot be made, whatever is wrong with them; the others' can
        words = str(error) if isinstance(error, NewsletterError) else f"{type(error).__name__}: {error}"
        return Outcome(OutcomeKind.REJECTED, 0, "", f"the message could not be made: {words}")
    next_one = Envelope(run.return_path, following.email) if following else None
    began = time.perf_counter()
    outcome = await connection.send(Envelope(run.return_path, claim.email), message, next_one)
    run.tally.attempt(outcome, time.perf_counter() - began)
    return outcome


def _is_trouble(outcome: Outcome) -> bool:
    """Whether there is no talking to the server; one that wants less mail for a mailbox group is none."""
    return outcome.kind.ends_session and not pushes_back(outcome)


def _rest(broken: int) -> float:
    """A session that broke once is opened anew at once; then with growing pauses."""
    return min(_REST_FIRST * 2 ** min(broken - 2, 10), _REST_MOST) if broken > 1 else 0.0


async def _all_hands(run: Run, progress: Callable[[Accounting], None], stop: asyncio.Event) -> None:
    """The desk, its workers and the watch over them; when one fails, all end."""
    try:
        async with asyncio.TaskGroup() as hands:
            connections = [run.transport.connection() for _ in range(run.transport.connections)]
            workers = [hands.create_task(_carry(run, connection)) for connection in connections]
            keeper = hands.create_task(run.desk.keep())
            halt = hands.create_task(_halt(run.desk, stop))
            await _look_after(run.desk, workers, keeper, progress)
            await asyncio.wait(workers, timeout=_GOODBYE_SECONDS)
            for late in (*workers, halt):
                late.cancel()
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _halt(desk: Desk, stop: asyncio.Event) -> None:
    await stop.wait()
    desk.stop()


async def _look_after(
    desk: Desk,
    workers: Sequence[asyncio.Task[None]],
    keeper: asyncio.Task[None],
    progress: Callable[[Accounting], None],
) -> None:
    """Looks after the run until the desk is done: progress, the issue's state, the leases."""
    renewed = time.monotonic()
    closed_at: float | None = None
    while not keeper.done():
        await asyncio.wait([keeper], timeout=PROGRESS_SECONDS)
        progress(desk.so_far())
        if not desk.closed.is_set():
            await desk.tend()
        if desk.closed.is_set():
            closed_at = closed_at or time.monotonic()
            if time.monotonic() - closed_at > DRAIN_SECONDS:
                await _call_off(workers)
                desk.abandon()
        if time.monotonic() - renewed > RENEW_SECONDS:
            renewed = time.monotonic()
            await desk.renew()


async def _call_off(workers: Sequence[asyncio.Task[None]]) -> None:
    """What they reported up to now counts; from here on nobody reports anything that would not be written down."""
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers)


@asynccontextmanager
async def _alone(errand: Errand, stop: asyncio.Event) -> AsyncIterator[bool]:
    """Holds the right to deliver the issue; yields whether another process had to be waited for.

    That is done for as long as the policy allows.
    """
    waited = False
    waits_until = time.monotonic() + errand.policy.lock_wait.total_seconds()
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(sole_sender(errand.database, errand.issue.id))
                break
            except Busy:
                if time.monotonic() >= waits_until or stop.is_set():
                    raise
                waited = True
                await asyncio.sleep(0.1)
        yield waited


def _must_be_sending(database: Database, issue_id: int) -> None:
    if (state := _state(database, issue_id)) is not IssueState.SENDING:
        raise WrongState(f"issue {issue_id} is {state}, not being sent.")


def _state(database: Database, issue_id: int) -> IssueState:
    with database.read() as connection:
        return deliveries.issue_state(connection, issue_id)


def _end(database: Database, issue_id: int, of_chunk: Desk | None) -> Accounting:
    """How the issue stands after a run; after a chunk's, in the midst of others, what that run did."""
    if of_chunk and _state(database, issue_id) is IssueState.SENDING:
        return of_chunk.so_far()
    with database.read() as connection:
        return accounts.accounting(connection, issue_id)
