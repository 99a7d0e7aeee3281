"""APScheduler calls `tick`; when something is due is `domain.occurrence`'s to say, and `services.run` does it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from newsletter.app import App
from newsletter.domain.edition import EditionKey
from newsletter.domain.finding import demand, warnings
from newsletter.domain.issue import Issue
from newsletter.domain.occurrence import Occurrence, Schedule, occurrences, reminder_at
from newsletter.errors import Busy, NewsletterError, StoreError
from newsletter.illustrating import illustrator
from newsletter.logs import tell
from newsletter.note_file import note_of
from newsletter.reminding import editors
from newsletter.services import due
from newsletter.services.collect import SourceReport, collect
from newsletter.services.remind import remind_due
from newsletter.services.run import Newsroom, abandoned, finish_abandoned, run_due
from newsletter.services.steer import start, unschedule
from newsletter.services.tallying import new_name
from newsletter.store import issues
from newsletter.store.runs import Run, RunState
from newsletter.text.reply import unaddressed
from newsletter.watch import tell_findings

log = logging.getLogger("newsletter.schedule")
_LEVELS = {RunState.DONE: logging.INFO, RunState.EMPTY: logging.INFO, RunState.SKIPPED: logging.WARNING}

WAKE_EVERY = timedelta(minutes=1)  # for clocks that jump, machines that slept, and runs that died
READ_EVERY = timedelta(hours=1)
_STARTER = "next run"


@dataclass(frozen=True, slots=True)
class Planned:
    """An edition that has a schedule."""

    newsletter: str
    edition: str
    schedule: Schedule

    @property
    def place(self) -> EditionKey:
        return EditionKey(self.newsletter, self.edition)


def planned(app: App) -> list[Planned]:
    """Every edition with a schedule, in the order of config.yaml."""
    found: list[Planned] = []
    for newsletter, own in app.config.newsletters.items():
        for edition in own.editions:
            schedule = app.schedule(newsletter, edition)
            if schedule:
                found.append(Planned(newsletter, edition, schedule))
    return found


def upcoming(app: App, now: datetime) -> Iterator[tuple[Planned, Occurrence]]:
    """The next occurrence of each planned edition."""
    for plan in planned(app):
        yield plan, next(coming(app, plan, now))


def coming(app: App, plan: Planned, now: datetime) -> Iterator[Occurrence]:
    """All that are still to come of a planned edition, as `services.due` has it; by the calendar alone where the
    database does not tell.
    """
    with suppress(StoreError):
        return due.coming(app.database, plan.place, plan.schedule, now)
    return occurrences(plan.schedule, now)


def tick(app: App, worker: str) -> list[Run]:
    """Does all that is due now; returns the runs that this process carried out. One that fails harms no other."""
    if not app.database.is_in_place:
        told = f"the file of {app.database.place} is gone, or another has its place: nothing is written any more"
        tell(log, logging.ERROR, "database_gone", f"{told}. Put it back and start again.")
        return []
    done: list[Run] = []
    for plan in planned(app):
        try:
            run = run_due(newsroom(app, plan, worker))
        except Exception as error:
            _report(plan, "was cut short and is tried again", error)
            continue
        if run:
            _tell_run(run)
            done.append(run)
    with _by_itself("what a process that died had begun"):
        done += _finish_abandoned(app, worker)
    with _by_itself("the issues with a time of their own"):
        _start_scheduled(app)
    with _by_itself("the reminders"):
        _remind(app, worker)
    return done


@contextmanager
def _by_itself(what: str) -> Iterator[None]:
    """What cannot be done now, as while the database is locked, is done at the next wake, and harms nothing else."""
    try:
        yield
    except Exception as error:
        words = f"{what}: not done, and tried again within a minute: {error}"
        tell(log, logging.ERROR, "schedule_failed", words)
        log.debug("where it happened", exc_info=error)


def _tell_run(run: Run) -> None:
    level = _LEVELS.get(run.state, logging.ERROR)
    date = run.occurrence.local_date.isoformat()
    facts = {"newsletter": run.newsletter, "edition": run.edition, "date": date, "state": run.state}
    again = "; it is tried again" if run.state == RunState.WAITING else ""
    words = f"{run.newsletter} {run.edition}, {date}: {run.text.rstrip('.')}{again}"
    tell(log, level, "run", words, issue=run.issue, **facts)


def _remind(app: App, worker: str) -> None:
    """After the runs, which no reminder may delay."""
    for plan in planned(app):
        if plan.schedule.remind is None:
            continue
        try:
            done = remind_due(newsroom(app, plan, worker), editors(app, plan.newsletter))
        except Exception as error:
            _report(plan, "could not remind its editor and tries again", error)
            continue
        if done:
            date = done.occurrence.local_date.isoformat()
            said = done.trouble or (f"issue {done.issue} is the draft" if done.issue else "nothing new so far")
            facts = {"newsletter": done.newsletter, "edition": done.edition, "date": date, "issue": done.issue}
            words = f"{done.newsletter} {done.edition}, {date}: the editor is reminded: {said}"
            tell(log, logging.INFO, "reminder", words, **facts)


def newsroom(app: App, plan: Planned, worker: str) -> Newsroom:
    """What the run of one edition works with."""
    edition = app.edition(plan.newsletter, plan.edition)
    sources = app.sources(plan.newsletter)
    return Newsroom(
        database=app.database,
        edition=edition,
        schedule=plan.schedule,
        sources=sources,
        renderer=app.renderer,
        check=partial(_check, app),
        clock=app.clock,
        worker=worker,
        illustrator=illustrator(app, edition),
        note=partial(note_of, app, plan.newsletter, plan.edition),
        tell=partial(_tell_sources, plan.newsletter),
    )


def read_sources(app: App, told: Collection[str] = (), is_stopped: Callable[[], bool] = lambda: False) -> set[str]:
    """Reads the sources of all newsletters: a feed that shows its latest ten may have had more by the next run.

    Returns what is wrong with them; what is `told` already is not logged again.
    """
    wrong: set[str] = set()
    for newsletter in app.config.newsletters:
        if is_stopped() or not app.database.is_in_place:
            break
        try:
            reports = collect(app.database, newsletter, app.sources(newsletter), app.clock())
            _tell_sources(newsletter, reports, told)
            wrong.update(words for report in reports for words in _troubles(newsletter, report))
        except Exception as error:
            words = f"the sources of {newsletter} were not read, which is tried again: {error}"
            tell(log, logging.ERROR, "sources_failed", words, newsletter=newsletter)
            log.debug("where it happened", exc_info=error)
    return wrong


def _tell_sources(newsletter: str, reports: Sequence[SourceReport], told: Collection[str] = ()) -> None:
    for report in reports:
        facts = {"newsletter": newsletter, "source": report.name}
        if report.new:
            tell(log, logging.INFO, "source_read", f"{newsletter}: {report.name}: {report.new:,} new", **facts)
        for words in _troubles(newsletter, report):
            if words not in told:
                tell(log, logging.WARNING, "source_trouble", words, **facts)


def _troubles(newsletter: str, report: SourceReport) -> list[str]:
    unread = [f"could not be read: {report.error}"] if report.error else []
    return [unaddressed(f"{newsletter}: {report.name}: {words}") for words in (*unread, *report.warnings)]


@dataclass
class Scheduler:
    """Wakes when the next run falls due, and every minute besides."""

    app: App
    worker: str = field(default_factory=new_name)

    def __post_init__(self) -> None:
        one_at_a_time = {"default": ThreadPoolExecutor(1)}
        defaults = {"coalesce": True, "max_instances": 2, "misfire_grace_time": None}
        self._stopped = threading.Event()
        self._edited = _edited(self.app.config.file)
        self._reader = threading.Thread(target=self._read, name="sources", daemon=True)
        self._inner = BackgroundScheduler(timezone=UTC, executors=one_at_a_time, job_defaults=defaults)

    def start(self) -> None:
        """The first look is at once, and no job of its own: such a one makes a traceback when it is over as we stop.

        Nothing begins when `stop` was quicker.
        """
        if self._stopped.is_set():
            return
        self._inner.start()
        every = WAKE_EVERY.total_seconds()
        self._inner.add_job(self._wake, "interval", seconds=every, id="wake", next_run_time=datetime.now(UTC))
        self._reader.start()

    def stop(self, patience: float) -> bool:
        """Begins nothing more. Whether a run under way was over within so many seconds: what is left of one that reads
        or builds for longer is done at the next start.
        """
        self._stopped.set()
        if not self._inner.running:
            return True
        ending = threading.Thread(target=self._inner.shutdown, name="ending", daemon=True)  # waits for the run
        ending.start()
        ending.join(patience)
        return not ending.is_alive()

    def _look_at_the_configuration(self) -> None:
        """It is read once, as the process starts: somebody who edits it may think otherwise."""
        if (found := _edited(self.app.config.file)) != self._edited:
            self._edited = found
            told = f"{self.app.config.file} was changed, and is read as the program starts: start it again."
            tell(log, logging.WARNING, "config_changed", told)

    def _read(self) -> None:
        """Every hour. In a thread that ends with the process: a feed may take its time."""
        pause, told = WAKE_EVERY, set[str]()
        while not self._stopped.wait(pause.total_seconds()):
            told = read_sources(self.app, told, self._stopped.is_set)
            pause = READ_EVERY

    def _wake(self) -> None:
        self._look_at_the_configuration()
        tick(self.app, self.worker)
        with _by_itself("the next run's hour"):
            self._arm()

    def _arm(self) -> None:
        """Sets the alarm for the next occurrence of any edition, and the next issue with a time of its own."""
        now = self.app.clock()
        hours = [occurrence.at for _, occurrence in upcoming(self.app, now)]
        told = [reminder_at(plan.schedule, occurrence) for plan, occurrence in upcoming(self.app, now)]
        with self.app.database.read() as connection:
            told.append(issues.next_due(connection, now))
        hours += [at for at in told if at and at > now]
        if hours and self._inner.running:
            self._inner.add_job(self._wake, "date", run_date=min(hours), id=_STARTER, replace_existing=True)


def _edited(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:
        return None


def _report(plan: Planned, what: str, error: Exception) -> None:
    facts = {"newsletter": plan.newsletter, "edition": plan.edition}
    tell(log, logging.ERROR, "run_failed", f"{plan.newsletter} {plan.edition} {what}: {error}", **facts)
    log.debug("where it happened", exc_info=error)


def _check(app: App, issue: Issue) -> None:
    from newsletter.checking import inspect

    findings = inspect(app, issue)
    tell_findings(log, issue.id, warnings(findings))
    demand(findings)


def _start_scheduled(app: App) -> None:
    """Starts the issues that an operator gave a time of their own; one that may not leave is a draft again."""
    with app.database.read() as connection:
        waiting = issues.due(connection, app.clock())
    for issue in waiting:
        try:
            _check(app, issue)
            start(app.database, issue.id, app.clock(), checked=issue.hash)
        except (Busy, StoreError) as error:
            tell(log, logging.ERROR, "issue_not_started", f"issue {issue.id} is tried again: {error}", issue=issue.id)
        except NewsletterError as error:
            if unschedule(app.database, issue.id):  # else another process was faster, or an operator
                words = f"issue {issue.id} did not go out at its time and is a draft again: {error}"
                tell(log, logging.ERROR, "issue_not_started", words, issue=issue.id)
        except Exception as error:  # a fault of ours, which those behind it must not pay for
            words = f"issue {issue.id} is tried again: {type(error).__name__}: {error}"
            tell(log, logging.ERROR, "issue_not_started", words, issue=issue.id)
            log.debug("where it happened", exc_info=error)
        else:
            tell(log, logging.INFO, "issue_started", f"issue {issue.id} started", issue=issue.id)


def _finish_abandoned(app: App, worker: str) -> list[Run]:
    plans = {(plan.newsletter, plan.edition): plan for plan in planned(app)}
    done: list[Run] = []
    for run in abandoned(app.database, app.clock()):
        plan = plans.get((run.newsletter, run.edition))
        if plan is None:  # its schedule is gone from config.yaml
            continue
        try:
            finished = finish_abandoned(newsroom(app, plan, worker), run)
        except Exception as error:
            _report(plan, "was cut short again", error)
            continue
        if finished:
            _tell_run(finished)
            done.append(finished)
    return done
