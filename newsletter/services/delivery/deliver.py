"""Delivers an issue: claim, fill slots, send, record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from newsletter.domain.accounting import Accounting
from newsletter.domain.backoff import pushes_back
from newsletter.domain.delivery import Claim, Envelope, Outcome, OutcomeKind
from newsletter.domain.issue import IssueState
from newsletter.errors import Busy, NewsletterError, StoreError, WrongState
from newsletter.services.delivery.account import RunAccount
from newsletter.services.delivery.desk import Desk
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Line
from newsletter.services.delivery.means import Means
from newsletter.services.delivery.office import Office
from newsletter.services.delivery.oversight import Oversight
from newsletter.services.delivery.press import Press
from newsletter.services.tallying import new_name
from newsletter.store.ledger import open_ledger
from newsletter.store.lock import sole_sender
from newsletter.transports.base import Connection

_GOODBYE_SECONDS = 3.0  # for workers who have nothing in flight any more
_LONG_OPENING = 2.0  # seconds that a claim waits for a session which is being opened
_REST_FIRST, _REST_MOST = 1.0, 30.0  # seconds between two attempts of one worker to open a session


@dataclass(frozen=True, slots=True)
class Shift:
    """A run at work: what all who carry it share."""

    errand: Errand
    means: Means
    office: Office
    oversight: Oversight
    desk: Desk
    press: Press


async def deliver(
    errand: Errand, means: Means, progress: Callable[[Accounting], None], stop: asyncio.Event
) -> Accounting:
    """Sends a started issue to all that wait for it; ends when nothing is left that may go out within the run's wait.

    An errand with a `chunk` (on PostgreSQL) is for those in it alone: its run ends when nothing of it may go out now,
    and counts what it did itself. `stop` ends it early: what is in flight is finished, the rest stays queued.

    Raises Busy when another process delivers this issue, WrongState when it is not `sending`, StoreError when the
    ledger cannot be written: on SQLite not when it was stopped, for the journal has it all. When that other process was
    waited for and ended the issue, its accounting is the answer.
    """
    began = time.monotonic()
    account, unwritten = None, ""
    async with _alone(errand, stop) as waited:
        if not waited or errand.issue_state() is IssueState.SENDING:  # else the other one did it all
            _must_be_sending(errand)
            shift = _shift(errand, means)
            account = shift.office.account
            try:
                async with shift.office.opened():
                    if errand.issue_state() is IssueState.SENDING:  # to open it may have taken long
                        await _all_hands(shift, progress, stop)
            except StoreError as error:
                if not (stop.is_set() and errand.database.is_sqlite and account.has_begun):
                    raise
                unwritten = str(error)  # the journal has it, for whoever goes on
    end = account.so_far() if account and unwritten else _end(errand, account)
    reason = account.reason if account else ""
    waiting_for = unwritten or (reason if end.state is IssueState.SENDING else end.reason)
    end = replace(end, seconds=round(time.monotonic() - began, 3), reason=waiting_for)
    progress(end)
    return end


def _shift(errand: Errand, means: Means) -> Shift:
    line = Line(means.pace, errand.clock, means.transport.connections)
    ledger = open_ledger(errand.database, errand.issue, errand.policy, new_name(), errand.chunk)
    office = Office(errand, ledger, line, means.tally)
    oversight = Oversight(errand, ledger, line, office)
    return Shift(errand, means, office, oversight, Desk(office, line), Press(errand.copies))


async def _carry(shift: Shift, connection: Connection) -> None:
    """One worker with one session: claim, fill, send, record, until the desk has nothing more."""
    try:
        await _carry_on(shift, connection)
    finally:
        await connection.close()


async def _carry_on(shift: Shift, connection: Connection) -> None:
    broken = 0
    bucket = shift.means.pace.of_connection()
    reserved: Claim | None = None
    while True:
        if not connection.is_open:  # first a session: until it is there, no delivery is begun and nobody in doubt
            if not (reserved := reserved or await shift.desk.reservation()):
                return
            trouble, reserved = await _open(shift, connection, reserved)
            if trouble:
                if reserved := reserved or shift.desk.reserve():  # somebody's line in the ledger says what was wrong
                    shift.desk.report_unbegun(reserved, trouble)
                reserved, broken = None, broken + 1
                await _heed(shift, trouble, broken)
                continue
        if not (claim := await shift.desk.next(reserved)):
            return
        reserved = None if bucket else shift.desk.reserve()
        await shift.means.transport.gate.enter()
        outcome = await _send(shift, connection, claim, reserved)
        shift.desk.report(claim, outcome, connection.recorded)
        if reserved and outcome.kind.ends_session:
            shift.desk.release(reserved)
            reserved = None
        broken = broken + 1 if _is_trouble(outcome) else 0
        await _heed(shift, outcome, broken)
        if bucket:
            await shift.desk.hold(bucket)


async def _open(shift: Shift, connection: Connection, reserved: Claim) -> tuple[Outcome | None, Claim | None]:
    """What kept a session from being opened, and the claim: None when a worker with a session got it meanwhile."""
    began = time.perf_counter()
    held: Claim | None = reserved
    opening = asyncio.ensure_future(connection.open(Envelope(shift.errand.copies.return_path, reserved.email)))
    try:
        with shift.desk.getting_ready():
            while held and not (await asyncio.wait([opening], timeout=_LONG_OPENING))[0]:
                if shift.desk.is_waited_at:
                    shift.desk.release(held)
                    held = None
        trouble = await opening
    finally:
        if opening.cancel():
            await asyncio.wait([opening])
    if trouble:
        shift.means.tally.attempt(trouble, time.perf_counter() - began)
    else:
        shift.means.tally.opened()
    return trouble, held


async def _heed(shift: Shift, outcome: Outcome, broken: int) -> None:
    """What an outcome says of the whole issue, and of the server after so many troubles in a row."""
    if reason := shift.errand.pulse.feel(outcome, shift.errand.clock(), shift.office.account.whole):
        await shift.oversight.pause(reason)
    if broken:
        await shift.desk.rest(_rest(broken), outcome.text)


async def _send(shift: Shift, connection: Connection, claim: Claim, following: Claim | None) -> Outcome:
    try:
        message = shift.press.message(connection, claim, following)
    except Exception as error:  # this reader's message cannot be made, whatever is wrong with them; the others' can
        words = str(error) if isinstance(error, NewsletterError) else f"{type(error).__name__}: {error}"
        return Outcome(OutcomeKind.REJECTED, 0, "", f"the message could not be made: {words}")
    return_path = shift.errand.copies.return_path
    next_one = Envelope(return_path, following.email) if following else None
    began = time.perf_counter()
    outcome = await connection.send(Envelope(return_path, claim.email), message, next_one)
    shift.means.tally.attempt(outcome, time.perf_counter() - began)
    return outcome


def _is_trouble(outcome: Outcome) -> bool:
    """Whether there is no talking to the server; one that wants less mail for a mailbox group is none."""
    return outcome.kind.ends_session and not pushes_back(outcome)


def _rest(broken: int) -> float:
    """A session that broke once is opened anew at once; then with growing pauses."""
    return min(_REST_FIRST * 2 ** min(broken - 2, 10), _REST_MOST) if broken > 1 else 0.0


async def _all_hands(shift: Shift, progress: Callable[[Accounting], None], stop: asyncio.Event) -> None:
    """The office, the workers and the watch over them; when one fails, all end."""
    try:
        async with asyncio.TaskGroup() as hands:
            transport = shift.means.transport
            connections = [transport.connection() for _ in range(transport.connections)]
            workers = [hands.create_task(_carry(shift, connection)) for connection in connections]
            keeper = hands.create_task(shift.office.keep())
            halt = hands.create_task(_halt(shift.office, stop))
            await shift.oversight.look_after(workers, keeper, progress)
            await asyncio.wait(workers, timeout=_GOODBYE_SECONDS)
            for late in (*workers, halt):
                late.cancel()
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _halt(office: Office, stop: asyncio.Event) -> None:
    await stop.wait()
    office.stop()


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


def _must_be_sending(errand: Errand) -> None:
    if (state := errand.issue_state()) is not IssueState.SENDING:
        raise WrongState(f"issue {errand.issue.id} is {state}, not being sent.")


def _end(errand: Errand, account: RunAccount | None) -> Accounting:
    """How the issue stands after a run; after a chunk's, in the midst of others, what that run did."""
    if account and errand.chunk and errand.issue_state() is IssueState.SENDING:
        return account.so_far()
    return errand.accounting()
