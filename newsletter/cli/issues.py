"""`issues`, `show`, `check`: looking at what was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import findings, output, sheets, summary
from newsletter.cli.session import Context, IssueArgument, JsonOption, Session
from newsletter.cli.words import one_of
from newsletter.domain.accounting import COUNTED
from newsletter.domain.finding import blocking
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.issue import Issue, ListedIssue

PANEL = "Issues"


def register(cli: typer.Typer) -> None:
    for command in (show_list, show, check):
        name = "issues" if command is show_list else None
        cli.command(name, rich_help_panel=PANEL)(command)


def show_list(
    context: Context,
    newsletter: Annotated[str | None, typer.Argument(metavar="NEWSLETTER", help="Only this one's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List all issues, newest first, with what became of them."""
    from newsletter.store import accounts, issues

    session: Session = context.obj
    if newsletter is not None:
        session.app.newsletter(newsletter)
    with session.app.database.read() as connection:
        found = issues.listing(connection, newsletter)
        books = accounts.of_all(connection, newsletter)
    if as_json:
        output.answer_json([sheets.issue_json(issue, books[issue.id]) for issue in found])
        return
    if not found:
        key = newsletter or next(iter(session.config.newsletters), "NEWSLETTER")
        output.say(f"No issues yet. [bold]newsletter build {output.plain(key)}[/] makes one.")
        return
    sheets.show_issues(session, found, books)
    _tell_stopped(session.app, found)


def _tell_stopped(app: App, found: Sequence[ListedIssue]) -> None:
    from newsletter.delivering import is_alone

    for issue in found:
        if issue.state.value == "sending" and is_alone(app, issue.id):
            output.note(f"nobody is sending issue {issue.id} now: [bold]newsletter resume {issue.id}[/] goes on.")


def show(
    context: Context,
    issue: IssueArgument,
    deliveries: Annotated[bool, typer.Option("--deliveries", help="List each delivery.")] = False,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="STATE", help=f"Only deliveries in this state: {', '.join(COUNTED)}."),
    ] = None,
    addresses: Annotated[
        bool, typer.Option("--addresses", help="Only the deliveries' addresses, one a line, for other commands.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one issue with its accounting: who got it, who did not, and why."""
    from newsletter import delivering
    from newsletter.store import accounts

    if state is not None and state not in COUNTED:
        raise UsageError(one_of("state", state, COUNTED))
    found = load(context.obj, issue)
    with context.obj.app.database.read() as connection:
        if addresses and not as_json:
            sheets.tell_addresses(accounts.rows(connection, issue, state))
            return
        if deliveries or state or addresses:
            sheets.tell_deliveries(context.obj, found, accounts.rows(connection, issue, state), as_json=as_json)
            return
        books = accounts.accounting(connection, issue)
        domains, reasons = accounts.by_domain(connection, issue), accounts.reasons(connection, issue)
    headway = delivering.headway(context.obj.app, books) if books.state.value == "sending" else None
    if as_json:
        output.answer_json(sheets.issue_json(found, books, domains, reasons, headway))
        return
    sheets.show_issue(context.obj, found)
    summary.show_books(books)
    summary.say_what_is_unread(context.obj.app, books)
    if headway:
        summary.show_headway(issue, headway, alone=delivering.is_alone(context.obj.app, issue))
    summary.show_domains(domains)
    summary.show_reasons(books, reasons)


def check(
    context: Context,
    issue: IssueArgument,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the web whether links and pictures are alive.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check an issue before it is sent. Exits with 3 when something is certainly broken and must not go out.

    Links and pictures are tried, each address at most once an hour, for a minute at most.
    """
    from newsletter.checking import judge_thoroughly

    found = load(context.obj, issue)
    if not offline and output.is_interactive():
        output.note("[dim]Asking whether links and pictures are alive …[/]")
    judged = judge_thoroughly(context.obj.app, found, online=not offline)
    shown = round(judged.support, 1)
    if as_json:
        output.answer_json({**findings.findings_json(issue, judged.findings), "support": shown})
    else:
        output.say(f"[bold]Issue {found.id}[/]  {output.plain(found.subject)}")
        output.say(f"[dim]Mail programs show {shown:g} of 100 of what its layout depends on.[/]\n")
        findings.show_findings(judged.findings)
    if blocking(judged.findings):
        raise typer.Exit(3)


def load(session: Session, issue: int) -> Issue:
    """Raises NotFound, which says how to list them."""
    from newsletter.store import issues

    with session.app.database.read() as connection:
        return issues.get(connection, issue)
