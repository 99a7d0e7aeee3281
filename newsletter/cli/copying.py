"""`copy-database`: the move to PostgreSQL, or back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, JsonOption, Session
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
        str | None,
        typer.Argument(metavar="ADDRESS", help="As for `database:` in config.yaml; a new database, or an empty one."),
    ] = None,
    keep_open: Annotated[
        bool, typer.Option("--keep-open", help="The old one goes on being used: the new one is for trying things out.")
    ] = False,
    reopen: Annotated[bool, typer.Option("--reopen", help="Take the old one into use again; copies nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Copy everything into another database: from SQLite to PostgreSQL, say. The old one is closed then.

    Readers, consent, issues, what was told to whom, and the key that signs links: old links go on working. Stop `serve`
    and workers first; then name the new one in config.yaml and start them again.
    """
    if reopen:
        if address is not None or keep_open:
            raise UsageError("--reopen is for the database that config.yaml names: give it alone.")
        _reopen(context.obj, as_json=as_json)
        return
    if address is None or "://" not in address:
        example = "postgresql+psycopg://user@host/database or sqlite:///other.db"
        raise UsageError(f"say where to: {example}.")
    target, counts = _copied(context.obj, address, keep_open=keep_open)
    if as_json:
        output.answer_json({"database": target, "rows": counts})
        return
    rows, readers, issues = sum(counts.values()), counts["subscribers"], counts["issues"]
    held = f"{count(rows, 'row')} copied to {output.plain(target)}, with {count(readers, 'reader')} and "
    output.say(f"{held}{count(issues, 'issue')}.")
    if keep_open:
        output.say("The old one stays open. Whatever is sent from both goes to the same readers twice.")
    else:
        output.say(
            "Next: name it in config.yaml, as [bold]database:[/], and start `serve` again. The old one is closed."
        )


def _copied(session: Session, address: str, *, keep_open: bool) -> tuple[str, dict[str, int]]:
    """Where it is now, and how many rows each table has. The old one is closed before: what anybody wrote to it
    meanwhile would be lost."""
    from newsletter.delivering import policy
    from newsletter.services.steer import catch_up
    from newsletter.store.copying import copy, demand_rest
    from newsletter.store.database import close_for

    app = session.app
    catch_up(app.database, policy(app, timedelta()), app.clock())
    with app.database.read() as connection:
        demand_rest(app.database, connection, app.clock())
    target = _opened(session.config.url_of(address), app.database)
    try:
        if not keep_open:
            close_for(app.database, target.place)
        with output.progress_bar("Copying") as report:
            return target.place, copy(app.database, target, app.clock(), report)
    except BaseException:
        close_for(app.database, "")
        raise
    finally:
        target.close()


def _reopen(session: Session, *, as_json: bool) -> None:
    from newsletter.store.database import Database, close_for, moved_to

    database = Database(session.config.database_url)
    try:
        was_at = moved_to(database)
        close_for(database, "")
    finally:
        database.close()
    if as_json:
        output.answer_json({"database": database.place, "moved_to": was_at or None})
    elif was_at:
        output.say(f"{output.plain(database.place)} is in use again; let nothing run on {output.plain(was_at)}.")
    else:
        output.say(f"{output.plain(database.place)} was not closed.")


def _opened(url: str, source: Database) -> Database:
    from newsletter.store.database import Database

    if url == source.url:
        raise UsageError(f"{source.place} is the database that config.yaml names already. Name another one.")
    return Database(url)
