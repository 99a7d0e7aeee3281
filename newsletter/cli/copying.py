"""`copy-database`: the move to PostgreSQL, or back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, JsonOption
from newsletter.cli.words import count
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.store.database import Database

PANEL = "Run"


def register(cli: typer.Typer) -> None:
    cli.command("copy-database", rich_help_panel=PANEL)(copy_database)


def copy_database(
    context: Context,
    address: Annotated[
        str,
        typer.Argument(metavar="ADDRESS", help="As for `database:` in config.yaml; a new database, or an empty one."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Copy everything into another database: from SQLite to PostgreSQL, say. The old one stays as it is.

    Readers, consent, issues, what was told to whom, and the key that signs links: old links go on working. Stop `serve`
    and workers first; then name the new one in config.yaml and start them again.
    """
    from newsletter.delivering import policy
    from newsletter.services.steer import catch_up
    from newsletter.store.copying import copy, demand_rest

    app = context.obj.app
    catch_up(app.database, policy(app, timedelta()), app.clock())
    with app.database.read() as connection:
        demand_rest(app.database, connection, app.clock())
    target = _opened(context.obj.config.url_of(address), app.database)
    try:
        with output.progress_bar("Copying") as report:
            counts = copy(app.database, target, app.clock(), report)
    finally:
        target.close()
    if as_json:
        output.answer_json({"database": target.place, "rows": counts})
        return
    rows, readers, issues = sum(counts.values()), counts["subscribers"], counts["issues"]
    output.say(
        f"{count(rows, 'row')} copied to {output.plain(target.place)}, with {count(readers, 'reader')} and "
        f"{count(issues, 'issue')}.\n"
        f"Next: name it in config.yaml, as [bold]database:[/], and start `serve` again. Nothing may run on the old one "
        "any more."
    )


def _opened(url: str, source: Database) -> Database:
    from newsletter.store.database import Database

    if url == source.url:
        raise UsageError(f"{source.place} is the database that config.yaml names already. Name another one.")
    return Database(url)
