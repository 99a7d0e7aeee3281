"""A scheduled run: collect, build, check, start: for one edition and one local date, once.

The delivery itself is not part of it: once an issue is `sending`, whoever sends carries it on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter.domain.edition import Edition, EditionKey
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.note import EditorNote
from newsletter.domain.occurrence import Occurrence, Schedule, due, grace, latest_occurrence
from newsletter.errors import Away, NewsletterError, NoReaders, NoteError, Rebuilt, StoreError, Unread, WrongState
from newsletter.services.collect import SourceReport, collect
from newsletter.services.due import UNWATCHED, in_words, is_of_before, last_date_run, tomorrow
from newsletter.services.illustrate import Illustrator
from newsletter.services.publish import build
from newsletter.services.steer import start
from newsletter.sources.base import Source
from newsletter.store import deliveries, issues, runs
from newsletter.store.database import Database
from newsletter.store.runs import LetGo, Run, RunState
from newsletter.text.render import Renderer

LEASE = timedelta(seconds=60)
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)  # until what failed is tried again
_RENEW_SECONDS = 15.0
_TAKEN_OVER = "another process took the run over"


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What the runs of one edition work with. `check` raises Blocked when the issue must not leave; `worker` names this
    process.

    `note` is the editor's, None for none; it raises NoteError where it cannot be used, and the issue goes without one.
    `tell` hears how the sources went.
    """

    database: Database
    edition: Edition
    schedule: Schedule
    sources: Sequence[Source]
    renderer: Renderer
    check: Callable[[Issue], None]
    clock: Callable[[], datetime]
    worker: str
    illustrator: Illustrator | None = None
    note: Callable[[], EditorNote | None] = lambda: None
    tell: Callable[[Sequence[SourceReport]], None] = lambda reports: None

    @property
    def place(self) -> EditionKey:
        return EditionKey(self.edition.newsletter, self.edition.key)


def run_due(newsroom: Newsroom) -> Run | None:
    """Runs what has fallen due; None when nothing has, or another process is at it. SKIPPED: it was missed for good.

    What fails is WAITING, and tried again by `finish_abandoned`, as long as a missed run would be caught up.
    """
    run = _claim(newsroom)
    return _carry_out(newsroom, run) if run and run.state == RunState.RUNNING else run


def finish_abandoned(newsroom: Newsroom, run: Run) -> Run | None:
    """Finishes the run of a process that died, or that waits; None when another was faster. Its issue stays the issue.

    A run that never got as far as an issue is given up when it fell due too long ago.
    """
    now = newsroom.clock()
    with newsroom.database.write() as connection:
        ours = runs.take_over(connection, run, newsroom.worker, now, LEASE)
        if ours and ours.issue is None and now - ours.occurrence.at > grace(newsroom.schedule):
            text = ours.text or "cut short, and noticed too late to be finished"
            runs.finish(connection, ours, RunState.FAILED, None, text)
            return replace(ours, state=RunState.FAILED, text=text)
    return _carry_out(newsroom, ours) if ours else None


def abandoned(database: Database, now: datetime) -> list[Run]:
    """Runs that somebody began and nobody is at any more, or that are to be tried again."""
    with database.read() as connection:
        return runs.abandoned(connection, now, LEASE, LONGEST_PAUSE)


def _claim(newsroom: Newsroom) -> Run | None:
    now, place = newsroom.clock(), newsroom.place
    since = _seen_since(newsroom, now)
    last = last_date_run(newsroom.database, place, newsroom.schedule, now)
    if last is None:
        _begin_with_the_next(newsroom, now)
        return None
    decision = due(newsroom.schedule, last, now)
    if decision is None:
        return None
    if _is_skipped(newsroom, decision.occurrence):
        return None
    with newsroom.database.write() as connection:
        runs.make_room(connection, *place, decision.occurrence, UNWATCHED)
        is_new = is_of_before(decision.occurrence, since)
        if decision.run and not is_new:
            return runs.claim(connection, *place, decision.occurrence, newsroom.worker, now, LEASE)
        why = LetGo.NEW if is_new else LetGo.MISSED
        if not runs.note_skipped(connection, *place, decision.occurrence, now, why):
            return None
    return Run(*place, decision.occurrence, RunState.SKIPPED, text=why)


def _is_skipped(newsroom: Newsroom, occurrence: Occurrence) -> bool:
    with newsroom.database.read() as connection:
        return occurrence.local_date in runs.skipped_by_hand(connection, *newsroom.place, since=occurrence.local_date)


def _seen_since(newsroom: Newsroom, now: datetime) -> datetime:
    """Since when the edition has this schedule. What a clock that was ahead skipped is forgotten."""
    words, until = in_words(newsroom.schedule), tomorrow(now)
    with newsroom.database.read() as connection:
        since = runs.watched_since(connection, *newsroom.place, words, now)
        ahead = runs.skipped_after(connection, *newsroom.place, until)
    if ahead or since is None:
        with newsroom.database.write() as connection:
            runs.forget_later(connection, *newsroom.place, until)
            if since is None:
                runs.watch_from(connection, *newsroom.place, words, now)
    return since or now


