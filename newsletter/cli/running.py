"""`schedule`, `serve`, `worker`: what goes on by itself."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import output
from newsletter.cli.log import LogOption, log_always
from newsletter.cli.session import Context, JsonOption, Session, whole_number
from newsletter.cli.words import distance, iso, offset
from newsletter.logs import tell
from newsletter.text.clocks import moment

if TYPE_CHECKING:
    from datetime import datetime

    from newsletter.app import App
    from newsletter.domain.issue import ListedIssue
    from newsletter.domain.occurrence import Occurrence
    from newsletter.schedule import Planned

PANEL = "Run"
_LOG = logging.getLogger("newsletter.serve")
_HERE = ("localhost", "127.0.0.1", "::1")


def register(cli: typer.Typer) -> None:
    for command in (serve, worker, schedule):
        cli.command(rich_help_panel=PANEL)(command)


def schedule(
    context: Context,
    following: Annotated[
        int, typer.Option("--next", metavar="N", parser=whole_number(1, 1000), help="How many runs.")
    ] = 5,
    as_json: JsonOption = False,
) -> None:
    """Show the next runs of all schedules, with time zone and offset."""
    session: Session = context.obj
    now = session.app.clock()
    runs = _next(session, following)
    if as_json:
        output.answer_json([_run_json(plan, one) for plan, one in runs])
        return
    waiting = _with_their_own_time(session.app)
    if not runs and not waiting:
        output.say(
            "Nothing is scheduled. A [bold]schedule:[/] below a newsletter in config.yaml says when it goes out."
        )
        return
    if runs:
        _show_runs(session, runs, now)
    for issue in waiting:
        _tell_waiting(session, issue)


def _show_runs(session: Session, runs: Sequence[tuple[Planned, Occurrence]], now: datetime) -> None:
    from newsletter.schedule import planned

    reminds = any(plan.schedule.remind for plan, _ in runs)
    headings: list[str | tuple[str, str]] = [("When", "whole"), "Zone", ("Newsletter", "last"), ("Due", "whole")]
    table = output.table(*headings, *([("Reminder", "below")] if reminds else []))
    for plan, one in runs:
        at = _local(plan, one)
        year = "" if at.year == now.astimezone(at.tzinfo).year else f" {at.year}"
        when = f"{at:%a} {at.day} {at:%b}{year} {at:%H:%M} {offset(at)}"
        name = output.plain(f"{plan.newsletter} {plan.edition}")
        told = [_reminder(plan, one)] if reminds else []
        table.add_row(when, plan.schedule.timezone, name, f"[dim]{distance(one.at - now)}[/]", *told)
    output.show(table)
    every = planned(session.app)
    _tell_pending(session.app, every)
    _tell_skipped(session.app, every)
    _tell_unread(session.app, {plan for plan, _ in runs})
    _tell_trouble(session.app, every)


def serve(
    context: Context,
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="Where to listen.")] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="PORT", parser=whole_number(0, 65535), help="0 takes any free one."),
    ] = None,
    log: LogOption = None,
) -> None:
    """Web pages, scheduler and sender in one process, until SIGTERM or Ctrl-C."""
    from newsletter.cli.signals import leave_at_once, until_stopped
    from newsletter.loop import run
    from newsletter.serve import listen
    from newsletter.serve import serve as run_all

    app = context.obj.app
    log_always(app.config, log)
    web = app.config.web
    listening = listen(host or web.host, web.port if port is None else port)

    def answering(address: str) -> None:
        _answering(address)
        _warn_of_another_port(app.config.site.url, address)
        Thread(target=_tell_broken_templates, args=[app], name="templates", daemon=True).start()
        if sys.stderr.isatty():
            _tell_around(context.obj, address)

    is_over, _ = run(until_stopped(lambda stop: run_all(app, listening, stop, answering)))
    if is_over:
        tell(_LOG, logging.INFO, "stopped", "stopped: what was in flight is finished")
    else:
        told = "stopped: what was in flight is finished; a run of the schedule still read or built, and begins anew"
        tell(_LOG, logging.WARNING, "stopped", told)
        leave_at_once()


def worker(context: Context, log: LogOption = None) -> None:
    """A sender alone, for many machines on PostgreSQL, until SIGTERM or Ctrl-C."""
    from newsletter.cli.signals import until_stopped
    from newsletter.loop import run
    from newsletter.sender import send_all

    app = context.obj.app
    log_always(app.config, log)
    tell(_LOG, logging.INFO, "started", "sending whatever is to be sent; Ctrl-C stops")
    run(until_stopped(lambda stop: send_all(app, stop, "worker")))
    tell(_LOG, logging.INFO, "stopped", "stopped: what was in flight is finished")


def _answering(address: str) -> None:
    """On stdout, at once: scripts wait for this line."""
    sys.stdout.write(f"newsletter answers at {address}\n")
    sys.stdout.flush()


def _warn_of_another_port(site_url: str, address: str) -> None:
    """Somebody who tries it on their own machine would click on links that nobody answers."""
    from urllib.parse import urlsplit

    named, here = urlsplit(site_url), urlsplit(address)
    if {named.hostname, here.hostname} <= {*_HERE} and (named.port or 80) != here.port:
        told = f"links in mails lead to {site_url}, but this server does not answer there."
        remedy = f'Write `url: "{address}"` below `site:` in config.yaml, or serve on port {named.port or 80}.'
        tell(_LOG, logging.WARNING, "another_port", f"{told} {remedy}")


def _tell_broken_templates(app: App) -> None:
    """Better now than on Friday at eight."""
    from itertools import chain

    from newsletter.doctor import samples, subjects
    from newsletter.doctor.symptom import Severity

    with suppress(Exception):  # it is the doctor's to say what is wrong with anything else
        for symptom in chain(subjects.examine(app), samples.examine(app)):
            if symptom.level is Severity.ERROR:
                tell(_LOG, logging.ERROR, "template_broken", symptom.message)


def _tell_around(session: Session, address: str) -> None:
    """Where to look first, for a person who has just started it."""
    for key in session.config.newsletters:
        output.note(f"  [dim]sign up[/]  {output.plain(address)}/subscribe/{key}")
    closed = session.config.web.password is None
    admin = "set NEWSLETTER_WEB__PASSWORD to open /admin/" if closed else f"{address}/admin/"
    output.note(f"  [dim]admin[/]    {output.plain(admin)}")
    for plan, one in _next(session, 1):
        when = moment(one.at, plan.schedule.timezone)
        output.note(f"  [dim]next[/]     {plan.newsletter}, edition {plan.edition}: {when}")
    output.note("  Ctrl-C stops; nothing is lost.")


def _with_their_own_time(app: App) -> list[ListedIssue]:
    """Issues that `send --at` scheduled, the first to go first."""
    from newsletter.domain.issue import IssueState
    from newsletter.store import issues

    with app.database.read() as connection:
        found = issues.listing(connection, states=[IssueState.SCHEDULED])
    return sorted(found, key=lambda issue: (issue.scheduled_for or issue.built_at, issue.id))


def _tell_waiting(session: Session, issue: ListedIssue) -> None:
    zone = session.app.zone(issue.newsletter, issue.edition)
    when = moment(issue.scheduled_for or issue.built_at, zone)
    name = output.plain(f"{issue.newsletter} {issue.edition} #{issue.number}")
    output.say(f"Issue {issue.id} ({name}) goes on {when}, by `send --at`.")


def _tell_unread(app: App, plans: Iterable[Planned]) -> None:
    """A run that would go to nobody keeps its draft, which whoever waits for it should know."""
    from newsletter.store import subscribers

    with app.database.read() as connection:
        unread = [one for one in plans if not subscribers.count_active(connection, one.newsletter, one.edition)]
    for one in sorted(unread, key=lambda plan: (plan.newsletter, plan.edition)):
        name = output.plain(f"{one.newsletter}: nobody reads edition {one.edition}")
        output.say(f"[yellow]note[/]  {name} yet; until somebody does, a run keeps its draft.")


def _tell_pending(app: App, plans: Iterable[Planned]) -> None:
    """What fell due while nothing was running: it goes as soon as something is."""
    from newsletter.domain.occurrence import grace
    from newsletter.services.due import pending, trouble

    for plan in plans:
        late = pending(app.database, plan.place, plan.schedule, app.clock())
        known = trouble(app.database, plan.place, app.clock())
        if late and not (known and known.occurrence == late):  # which is told of below
            when = moment(late.at, plan.schedule.timezone)
            until = moment(late.at + grace(plan.schedule), plan.schedule.timezone)
            name = output.plain(f"{plan.newsletter} {plan.edition}")
            told = f"the run of {when} was missed, and goes as soon as `newsletter serve` runs, until {until}"
            let_go = f"newsletter skip {plan.newsletter} --edition {plan.edition}"
            output.say(f"[yellow]late[/]  {name}: {told}; [bold]{output.plain(let_go)}[/] lets it go.")


def _tell_skipped(app: App, plans: Iterable[Planned]) -> None:
    """Dates to come that somebody let go: else they would look forgotten."""
    from newsletter.services.due import skipped_ahead

    for plan in plans:
        if skipped := skipped_ahead(app.database, plan.place, plan.schedule, app.clock()):
            name = output.plain(f"{plan.newsletter} {plan.edition}")
            dates = ", ".join(moment(one.at, plan.schedule.timezone) for one in skipped)
            back = output.plain(f"newsletter skip {plan.newsletter} --edition {plan.edition} --undo")
            output.say(f"[yellow]note[/]  {name}: nothing goes on {dates}; [bold]{back}[/] takes that back.")


def _tell_trouble(app: App, plans: Iterable[Planned]) -> None:
    """What became of the last run, where it was not what it was there for."""
    from newsletter.services.due import trouble
    from newsletter.store.runs import RunState

    for plan in sorted(plans, key=lambda plan: (plan.newsletter, plan.edition)):
        if run := trouble(app.database, plan.place, app.clock()):
            when = moment(run.occurrence.at, plan.schedule.timezone)
            again = "; it is tried again" if run.state == RunState.WAITING else ""
            told = output.plain(f"{plan.newsletter} {plan.edition}, {when}: {run.text.rstrip('.')}{again}.")
            output.say(f"[yellow]last run[/]  {told}")


def _next(session: Session, number: int) -> list[tuple[Planned, Occurrence]]:
    from heapq import merge
    from itertools import islice

    from newsletter.schedule import coming, planned

    now = session.app.clock()

    def of(plan: Planned) -> Iterator[tuple[Planned, Occurrence]]:
        return ((plan, one) for one in coming(session.app, plan, now))

    streams = [of(plan) for plan in planned(session.app)]
    return list(islice(merge(*streams, key=lambda run: run[1].at), number))


def _local(plan: Planned, one: Occurrence) -> Any:
    from zoneinfo import ZoneInfo

    return one.at.astimezone(ZoneInfo(plan.schedule.timezone))


def _reminder(plan: Planned, one: Occurrence) -> str:
    """When the editor is reminded, on the edition's clocks; "" for one that is not."""
    from newsletter.domain.occurrence import reminder_at

    at = reminder_at(plan.schedule, one)
    return moment(at, plan.schedule.timezone) if at else ""


def _run_json(plan: Planned, one: Occurrence) -> dict[str, Any]:
    from newsletter.domain.occurrence import reminder_at

    at, told = _local(plan, one), reminder_at(plan.schedule, one)
    return {
        "newsletter": plan.newsletter,
        "edition": plan.edition,
        "date": one.local_date.isoformat(),
        "at": at.isoformat(),
        "utc": one.at.isoformat(),
        "timezone": plan.schedule.timezone,
        "offset": offset(at),
        "reminder": iso(told),
    }
