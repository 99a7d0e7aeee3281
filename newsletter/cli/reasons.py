"""`why`: what speaks for and against a post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output
from newsletter.cli.issues import AsOfOption, as_of_moment
from newsletter.cli.session import Context, JsonOption, Session
from newsletter.errors import NotFound, repeated

if TYPE_CHECKING:
    from newsletter.services.why import Why

PANEL = "Posts"


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(why)


def why(
    context: Context,
    post: Annotated[str, typer.Argument(metavar="URL-or-PATH", help="A post's address, or its path below the site.")],
    newsletter: Annotated[
        str | None, typer.Option("--newsletter", metavar="NEWSLETTER", help="Only this one; all without it.")
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
    if as_json:
        output.answer_json([{**asdict(one), "included": one.included} for one in answers])
    if answers and all(one.reason is Reason.UNKNOWN for one in answers):
        told = f"no post like {repeated(post)} was collected"
        raise NotFound(f"{told}: `newsletter posts` lists them, `newsletter collect` reads anew.")
    if not as_json:
        _show(answers)


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
