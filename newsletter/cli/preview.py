"""`preview`: an issue as its readers will get it, as files and as one page."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output
from newsletter.cli.issues import load
from newsletter.cli.notice_preview import write_notices
from newsletter.cli.serving import served
from newsletter.cli.session import AsOption, Context, IssueArgument, JsonOption
from newsletter.errors import NewsletterError, UsageError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.config import Config
    from newsletter.domain.issue import Issue
    from newsletter.preview.page import Look, Surroundings
    from newsletter.text.opened import Opened

PANEL = "Issues"
_PAGE = "index.html"
_MARK = "<!-- Written by `newsletter preview`. -->\n"  # at its end, whatever template it was made from
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
_FILES = (("message.eml", "message.eml, as it is sent"), ("message.html", "its HTML"), ("message.txt", "its text"))

NoticeOption = Annotated[
    str | None,
    typer.Option(
        "--notice",
        metavar="KIND",
        help="Instead, the mails about a subscription as this edition sends them: confirm, switch, address, "
        "moved, welcome, already, reminder, or all.",
    ),
]


def register(cli: typer.Typer) -> None:
    cli.command("preview", rich_help_panel=PANEL)(preview)


def preview(
    context: Context,
    issue: IssueArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to write: preview, or _newsletter/preview in a Jekyll site."),
    ] = None,
    opened: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    reader: AsOption = None,
    notice: NoticeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the very bytes that a reader gets, and a page that shows them.

    The page, index.html, has the message on a desktop and on a phone, light, dark, inverted, without pictures; its
    text, headers and source; its place in the inbox; what preflight says. It needs no server and loads nothing from
    elsewhere. Beside it lie message.eml, message.txt, and message.html with its pictures in the folder `media`.
    """
    from newsletter.previewing import eyes, look

    app = context.obj.app
    found = load(context.obj, issue)
    out = out or _usual_place(app.config)
    if notice is not None:
        if opened:
            raise UsageError("--notice writes files, and no page that --open could show; leave one of them out.")
        _tell_notices(found, write_notices(app, found, notice, out), as_json=as_json)
        return
    _refuse_somebody_elses(out / _PAGE)
    seen = look(app, found, eyes(app, found, reader))
    if seen.trouble:
        raise NewsletterError(
            f"issue {found.id} cannot be made into a message: {seen.trouble} `newsletter check {found.id}` tells more."
        )
    out.mkdir(parents=True, exist_ok=True)
    _write_message(app, out, seen.message)
    _write_pages(app, out, seen, reader)
    page, files = out / _PAGE, [str(out / name) for name, _ in _FILES]
    if as_json:
        output.answer_json({"issue": found.id, "hash": found.hash, "files": files, "page": str(page)})
    else:
        _tell(app, found, files, page, opened)
    if opened and not _open(page):
        output.note(f"There is no browser here. Open this yourself: {output.plain(page.resolve().as_uri())}")


def _usual_place(config: Config) -> Path:
    """Jekyll would publish a folder of its site, unless its name begins with an underscore."""
    if not config.sites_around:
        return Path("preview")
    private, here = config.resolve("_newsletter/preview"), Path.cwd()
    return private.relative_to(here) if private.is_relative_to(here) else private


def _refuse_somebody_elses(page: Path) -> None:
    """A blog's own index.html, say, which nobody expects `--out .` to replace."""
    if page.exists() and not (page.is_file() and page.read_bytes().endswith(_MARK.encode())):
        raise UsageError(
            f"{page} is there already, and `newsletter preview` did not write it. "
            "Nothing was written: name another folder with --out."
        )


def _tell_notices(issue: Issue, files: Sequence[Path], *, as_json: bool) -> None:
    if as_json:
        output.answer_json({"issue": issue.id, "files": [str(file) for file in files]})
        return
    for file in files:
        output.say(f"[green]wrote[/]  {output.plain(file)}")


def _write_message(app: App, out: Path, message: Opened) -> None:
    from newsletter.illustrating import with_pictures_beside

    (out / "message.eml").write_bytes(message.raw)
    (out / "message.html").write_text(with_pictures_beside(app, message.html, out), "utf-8")
    (out / "message.txt").write_text(message.text, "utf-8")


def _write_pages(app: App, out: Path, seen: Look, reader: str | None) -> None:
    """One page for the issue, and one for each other edition of its build; they lead to each other."""
    from newsletter.preview.page import PreviewPage
    from newsletter.previewing import eyes, look
    from newsletter.store import issues

    drawn = PreviewPage(app.templates)
    with app.database.read() as connection:
        others = [issues.get(connection, number) for _, number in seen.others]
    names = {seen.issue.id: _PAGE} | {other.id: f"edition-{other.edition}.html" for other in others}
    surroundings = _surroundings(app, seen, names, _FILES)
    (out / _PAGE).write_text(drawn.html(seen, surroundings) + _MARK, "utf-8")
    for other in others:
        theirs = look(app, other, eyes(app, other, reader)).among(names)
        surroundings = _surroundings(app, theirs, names, ())
        (out / names[other.id]).write_text(drawn.html(theirs, surroundings) + _MARK, "utf-8")


def _surroundings(app: App, seen: Look, names: Mapping[int, str], files: Sequence[tuple[str, str]]) -> Surroundings:
    """A file that needs nothing beside it; `names` are the files of issues."""
    from newsletter.preview.page import Surroundings
    from newsletter.previewing import with_pictures_inside

    html = with_pictures_inside(app, seen.message.html)
    return Surroundings(frame=lambda view: ("srcdoc", view.copy(html)), issue=lambda number: names[number], files=files)


def _tell(app: App, issue: Issue, files: list[str], page: Path, opened: bool) -> None:
    for file in files:
        output.say(f"[green]wrote[/]  {output.plain(file)}")
    output.say(f"[green]wrote[/]  {output.plain(page)}, which shows it all")
    if not opened:
        output.say("\nNext: [bold]--open[/] shows the page in your browser.")
    if address := served(app.config):
        output.say(f"`newsletter serve` shows it too: {address}/admin/issues/{issue.id}/preview")


def _open(page: Path) -> bool:
    """False where no browser came up. One that runs in the terminal is none, unless BROWSER asks for it."""
    if sys.platform == "linux" and not any(os.environ.get(name) for name in _SCREENS):
        return False
    try:
        return webbrowser.open(page.resolve().as_uri())
    except (webbrowser.Error, OSError):
        return False
