"""`doctor`: what is wrong around the program, and what to do about it."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, JsonOption, Session
from newsletter.cli.words import count
from newsletter.errors import StoreError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.doctor import Symptom

PANEL = "Set up"
_MARKS = {
    "ok": "[green]ok[/]      ",
    "note": "[cyan]note[/]    ",
    "warning": "[yellow]warning[/] ",
    "error": "[red]error[/]   ",
}


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(doctor)


def doctor(context: Context, as_json: JsonOption = False) -> None:
    """Check config, database, templates, sources, mail server and DNS; each finding with its remedy."""
    from newsletter.doctor import examine

    found: list[Symptom] = []
    for symptom in examine(_house(context.obj), os.environ):
        found.append(symptom)
        if not as_json:
            output.say(
                f"{_MARKS[symptom.level.value]} [bold]{output.plain(symptom.area)}[/]: {output.plain(symptom.message)}"
            )
            if symptom.remedy:
                output.say(f"          [dim]→ {output.plain(symptom.remedy)}[/]")
    errors = sum(symptom.level.value == "error" for symptom in found)
    warnings = sum(symptom.level.value == "warning" for symptom in found)
    if as_json:
        output.answer_json({"healthy": not errors, "findings": [asdict(symptom) for symptom in found]})
    else:
        output.say(f"\n{count(errors, 'error').capitalize()}, {count(warnings, 'warning')}.")
    if errors:
        raise typer.Exit(1)


def _house(session: Session) -> App:
    """A database that cannot be opened is a symptom too."""
    from newsletter.app import App
    from newsletter.doctor import Unopened

    try:
        return session.app
    except StoreError as trouble:
        return App(session.config, Unopened(trouble))
