"""Carries on whatever is being sent, and the notices that wait, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from newsletter.app import App
from newsletter.delivering import deliver_issue, policy
from newsletter.errors import Busy
from newsletter.logs import tell
from newsletter.reminding import composers
from newsletter.services.notices import send_due
from newsletter.services.steer import end_half_cancelled
from newsletter.services.tallying import depositing, new_name
from newsletter.store import issues, waiting
from newsletter.strays import strays
from newsletter.watch import Watch, tell_failure

log = logging.getLogger("newsletter.sender")

LOOK_EVERY = 1.0  # seconds
RETRY_WAIT = timedelta(hours=1)  # how long one delivery waits for retries before it gives the issue's lock back
_REST_FIRST, _REST_MOST = 1.0, 60.0  # seconds after something failed


async def send_all(app: App, stop: asyncio.Event, role: str) -> None:
    """Returns soon after `stop` is set: what is in flight is finished first. `role` is the command that sends."""
    with depositing(app.database, app.tally, new_name(), role, app.clock):
        await _send_all(app, stop)


async def _send_all(app: App, stop: asyncio.Event) -> None:
    for one in strays(app):
        tell(log, logging.WARNING, "stray_readers", f"{one.told} {one.remedy}", newsletter=one.place.newsletter)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_again_and_again(lambda: _send_notices(app), stop))
        if app.database.is_sqlite:
            issues_at_work = Issues(app, stop)
            tasks.create_task(_again_and_again(issues_at_work.look, stop, issues_at_work.drain))
        else:
            from newsletter.chunks import Chunks

            chunks = Chunks(app, stop)
            tasks.create_task(_again_and_again(chunks.work, stop))
            tasks.create_task(_again_and_again(chunks.tend, stop))


class Issues:
    """On SQLite. One task for each issue that is being delivered: a slow one holds up no other."""

    def __init__(self, app: App, stop: asyncio.Event) -> None:
        self._app, self._stop = app, stop
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._rests: dict[int, tuple[float, float]] = {}  # issue -> (not before, on the loop's clock; last rest)

    async def look(self) -> None:
        """Begins what is to be delivered and is not yet."""
        self._tasks = {number: task for number, task in self._tasks.items() if not task.done()}
        found = await asyncio.to_thread(self._found)  # a locked database holds up no delivery
        now = asyncio.get_running_loop().time()
        for number in found:
            if number not in self._tasks and self._rests.get(number, (0.0, 0.0))[0] <= now:
                self._tasks[number] = asyncio.create_task(self._deliver(number))

    def _found(self) -> list[int]:
        end_half_cancelled(self._app.database, self._app.clock())
        with self._app.database.read() as connection:
            return waiting.deliverable(connection, self._app.clock())

    async def drain(self) -> None:
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _deliver(self, number: int) -> None:
        app = self._app
        try:
            with app.database.read() as connection:
                issue = issues.get(connection, number)
            watch = Watch(log, issue)
            books = await deliver_issue(app, issue, policy(app, retry_wait=RETRY_WAIT), watch, self._stop)
        except Busy:
            self._rest(number)
        except Exception as error:
            self._rest(number)
            tell_failure(log, f"issue {number}", error, issue=number)
        else:
            self._rests.pop(number, None)
            if books.queued:  # the server is away: look again later, not at once
                self._rest(number)
            watch.ended(books)

    def _rest(self, number: int) -> None:
        _, last = self._rests.get(number, (0.0, 0.0))
        pause = min(max(last * 2, _REST_FIRST), _REST_MOST)
        self._rests[number] = (asyncio.get_running_loop().time() + pause, pause)


async def _again_and_again(
    work: Callable[[], Awaitable[None]], stop: asyncio.Event, at_the_end: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Calls `work` every second until `stop`; after a failure with growing pauses."""
    pause = LOOK_EVERY
    while not stop.is_set():
        try:
            await work()
            if pause > LOOK_EVERY:
                tell(log, logging.WARNING, "goes_on", "the sender goes on again")
            pause = LOOK_EVERY
        except Exception as error:
            pause = min(max(pause * 2, _REST_FIRST), _REST_MOST)
            tell_failure(log, "the sender", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    if at_the_end:
        await at_the_end()


async def _send_notices(app: App) -> None:
    door, write = app.transport(), app.renderer.notice
    done = await send_due(app.database, door, write, app.signer, app.edition, app.clock, composers=composers(app))
    if done.sent or done.failed or done.deferred:
        words = f"notices: {done.sent} sent, {done.deferred} put off, {done.failed} failed"
        tell(log, logging.INFO, "notices", words, sent=done.sent, deferred=done.deferred, failed=done.failed)
    for trouble in done.troubles:
        tell(log, logging.ERROR, "notice_unmade", f"a notice cannot be made: {trouble}")
