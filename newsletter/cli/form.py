"""`form`: the HTML that brings the sign-up into the operator's own site."""

from __future__ import annotations

from typing import Annotated

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, EditionOption, NewsletterArgument, Session, only_newsletter
from newsletter.cli.subscribers import PANEL


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(form)


def form(
    context: Context,
    newsletter: NewsletterArgument = None,
    edition: EditionOption = None,
    frame: Annotated[
        bool, typer.Option("--frame", help="A frame with the whole form in it, in place of a form of your site's.")
    ] = False,
) -> None:
    """Print the sign-up form as HTML, to be put into a page of your own site.

    It signs readers up with `serve`, at the address that config.yaml gives as `url:` below `site:`.
    """
    from newsletter.web.pages import Pages

    session: Session = context.obj
    app = session.app
    key = only_newsletter(session, newsletter)
    chosen = app.chosen_edition(key, edition)
    values = {
        "site": app.config.site,
        "newsletter": key,
        "settings": app.newsletter(key),
        "editions": app.editions(key),
        "chosen": chosen,
    }
    if len(app.editions(key)) > 1 and not (edition or frame):
        told = f"This form signs up for the edition {chosen.key}, the first of {key}."
        output.note(
            output.plain(f"{told} --edition chooses another one; --frame prints a form in which readers choose.")
        )
    output.answer_text(Pages(app).piece("frame" if frame else "form", chosen.language, **values))
