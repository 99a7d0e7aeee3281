"""`send`, `resume`, `pause`, `cancel`: an issue on its way."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output, sheets, summary
from newsletter.cli.agreeing import (
    agree,
    agree_to_cancel,
    being_sent_elsewhere,
    demand_not_started,
    demand_sound,
    noted,
    readers_of,
)
from newsletter.cli.issues import load
from newsletter.cli.log import LogOption, log_if_asked
from newsletter.cli.next_issue import say_that_it_comes_back, say_what_comes_next
from newsletter.cli.other_senders import ON_A_BUSY_MACHINE, START_TO_LOCK, is_sent_elsewhere, say_who_goes_on, stopped
from newsletter.cli.scheduling import schedule_issue
from newsletter.cli.session import Context, IssueArgument, JsonOption, Session
from newsletter.errors import ConfigError, NewsletterError, UsageError, WrongState

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.accounting import Accounting
    from newsletter.domain.issue import Issue

PANEL = "Sending"
WaitOption = Annotated[
    str | None,
    typer.Option(
        "--wait",
        metavar="TIME",
        help="How long to wait for retries (10m by default), or for another process: 30s, 10m, 2h.",
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Not now, but then, by `newsletter serve`: “2026-12-01 09:00” on the edition's clocks, or with an offset.",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for the number of recipients.")]
UncertainOption = Annotated[
    bool,
    typer.Option(
        "--uncertain",
        help="Also to those of whom no server said whether they have it, even when the issue is sent; some may get it "
        "twice.",
    ),
]
_DOMAINS = 8  # that the summary names
_JUST_NOW = timedelta(minutes=1)
_LOG = logging.getLogger("newsletter.send")


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a run waits for retries, and how long for another process that delivers the same issue."""

    retries: timedelta
    others: timedelta


def register(cli: typer.Typer) -> None:
    for command in (send, resume, pause, cancel):
        cli.command(rich_help_panel=PANEL)(command)