def _begin_with_the_next(newsroom: Newsroom, now: datetime) -> None:
    """A schedule that nobody has watched before missed nothing: no list is mailed because a program was installed."""
    before = latest_occurrence(newsroom.schedule, now) or Occurrence(now.date() - timedelta(days=1), now)
    with newsroom.database.write() as connection:
        while not runs.note_skipped(connection, *newsroom.place, before, now, LetGo.FIRST):  # it is skipped by hand
            before = Occurrence(before.local_date - timedelta(days=1), before.at - timedelta(days=1))


def _carry_out(newsroom: Newsroom, run: Run) -> Run:
    """Each step leaves something behind that the next process can go on from."""
    with _kept_alive(newsroom, run):
        try:
            state, issue, text = _publish(newsroom, run)
        except Away:  # the run is not over: whoever wakes next goes on with it
            raise
        except NewsletterError as error:
            state, issue, text = RunState.FAILED, run.issue, str(error)
    again = _next_try(run.occurrence, newsroom.clock(), newsroom.schedule) if state == RunState.FAILED else None
    with newsroom.database.write() as connection:
        if again:
            state, ours = RunState.WAITING, runs.put_off(connection, run, text, again)
        else:
            ours = runs.finish(connection, run, state, issue, text)
    if not ours:
        state, text = RunState.EMPTY, _TAKEN_OVER
    return Run(run.newsletter, run.edition, run.occurrence, state, issue, text)


def _next_try(occurrence: Occurrence, now: datetime, schedule: Schedule) -> datetime | None:
    """After as long again as it is late; None when it would be too late then."""
    pause = min(max(now - occurrence.at, SHORTEST_PAUSE), LONGEST_PAUSE)
    return now + pause if now + pause <= occurrence.at + grace(schedule) else None


def _publish(newsroom: Newsroom, run: Run) -> tuple[RunState, int | None, str]:
    if run.issue is None and (sent := _sent_meanwhile(newsroom, run)):
        return RunState.EMPTY, sent, f"issue {sent} was sent meanwhile"
    issue = _left_behind(newsroom, run) or make_draft(newsroom)
    if issue is None:
        return RunState.EMPTY, None, "nothing new: no issue was made"
    if issue.state is IssueState.SCHEDULED:
        return RunState.EMPTY, issue.id, f"issue {issue.id} was given a time of its own meanwhile"
    if issue.state is IssueState.CANCELLED:
        return RunState.EMPTY, issue.id, f"issue {issue.id} was cancelled meanwhile"
    if issue.state is IssueState.DRAFT:
        newsroom.check(issue)
        with newsroom.database.write() as connection:
            if not runs.remember(connection, run, issue.id):
                return RunState.EMPTY, issue.id, _TAKEN_OVER
        try:
            start(newsroom.database, issue.id, newsroom.clock(), checked=issue.hash)
        except Rebuilt:  # somebody runs `build` this very second: the run goes on with theirs
            return _publish(newsroom, replace(run, issue=issue.id))
        except NoReaders:
            return RunState.EMPTY, issue.id, f"nobody reads it yet; draft {issue.id} stays"
        except WrongState:
            if not _is_under_way(newsroom, issue.id):  # else whoever we took the run over from lives, and was faster
                raise
    return RunState.DONE, issue.id, f"issue {issue.id} started"


def _is_under_way(newsroom: Newsroom, issue: int) -> bool:
    with newsroom.database.read() as connection:
        return deliveries.issue_state(connection, issue) in (IssueState.SENDING, IssueState.SENT)


def _sent_meanwhile(newsroom: Newsroom, run: Run) -> int | None:
    """The issue that somebody sent by hand since the run fell due: its readers have their mail of this date."""
    with newsroom.database.read() as connection:
        return issues.started_since(connection, *newsroom.place, run.occurrence.at)


def _left_behind(newsroom: Newsroom, run: Run) -> Issue | None:
    """The issue that the dead process had made; it may be a draft still, or on its way."""
    if run.issue is None:
        return None
    with newsroom.database.read() as connection:
        return issues.get(connection, run.issue)


def make_draft(newsroom: Newsroom) -> Issue | None:
    """Collects and builds; what could not be read is noted in the draft.

    Raises Unread when there is nothing new and not everything could be read, else as `services.publish.build`.
    """
    reports = collect(newsroom.database, newsroom.edition.newsletter, newsroom.sources, newsroom.clock())
    newsroom.tell(reports)
    notes = [f"{report.name} could not be read: {report.error}" for report in reports if report.error]
    try:
        note = newsroom.note()
    except NoteError as error:
        note, notes = None, [*notes, f"it goes without the editor's note: {error}"]
    now = newsroom.clock()
    draft = build(newsroom.database, newsroom.edition, newsroom.renderer, now, now, notes, newsroom.illustrator, note)
    if draft is None and (unread := [f"{report.name}: {report.error}" for report in reports if report.error]):
        raise Unread(f"nothing new, but not all could be read: {'; '.join(unread)}")
    return draft


@contextmanager
def _kept_alive(newsroom: Newsroom, run: Run) -> Iterator[None]:
    """Renews the lease beside the work; a process that dies stops doing so."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEW_SECONDS):
            with suppress(StoreError), newsroom.database.write() as connection:  # a locked database: the next time
                runs.renew(connection, run, newsroom.clock(), LEASE)

    keeper = threading.Thread(target=renew, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
