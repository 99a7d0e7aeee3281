"""What stands between an operator and a list: the state of the issue, preflight, and the number of its recipients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from newsletter.cli import output
from newsletter.cli.findings import note_findings
from newsletter.cli.session import Session
from newsletter.cli.words import count
from newsletter.domain.finding import Finding, demand, warnings
from newsletter.domain.issue import NOT_STARTED
from newsletter.errors import NewsletterError, UsageError, WrongState

if TYPE_CHECKING:
    from newsletter.domain.accounting import Accounting
    from newsletter.domain.issue import Issue


def being_sent_elsewhere(issue: Issue) -> WrongState:
    return WrongState(f"another process is sending issue {issue.id} now; --wait TIME waits for it.")


def demand_not_started(issue: Issue) -> None:
    """Raises WrongState with what is to be done instead."""
    if issue.state in NOT_STARTED:
        return
    if issue.state.value in ("sending", "paused"):
        goes_on = f"`newsletter resume {issue.id}` goes on with it"
        raise WrongState(f"issue {issue.id} is {issue.state.value} already: {goes_on}.")
    again = f"`newsletter build {issue.newsletter}` makes another"
    raise WrongState(f"issue {issue.id} is {issue.state.value} and stays so; {again}.")


def demand_sound(session: Session, issue: Issue, note: Callable[[int, Sequence[Finding]], None]) -> None:
    """Gives `note` what preflight warns of; raises Blocked."""
    from newsletter.checking import inspect

    findings = inspect(session.app, issue)
    note(issue.id, warnings(findings))
    demand(findings)


def noted(*, as_json: bool) -> Callable[[int, Sequence[Finding]], None]:
    """How a terminal is told of findings; an answer in JSON stands alone."""
    return (lambda issue, findings: None) if as_json else note_findings


def readers_of(session: Session, issue: Issue) -> int:
    """How many an issue would go to now."""
    from newsletter.store import subscribers

    with session.app.database.read() as connection:
        return subscribers.count_active(connection, issue.newsletter, issue.edition)


def agree(issue: Issue, readers: int, when: str) -> None:
    """Nothing reaches a list until the operator has typed how many it reaches."""
    if not output.is_interactive():
        raise UsageError(f"this would mail {count(readers, 'recipient')}: say --yes, or run it in a terminal.")
    output.note(
        f"Issue {issue.id} ({issue.newsletter} {issue.edition} #{issue.number}), “{output.plain(issue.subject)}”, "
        f"goes to [bold]{count(readers, 'recipient')}[/] {when}."
    )
    typed = output.ask(f"Type the number of recipients ({readers}) to send it:")
    if typed.replace(",", "") != str(readers):
        raise NewsletterError("nothing was sent: that is not the number of recipients.")


def agree_to_cancel(books: Accounting) -> None:
    """A person at a terminal is asked, when somebody waits for the issue; a script knows what it does."""
    waiting = books.queued + books.deferred
    if not waiting or not output.is_interactive():
        return
    output.note(
        f"{count(waiting, 'recipient')} of issue {books.issue} still {'waits' if waiting == 1 else 'wait'} for it, and "
        f"would never get it; [bold]newsletter pause {books.issue}[/] only stops it for now."
    )
    if output.ask(f"Cancel issue {books.issue} for good? Type [bold]yes[/]:") != "yes":
        raise NewsletterError("nothing was cancelled.")
