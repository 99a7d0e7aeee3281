"""`demo`: the whole thing on sample posts, with a built-in inbox."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import output
from newsletter.cli.session import JsonOption
from newsletter.cli.words import count, seconds

if TYPE_CHECKING:
    import socket

    from newsletter.app import App
    from newsletter.demo.inbox import Inbox
    from newsletter.demo.run import Demonstration

PANEL = "Set up"
HOST, USUAL_PORT = "127.0.0.1", 8000


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(demo)


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where to work; an earlier demo is replaced.")
    ] = Path("demo-out"),
    serve: Annotated[
        bool, typer.Option("--serve", help="Keep pages, scheduler and inbox open in the browser, until Ctrl-C.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show it all on sample posts: no network, no mail server.

    Collects, builds both editions of a newsletter, and delivers them over SMTP to an inbox of its own.
    """
    from newsletter.app import utc_now
    from newsletter.demo.inbox import open_inbox
    from newsletter.demo.sample import lay_out

    file = lay_out(out, utc_now())
    with open_inbox(out / "outbox") as inbox:
        if serve:
            _keep_open(file, inbox)
            return
        with _opened(file, inbox) as (_, done):
            if as_json:
                output.answer_json(_json(out, done))
            else:
                _show(done, inbox.port)
                _show_next(out, done)


@contextmanager
def _opened(file: Path, inbox: Inbox, site_url: str | None = None) -> Iterator[tuple[App, Demonstration]]:
    """The demo's house, after it has done everything once."""
    from newsletter.app import open_app
    from newsletter.demo.run import configuration, demonstrate

    app = open_app(configuration(file, inbox, site_url))
    try:
        yield app, demonstrate(app, inbox)
    finally:
        app.database.close()


def _keep_open(file: Path, inbox: Inbox) -> None:
    """Pages, scheduler, sender and inbox, until SIGTERM or Ctrl-C."""
    from newsletter.cli.signals import leave_at_once, until_stopped
    from newsletter.demo.page import Pages, open_page
    from newsletter.demo.run import NEWSLETTER
    from newsletter.demo.sample import publish_at
    from newsletter.loop import run
    from newsletter.serve import address, serve

    listening = _listening()
    pages = address(listening)
    links = (("Sign up", f"{pages}/subscribe/{NEWSLETTER}"), ("Archive", f"{pages}/archive/{NEWSLETTER}"))
    site = file.parent / "site"
    with listening, open_page(Pages(inbox, site, links)) as page:
        publish_at(site, page)

        def tell(_: str) -> None:
            output.say("\nOpen in a browser (Ctrl-C ends it):")
            for words, place in (("Inbox", page), *links):
                output.say(f"  {words:<8} [bold]{place}[/]")
            sys.stdout.flush()  # a pipe would keep the addresses to itself

        with _opened(file, inbox, pages) as (app, done):
            _show(done, inbox.port)
            is_over, _ = run(until_stopped(lambda stop: serve(app, listening, stop, tell)))
    if not is_over:
        leave_at_once()


def _listening() -> socket.socket:
    """At the port that config.yaml has by default, or else any; at once, for links in the mails name it."""
    from newsletter.errors import NewsletterError
    from newsletter.serve import listen

    try:
        return listen(HOST, USUAL_PORT)
    except NewsletterError:
        return listen(HOST, 0)


def _show(done: Demonstration, port: int) -> None:
    _show_sources(done)
    _show_issues(done)
    _show_readers(done)
    table = output.table("Edition", ("Reader", "last"), "Subject")
    for edition, mail in done.mails:
        table.add_row(edition, output.plain(mail.read()["To"]), output.plain(mail.subject))
    output.say()
    output.show(table)
    output.say(
        f"\n[green]delivered {count(len(done.mails), 'message')}[/] over SMTP to the built-in inbox on port {port}, "
        f"{seconds(done.seconds)} after the first post was read"
    )


def _show_sources(done: Demonstration) -> None:
    for report in done.sources:
        output.say(f"[bold]Read[/]     {output.plain(report.name)}: {count(report.seen, 'post')}, {report.type}")
        for skipped in report.skipped:
            place = "" if skipped.item in skipped.reason else f"{skipped.item}: "
            output.say(f"         [yellow]skipped[/] {output.plain(place + skipped.reason)}")


def _show_issues(done: Demonstration) -> None:
    for one in done.sent:
        told = sum(len(story.also) for story in one.issue.stories)
        behind = f", {count(told, 'other version')} behind them" if told else ""
        stories = count(len(one.issue.stories), "story", "stories")
        output.say(f"[bold]Built[/]    issue {one.issue.number} of {one.issue.edition}: {stories}{behind}")


def _show_readers(done: Demonstration) -> None:
    output.say(f"[bold]Imported[/] {count(done.readers.added, 'reader')}")
    for line in done.readers.refused:
        output.say(f"         [yellow]refused[/] line {line.line}: {output.plain(line.reason)}")


def _show_next(out: Path, done: Demonstration) -> None:
    pages = [(str(one.page), f"the {one.issue.edition} edition; open it in a browser") for one in done.sent]
    mails = [(str(mail.file), "every byte of the first message") for _, mail in done.mails[:1]]
    program = _program()
    after = [
        (f"{program} demo --serve", "the same with sign-up pages, archive and inbox in the browser"),
        (f"{program} --config {out}/config.yaml posts", "look around in what it made"),
        (f"{program} init ~/my-blog", "begin with your own"),
    ]
    for heading, steps in (("Look at it", [*pages, *mails]), ("Go on", after)):
        output.say(f"\n{heading}:")
        output.say_steps(steps)


def _program() -> str:
    """How this program is called from here: by its name, or by its path where the shell does not know it."""
    if shutil.which("newsletter"):
        return "newsletter"
    called = Path(sys.argv[0]).absolute()
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)


def _json(out: Path, done: Demonstration) -> dict[str, Any]:
    from newsletter.cli.posts import report_json
    from newsletter.cli.sheets import books_json
    from newsletter.demo.run import NEWSLETTER

    return {
        "folder": str(out),
        "sources": [report_json(NEWSLETTER, report) for report in done.sources],
        "readers": {"added": done.readers.added, "refused": done.readers.refused_count},
        "issues": [{"edition": one.issue.edition, **books_json(one.books), "page": str(one.page)} for one in done.sent],
        "delivered": len(done.mails),
        "messages": [
            {"edition": edition, "to": mail.recipient, "subject": mail.subject, "file": str(mail.file)}
            for edition, mail in done.mails
        ],
    }
