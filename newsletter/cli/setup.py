"""`init`: from an empty folder to a newsletter that can be built."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output
from newsletter.cli.mishaps import reason, remedy
from newsletter.cli.session import JsonOption
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.cli.starter import Starter

PANEL = "Set up"


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if it is not there.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Write a commented config.yaml, a templates folder and the database.

    A Jekyll site in DIR, or in a folder right below it, is found and entered as the source. What is there
    already is left as it is.
    """
    from newsletter.app import open_app
    from newsletter.cli.starter import prepare
    from newsletter.config import load

    _make(folder)
    starter = prepare(folder)
    wrote = [name for name, content in starter.files if _write_new(folder / name, content)]
    kept = [name for name, _ in starter.files if name not in wrote]
    config = load(folder / "config.yaml", {})
    is_used = _is_used(open_app(config))
    site = starter.site
    if as_json:
        value = {"folder": str(folder), "newsletters": list(config.newsletters), "database": config.database}
        output.answer_json({**value, "site": site.path if site else None, "wrote": wrote, "kept": kept})
        return
    for name in wrote:
        output.say(f"[green]wrote[/]  {output.plain(folder / name)}")
    for name in kept:
        output.say(f"[dim]kept[/]   {output.plain(folder / name)}  [dim](it was there already)[/]")
    if site and not site.url:
        output.say("[yellow]note[/]   the site names no url: add your blog's address where config.yaml says ADD")
    if site:
        title = f" “{output.plain(site.title)}”" if site.title else ""
        output.say(f"[green]found[/]  the Jekyll site{title} in {output.plain((folder / site.path).resolve())}")
    if starter.private:
        _tell_what_jekyll_publishes(starter.private)
    _next_steps(folder, next(iter(config.newsletters), "NEWSLETTER"), starter, is_used=is_used)


def _is_used(app: App) -> bool:
    """Whether there are issues already: the next one is not the first then."""
    from newsletter.store import issues

    try:
        with app.database.read() as connection:
            return bool(issues.listing(connection, most=1))
    finally:
        app.database.close()


def _tell_what_jekyll_publishes(private: str) -> None:
    line = output.plain("exclude: [config.yaml]")
    output.say(
        f"[yellow]note[/]   Jekyll publishes config.yaml with your site, and whatever else lies here: add "
        f"[bold]{line}[/] to _config.yml, and keep lists of readers in {private}, which it leaves out"
    )


def _next_steps(folder: Path, key: str, starter: Starter, *, is_used: bool) -> None:
    program = output.program()
    made, issue, seen = "a first issue", "1", "look at it"
    if is_used:
        made, issue, seen = "an issue", "N", "look at it; N is the number that build tells"
    steps = [
        (f"{program} build {key}", f"read the posts and make {made}; nothing is sent"),
        (f"{program} preview {issue} --open", seen),
        (f"{program} send-preview {key} --to YOU", "get it as your readers will"),
        (f"{program} subscribers import {starter.private}FILE.csv", "bring readers, if you have some"),
        (f"{program} doctor", "check mail server, DNS and the rest"),
        (f"{program} serve", "sign-up pages, schedule and sending, from now on"),
    ]
    if starter.site is None:
        output.say(
            "\nNo Jekyll site was found here: name one, or a feed, under [bold]sources:[/] in config.yaml. Then:"
        )
    else:
        output.say("\nNext:")
    if folder.resolve() != Path.cwd():
        output.say(f"  [bold]cd {output.plain(shlex.quote(str(folder)))}[/]")
    output.say_steps(steps)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NewsletterError(f"{folder}: cannot be made a folder: {reason(error)}. {remedy(error)}") from None


def _write_new(path: Path, content: str) -> bool:
    """Whether it was written: never over a file that is there, and whole or not at all."""
    _make(path.parent)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        return False
    except OSError as error:
        path.unlink(missing_ok=True)
        raise NewsletterError(f"{path}: cannot be written: {reason(error)}. {remedy(error)}") from None
    return True