def send(
    context: Context,
    issue: IssueArgument,
    yes: YesOption = False,
    at: AtOption = None,
    wait: WaitOption = None,
    log: LogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deliver a draft now, to everyone who asked for it, or at another time with --at.

    It ends when nothing is left that may go out within --wait. Ctrl-C finishes what is in flight and keeps the rest
    for `newsletter resume`.
    """
    from newsletter.cli.signals import held_back
    from newsletter.services.steer import no_readers, start, start_for_anybody
    from newsletter.watch import tell_findings

    session: Session = context.obj
    if at is not None:
        if wait is not None or log is not None:
            raise UsageError("--wait and --log are for sending now: leave them out, or leave out --at.")
        schedule_issue(session, issue, at, yes=yes, as_json=as_json)
        return
    waits = _waits(wait)
    logs = log_if_asked(session.config, log)
    draft = load(session, issue)
    patience = START_TO_LOCK if wait is None else ON_A_BUSY_MACHINE
    if is_sent_elsewhere(session, draft, patience):
        _wait_for_the_other(session, draft, waits, named=wait is not None, as_json=as_json, logs=logs)
        return
    if wait is not None and _ended_just_now(session, issue) and _tell_if_sent(session, issue, as_json=as_json):
        return  # two at one moment, and the other one is through
    demand_not_started(draft)
    demand_sound(session, draft, partial(tell_findings, _LOG) if logs else noted(as_json=as_json))
    _demand_usable_transport(session)
    if not (as_json or logs):
        say_what_comes_next(session.app, draft)
    if not yes:
        readers = readers_of(session, draft)
        if not readers:
            raise no_readers(draft)
        agree(draft, readers, "now")
    with held_back():
        begin = start_for_anybody if yes else start
        try:
            begin(session.app.database, issue, session.app.clock(), checked=draft.hash)
        except WrongState:  # another one may have begun this very moment, and be through with it already
            if is_sent_elsewhere(session, load(session, issue), patience):
                _wait_for_the_other(session, draft, waits, named=wait is not None, as_json=as_json, logs=logs)
            elif wait is None or not _tell_if_sent(session, issue, as_json=as_json):
                raise
            return
        _deliver(session, load(session, issue), waits, as_json=as_json, logs=logs)


def resume(
    context: Context,
    issue: IssueArgument,
    uncertain: UncertainOption = False,
    wait: WaitOption = None,
    log: LogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with an issue that was paused, or whose sending was cut short."""
    from newsletter.cli.signals import held_back
    from newsletter.outgoing import outgoing
    from newsletter.services.steer import resume as set_sending
    from newsletter.services.steer import resume_with_uncertain
    from newsletter.store.lock import is_being_sent

    session: Session = context.obj
    waits = _waits(wait)
    logs = log_if_asked(session.config, log)
    _demand_usable_transport(session)
    outgoing(session.app, load(session, issue))  # what cannot be sent stays paused
    with held_back():
        if uncertain:
            resume_with_uncertain(session.app.database, issue, session.app.clock())
        else:
            set_sending(session.app.database, issue)
        if wait is not None and is_being_sent(session.app.database, issue):
            _say_who_is_waited_for(issue)
        earlier = _sent(session, issue)
        _deliver(session, load(session, issue), waits, earlier=earlier, as_json=as_json, logs=logs)


def pause(context: Context, issue: IssueArgument, as_json: JsonOption = False) -> None:
    """Stop an issue that is being sent, wherever that happens; `resume` goes on with it.

    One that waits for its time (send --at) is a draft again.
    """
    from newsletter.services.steer import pause as set_paused
    from newsletter.services.steer import unschedule

    app = context.obj.app
    load(context.obj, issue)
    if unschedule(app.database, issue):
        words = f"Issue {issue} is a draft again. [bold]newsletter send {issue}[/] sends it."
        _tell_state(context.obj, issue, words, as_json=as_json)
        _tell_of_other_drafts(app, issue)
        return
    set_paused(app.database, issue)
    _tell_state(
        context.obj, issue, f"Issue {issue} is paused. [bold]newsletter resume {issue}[/] goes on.", as_json=as_json
    )


def cancel(
    context: Context,
    issue: IssueArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """End an issue for good: whoever has not got it by now never will.

    If anybody has, its stories count as told, and no later issue holds them. `pause` keeps it for `resume`.
    """
    from newsletter.services.steer import cancel as set_cancelled
    from newsletter.store import accounts

    app = context.obj.app
    before = load(context.obj, issue)
    if not yes:
        with app.database.read() as connection:
            books = accounts.accounting(connection, issue)
        agree_to_cancel(books)
    set_cancelled(app.database, issue, app.clock())
    _tell_state(context.obj, issue, f"Issue {issue} is cancelled.", as_json=as_json)
    if before.started_at is None and not as_json:
        say_that_it_comes_back(app, before)


def _tell_of_other_drafts(app: App, issue: int) -> None:
    """Whoever built while it waited for its time has another one, and `build` keeps up with the newer alone."""
    from newsletter.domain.issue import IssueState
    from newsletter.store import issues

    with app.database.read() as connection:
        own = issues.get(connection, issue)
        drafts = issues.listing(connection, own.newsletter, own.edition, [IssueState.DRAFT])
    for other in drafts:
        if other.id != issue:
            output.note(
                f"[yellow]warning:[/] issue {other.id} is a draft of {own.newsletter}, edition {own.edition}, too. "
                f"[bold]newsletter cancel {min(issue, other.id)}[/] drops the older one."
            )


def _demand_usable_transport(session: Session) -> None:
    """Before anything is started: it would wait for a server that lets nobody in, or for a folder that is none."""
    from newsletter.transports.folder import in_the_way

    smtp, file = session.config.smtp, session.config.file
    if users := smtp.users_without_password():
        raise ConfigError(
            f"{file}: `smtp.username` is {users[0]}, and there is no password. "
            "Set NEWSLETTER_SMTP__PASSWORD, or leave `username` out."
        )
    if smtp.type == "folder" and (trouble := in_the_way(session.config.resolve(smtp.path))):
        raise ConfigError(f"{file}: `smtp.path`: {trouble}. Write the path of a folder.")


def _sent(session: Session, issue: int) -> int:
    from newsletter.store import accounts

    with session.app.database.read() as connection:
        return accounts.by_state(connection, issue)["sent"]


def _deliver(session: Session, issue: Issue, waits: Waits, *, earlier: int = 0, as_json: bool, logs: bool) -> None:
    """Delivers, with a live line or a log; leaves with 128 + the signal that cut it short, 1 when the issue paused.

    `earlier`: how many the ledger has as sent before.
    """
    from newsletter.cli.signals import until_stopped
    from newsletter.delivering import deliver_issue, policy
    from newsletter.loop import run
    from newsletter.services.tallying import depositing, new_name
    from newsletter.watch import Watch

    app = session.app
    how = policy(app, waits.retries, waits.others)
    watch = Watch(_LOG, issue) if logs else None
    counted = depositing(app.database, app.tally, new_name(), "send", app.clock)
    with counted, nullcontext(watch) if watch else output.live_line(f"issue {issue.id}") as tell:
        books, signal = run(until_stopped(lambda stop: deliver_issue(app, issue, how, tell, stop)))
    if watch:
        watch.ended(books)
    if as_json:
        if not books.recipients:
            output.note(f"[yellow]warning:[/] {summary.to_nobody(books)}")
        output.answer_json(sheets.books_json(books))
    else:
        _summarise(session, books, earlier)
        if not signal:
            say_who_goes_on(app, books)
    if signal:
        if not logs:  # which has said how it ended
            output.note(stopped(app, books))
        raise typer.Exit(128 + signal)
    if books.state.value in ("paused", "cancelled"):
        raise NewsletterError(summary.stood_still(books))


def _wait_for_the_other(
    session: Session, issue: Issue, waits: Waits, *, named: bool, as_json: bool, logs: bool
) -> None:
    """What it does not get done is done here. Raises WrongState unless somebody `named` a time to wait."""
    if not named:
        raise being_sent_elsewhere(issue)
    _say_who_is_waited_for(issue.id)
    try:
        _deliver(session, issue, waits, as_json=as_json, logs=logs)
    except WrongState:  # it ended before the first look at its lock
        if not _tell_if_sent(session, issue.id, as_json=as_json):
            raise


def _ended_just_now(session: Session, issue: int) -> bool:
    ended = load(session, issue).finished_at
    return ended is not None and abs(session.app.clock() - ended) < _JUST_NOW


def _tell_if_sent(session: Session, issue: int, *, as_json: bool) -> bool:
    """Whether another process has sent it: then what became of it is the answer."""
    if load(session, issue).state.value != "sent":
        return False
    _tell_state(session, issue, f"Issue {issue} is sent, by another process.", as_json=as_json)
    return True


def _say_who_is_waited_for(issue: int) -> None:
    output.note(f"Another process is sending issue {issue}: waiting for it.")


def _summarise(session: Session, books: Accounting, earlier: int) -> None:
    """What became of it, by domain and by reason."""
    from newsletter.store import accounts

    with session.app.database.read() as connection:
        domains = accounts.by_domain(connection, books.issue, most=_DOMAINS)
        reasons = accounts.reasons(connection, books.issue)
    summary.show_books(books, earlier)
    summary.say_if_not_mailed(session.config, books.sent - earlier)
    summary.show_domains(domains)
    summary.show_reasons(books, reasons)


def _waits(wait: str | None) -> Waits:
    """Ten minutes for retries and none for another process, unless the operator says."""
    from pydantic import TypeAdapter, ValidationError

    from newsletter.config.values import Duration

    if wait is None:
        return Waits(timedelta(minutes=10), timedelta())
    try:
        span: timedelta = TypeAdapter(Duration).validate_python(wait)
    except ValidationError as error:
        raise UsageError(f"--wait: {str(error.errors()[0]['msg']).removeprefix('Value error, ')}.") from None
    return Waits(span, span)


def _tell_state(session: Session, issue: int, words: str, *, as_json: bool) -> None:
    from newsletter.store import accounts

    with session.app.database.read() as connection:
        books = accounts.accounting(connection, issue)
    if as_json:
        output.answer_json(sheets.books_json(books))
        return
    output.say(words)
    if books.recipients:
        summary.show_books(books)
        summary.say_what_is_unread(session.app, books)
