"""`why`: what speaks for and against a post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output, sheets
from newsletter.cli.building import AsOfOption
from newsletter.cli.session import Context, JsonOption, Session
from newsletter.cli.times import as_of_moment
from newsletter.errors import NoteError, NotFound, repeated

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.edition import Edition
    from newsletter.services.why import Why

PANEL = "Posts"


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(why)


def why(
    context: Context,
    post: Annotated[
        str, typer.Argument(metavar="URL-or-PATH", help="A post's address, its path below the site, or its title.")
    ],
    newsletter: Annotated[
        str | None, typer.Option("--newsletter", metavar="NEWSLETTER", help="Only this one; all by default.")
    ] = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why a post is, or is not, in each edition's next issue."""
    from newsletter.services.why import Reason
    from newsletter.services.why import why as explain

    upto = as_of_moment(as_of) if as_of else None
    session: Session = context.obj
    app = session.app
    keys = [newsletter] if newsletter is not None else list(app.config.newsletters)
    editions = [edition for key in keys for edition in app.editions(key)]
    answers = explain(app.database, editions, post, upto or app.clock(), {key: app.sources(key) for key in keys})
    held = {(each.newsletter, each.key): _note(app, each) for each in editions}
    if as_json:
        notes = {name: words for name, (words, _) in held.items()}
        output.answer_json(
            [{**asdict(one), "included": one.included, "note": notes[one.newsletter, one.edition]} for one in answers]
        )
    if answers and all(one.reason is Reason.UNKNOWN for one in answers):
        told = f"no post like {repeated(post)} was collected"
        raise NotFound(f"{told}: `newsletter posts` lists them, `newsletter collect` reads anew.")
    if not as_json:
        _show(answers)
        _show_notes(held)


def _note(app: App, edition: Edition) -> tuple[str, str]:
    """The editor's words that go with the edition's next issue, and what is wrong with those that do not."""
    from newsletter.note_file import note_of
    from newsletter.services.drafting import chosen_note
    from newsletter.store import issues

    try:
        given, trouble = note_of(app, edition.newsletter, edition.key), ""
    except NoteError as error:
        given, trouble = None, str(error)
    with app.database.read() as connection:
        former = issues.draft(connection, edition.newsletter, edition.key)
        held, told = chosen_note(connection, edition, former, given)
    return held.words, " ".join([*told, *filter(None, [trouble])])


def _show_notes(held: Mapping[tuple[str, str], tuple[str, str]]) -> None:
    for (newsletter, edition), (words, trouble) in held.items():
        name = f"[bold]{output.plain(newsletter)} {output.plain(edition)}[/]"
        if words:
            output.say(
                f"[cyan]note[/]    {name}: the editor's words go with it: {output.plain(sheets.beginning(words))}"
            )
        if trouble:
            output.say(f"[yellow]note[/]    {name}: {output.plain(trouble)}")


def _show(answers: Sequence[Why]) -> None:
    if not answers:
        output.say("There is no newsletter yet. Add one under [bold]newsletters:[/] in config.yaml.")
    for one in answers:
        _show_one(one)


def _show_one(one: Why) -> None:
    sign = "[green]in[/]    " if one.included else "[yellow]not in[/]"
    output.say(f"{sign}  [bold]{output.plain(one.newsletter)} {output.plain(one.edition)}[/]: {output.plain(one.text)}")
    if not one.signals:
        return
    parts = [f"{name} {value:+.2f}" for name, value in one.signals.items() if value]
    total = f" = {one.total:.2f}" if one.total is not None else ""
    rank = f", rank {one.rank}" if one.rank else ""
    output.say(f"          [dim]{' '.join(parts)}{total}{rank}[/]")
