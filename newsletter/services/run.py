"""A scheduled run: collect, build, check, start: for one edition and one local date, once.

The delivery itself is not part of it: once an issue is `sending`, whoever sends carries it on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.note import EditorNote
from newsletter.domain.occurrence import Occurrence, Schedule, due, latest_occurrence
from newsletter.errors import NewsletterError, NoReaders, NoteError, Rebuilt
from newsletter.services.collect import collect
from newsletter.services.illustrate import Illustrator
from newsletter.services.publish import build
from newsletter.services.steer import start
from newsletter.sources.base import Source
from newsletter.store import issues, runs
from newsletter.store.database import Database
from newsletter.store.runs import DONE, EMPTY, FAILED, Run
from newsletter.text.render import Renderer

LEASE = timedelta(seconds=60)
_RENEW_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Press:
    """What a run works with. `check` raises Blocked when the issue must not leave; `worker` names this process.

    `note` is the editor's, None for none; it raises NoteError where it cannot be used, and the issue goes without one.
    """

    database: Database
    edition: Edition
    sources: Sequence[Source]
    renderer: Renderer
    check: Callable[[Issue], None]
    clock: Callable[[], datetime]
    worker: str
    illustrator: Illustrator | None = None
    note: Callable[[], EditorNote | None] = lambda: None


def run_due(press: Press, schedule: Schedule) -> Run | None:
    """Runs what has fallen due; None when nothing has, or another process is at it."""
    claimed = _claim(press, schedule)
    return _carry_out(press, claimed) if claimed else None


def finish_abandoned(press: Press, run: Run, within: timedelta) -> Run | None:
    """Finishes the run of a process that died; None when another was faster. The issue it had stays the issue.

    A run that never got as far as an issue is given up when it fell due longer than `within` ago.
    """
    now = press.clock()
    with press.database.write() as connection:
        ours = runs.take_over(connection, run, press.worker, now, LEASE)
        if ours and ours.issue is None and now - ours.occurrence.at > within:
            runs.finish(connection, ours, FAILED, None, "cut short, and noticed too late to be finished")
            return None
    return _carry_out(press, ours) if ours else None


def abandoned(database: Database, now: datetime) -> list[Run]:
    """Runs that somebody began and nobody is at any more."""
    with database.read() as connection:
        return runs.abandoned(connection, now, LEASE)


def _claim(press: Press, schedule: Schedule) -> Run | None:
    now, key, edition = press.clock(), press.edition.newsletter, press.edition.key
    with press.database.read() as connection:
        last = runs.last_date(connection, key, edition)
    if last is None:
        _begin_with_the_next(press, schedule, now)
        return None
    decision = due(schedule, last, now)
    if decision is None:
        return None
    with press.database.write() as connection:
        if decision.run:
            return runs.claim(connection, key, edition, decision.occurrence, press.worker, now, LEASE)
        runs.note_skipped(connection, key, edition, decision.occurrence, now, "missed: nothing was running at the time")
        return None


def _begin_with_the_next(press: Press, schedule: Schedule, now: datetime) -> None:
    """A schedule that nobody has watched before missed nothing: no list is mailed because a program was installed."""
    before = latest_occurrence(schedule, now) or Occurrence(now.date() - timedelta(days=1), now)
    with press.database.write() as connection:
        runs.note_skipped(
            connection, press.edition.newsletter, press.edition.key, before, now, "before the first watch"
        )


def _carry_out(press: Press, run: Run) -> Run:
    """Each step leaves something behind that the next process can go on from."""
    with _kept_alive(press, run):
        try:
            state, issue, text = _publish(press, run)
        except NewsletterError as error:
            state, issue, text = FAILED, run.issue, str(error)
    with press.database.write() as connection:
        runs.finish(connection, run, state, issue, text)
    return Run(run.newsletter, run.edition, run.occurrence, state, issue, text)


def _publish(press: Press, run: Run) -> tuple[str, int | None, str]:
    issue = _left_behind(press, run) or make_draft(press)
    if issue is None:
        return EMPTY, None, "nothing new: no issue was made"
    if issue.state is IssueState.SCHEDULED:
        return EMPTY, issue.id, f"issue {issue.id} was given a time of its own meanwhile"
    if issue.state is IssueState.DRAFT:
        press.check(issue)
        with press.database.write() as connection:
            if not runs.remember(connection, run, issue.id):
                return FAILED, issue.id, "another process took the run over"
        try:
            start(press.database, issue.id, press.clock(), checked=issue.hash)
        except Rebuilt:  # somebody runs `build` this very second: the run goes on with theirs
            return _publish(press, replace(run, issue=issue.id))
        except NoReaders:
            return EMPTY, issue.id, f"nobody reads it yet; draft {issue.id} stays"
    return DONE, issue.id, f"issue {issue.id} started"


def _left_behind(press: Press, run: Run) -> Issue | None:
    """The issue that the dead process had made; it may be a draft still, or on its way."""
    if run.issue is None:
        return None
    with press.database.read() as connection:
        return issues.get(connection, run.issue)


def make_draft(press: Press) -> Issue | None:
    """Collects and builds; what could not be read is noted in the draft. Raises as `services.publish.build`."""
    reports = collect(press.database, press.edition.newsletter, press.sources, press.clock())
    notes = [f"{report.name} could not be read: {report.error}" for report in reports if report.error]
    try:
        note = press.note()
    except NoteError as error:
        note, notes = None, [*notes, f"it goes without the editor's note: {error}"]
    now = press.clock()
    return build(press.database, press.edition, press.renderer, now, now, notes, press.illustrator, note)


@contextmanager
def _kept_alive(press: Press, run: Run) -> Iterator[None]:
    """Renews the lease beside the work; a process that dies stops doing so."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEW_SECONDS):
            with suppress(SQLAlchemyError), press.database.write() as connection:  # a locked database: the next time
                runs.renew(connection, run, press.clock() + LEASE)

    keeper = threading.Thread(target=renew, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
