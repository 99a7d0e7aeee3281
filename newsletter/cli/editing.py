"""`edit`: a draft as its editor wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import findings, output, sheets
from newsletter.cli.building import build_drafts
from newsletter.cli.issues import load
from newsletter.cli.session import Context, IssueArgument, JsonOption, Session
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.domain.issue import Issue
    from newsletter.services.editing import Edits

PANEL = "Issues"
_STORY = "STORY"


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(edit)


def edit(
    context: Context,
    issue: IssueArgument,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="TEXT", help="Another subject line; '' brings the usual back.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar=_STORY, help="Leave a story out; as often as you like."),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="URL", help="A story more, by its post's address; as often as you like."),
    ] = None,
    lead: Annotated[str | None, typer.Option("--lead", metavar=_STORY, help="The story that comes first.")] = None,
    note: Annotated[
        str | None,
        typer.Option("--note", metavar="FILE", help="A Markdown file with a note; - is stdin, '' takes it away."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Forget all edits, and build it anew, as of now.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change a draft: its subject line, its stories, which one leads. What posts say is edited in the posts.

    STORY is its number in `newsletter show ISSUE`, or its address. `build` leaves an edited draft alone, and the
    schedule sends it as it is. What is left out may come in the next issue.
    """
    from newsletter.domain.note import EditorNote
    from newsletter.note_file import note_given
    from newsletter.services.editing import Edits

    words = None if note is None else note_given(note) if note else EditorNote("", "", once=True)
    edits = Edits(subject, without or (), add or (), lead, words)
    if undo and edits:
        raise UsageError("--undo forgets all edits: give it alone.")
    if not undo and not edits:
        ways = "--subject, --without, --add, --lead, --note or --undo"
        raise UsageError(f"say what to change: {ways}. `newsletter show {issue}` numbers the stories.")
    changed = _undone(context.obj, issue) if undo else _edited(context.obj, issue, edits)
    if as_json:
        output.answer_json(sheets.issue_json(changed))
        return
    sheets.show_issue(context.obj, changed)
    _tell_findings(context.obj, changed)
    output.say(f"\nNext: [bold]newsletter preview {issue} --open[/], then [bold]newsletter send {issue}[/].")


def _edited(session: Session, number: int, edits: Edits) -> Issue:
    from newsletter.illustrating import illustrator
    from newsletter.services.editing import edit as edit_draft

    app, draft = session.app, load(session, number)
    edition = app.edition(draft.newsletter, draft.edition)
    with output.waiting("Writing …"):
        return edit_draft(app.database, edition, app.renderer, number, edits, app.clock(), illustrator(app, edition))


def _undone(session: Session, number: int) -> Issue:
    """A draft that finds nothing to be rebuilt from stays as it is."""
    from newsletter.services.editing import undo

    draft = undo(session.app.database, number)
    build_drafts(session, draft.newsletter, draft.edition, None)
    return load(session, number)


def _tell_findings(session: Session, issue: Issue) -> None:
    from newsletter.checking import judge

    findings.note_findings(issue.id, [one for one in judge(session.app, issue) if one.rule != "left_out"])
