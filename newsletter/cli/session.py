"""What every command begins with: the configuration, and the house behind it, opened when first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.config import Config


@dataclass
class Session:
    """One call of the program. `file` is the config.yaml it was given."""

    file: Path

    @cached_property
    def config(self) -> Config:
        from newsletter.config import load

        return load(self.file, os.environ)

    @cached_property
    def app(self) -> App:
        from newsletter.app import open_app

        app = open_app(self.config)
        if app.database.is_new:  # else a slip in its name would look as if all readers were gone
            output.note(f"A new database was made: {output.plain(app.database.place)}")
        return app

    def close(self) -> None:
        """Lets go of the database, if it was opened: SQLite brings its log home then."""
        if "app" in vars(self):
            self.app.database.close()


class Context(typer.Context):
    """Typer's context with our Session in it."""

    obj: Session


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout, all else on stderr.")]


def _issue_number(word: str) -> int:
    if not word.isdecimal() or not int(word[:100]):
        raise typer.BadParameter(f"{word[:40]!r} is not an issue's number; `newsletter issues` lists them.")
    return int(word[:100])


def whole_number(low: int, high: int) -> Callable[[object], int]:
    """Reads an option's number, and says in our own words which ones there are."""

    def read(given: object) -> int:
        word = str(given)  # a default is a number already
        if word.isdecimal() and low <= int(word[:20]) <= high:
            return int(word[:20])
        raise typer.BadParameter(f"{word[:40]!r} is not a whole number from {low} to {high}.")

    return read


IssueArgument = Annotated[
    int, typer.Argument(metavar="ISSUE", help="The number that `newsletter issues` shows.", parser=_issue_number)
]
NewsletterArgument = Annotated[
    str | None,
    typer.Argument(metavar="NEWSLETTER", help="Its key in config.yaml; optional while there is only one."),
]
EditionOption = Annotated[str | None, typer.Option("--edition", metavar="EDITION", help="Only this edition.")]
AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="ADDRESS", help="As this subscriber: their name, address and date; links do nothing."),
]


def only_newsletter(session: Session, newsletter: str | None) -> str:
    """The newsletter that was named, or the only one there is. Raises NotFound; UsageError when one must be named."""
    there = list(session.config.newsletters)
    if newsletter is None and len(there) == 1:
        return there[0]
    if newsletter is None and not there:
        raise UsageError(f"there is no newsletter yet: add one under `newsletters:` in {session.file}.")
    if newsletter is None:
        raise UsageError(f"which newsletter? Name one of: {', '.join(there)}.")
    session.app.newsletter(newsletter)
    return newsletter
