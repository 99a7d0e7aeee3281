"""`collect`, `posts`: what the sources hold, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, JsonOption, Session, whole_number
from newsletter.cli.words import count
from newsletter.text.clocks import day

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.post import Post
    from newsletter.services.collect import SourceReport

PANEL = "Posts"
_SHOWN_SKIPS = 10
_SHOWN_WARNINGS = 5
_SCREENFUL = 40

MaybeNewsletter = Annotated[
    str | None, typer.Argument(metavar="NEWSLETTER", help="A newsletter's key in config.yaml; all by default.")
]


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(collect)
    cli.command(rich_help_panel=PANEL)(posts)


def collect(context: Context, newsletter: MaybeNewsletter = None, as_json: JsonOption = False) -> None:
    """Read the sources and store what is new or changed."""
    session: Session = context.obj
    reports = [(key, report) for key in _keys(session, newsletter) for report in collect_one(session, key)]
    if as_json:
        output.answer_json({"sources": [report_json(key, report) for key, report in reports]})
    else:
        _show_reports([report for _, report in reports])
    if reports and all(report.error for _, report in reports):
        raise typer.Exit(1)


def collect_one(session: Session, newsletter: str) -> list[SourceReport]:
    """Collects one newsletter's sources, with a progress bar; says on stderr what was wrong with them."""
    from newsletter.services.collect import collect as collect_sources

    app = session.app
    sources = app.sources(newsletter)
    with output.progress_bar(f"Reading {newsletter}") as report:
        reports = collect_sources(
            app.database, newsletter, sources, app.clock(), lambda _name, done: report(done, None)
        )
    for one in reports:
        if one.error:
            output.note(f"[yellow]warning:[/] {output.plain(one.name)} could not be read: {output.plain(one.error)}")
        _note_warnings(one)
    return reports


def _note_warnings(report: SourceReport) -> None:
    for sentence in report.warnings[:_SHOWN_WARNINGS]:
        output.note(f"[yellow]warning:[/] {output.plain(report.name)}: {output.plain(sentence)}")
    if (more := len(report.warnings) - _SHOWN_WARNINGS) > 0:
        output.note(f"[dim]… and {count(more, 'more', 'more')} like that in {output.plain(report.name)}[/]")


def posts(
    context: Context,
    newsletter: MaybeNewsletter = None,
    last: Annotated[
        int | None,
        typer.Option("--last", metavar="N", parser=whole_number(1, 1_000_000), help="Only the newest N."),
    ] = None,
    as_json: JsonOption = False,
    with_html: Annotated[bool, typer.Option("--html", help="With --json: each post's body as clean HTML.")] = False,
) -> None:
    """List what was collected, newest first. (It does not collect.)"""
    from newsletter.store import source_states
    from newsletter.store.posts import listing

    session: Session = context.obj
    keys = _keys(session, newsletter)
    with session.app.database.read() as connection:
        found = [post for key in keys for post in listing(connection, key)]
        looked = source_states.known(connection, newsletter)
    found.sort(key=lambda post: post.published, reverse=True)
    if as_json:
        output.answer_json([_post_json(post) | (_html_json(post) if with_html else {}) for post in found[:last]])
    elif found:
        _show_posts(found, last, _zones(session.app, keys))
    elif looked:
        output.say(
            f"No posts: [bold]newsletter collect[/] found none in {output.plain(', '.join(looked))}. "
            "[bold]sources:[/] in config.yaml says where it looks."
        )
    else:
        output.say("No posts yet. [bold]newsletter collect[/] reads the sources.")


def tell_reports(reports: Sequence[SourceReport]) -> None:
    """One line a source beside the answer of a command that collects on its way.

    Where nobody looks on, only of a source that had to skip something.
    """
    for one in reports:
        if one.error or not (one.skipped or sys.stderr.isatty()):
            continue
        changes = [(one.new, "new"), (one.updated, "updated"), (len(one.skipped), "skipped")]
        said = ", ".join([count(one.seen, "post"), *(f"{number:,} {word}" for number, word in changes if number)])
        hint = "; [bold]newsletter collect[/] says why" if one.skipped else ""
        output.note(f"[dim]read[/]   {output.plain(one.name)}: {said}{hint}")


def _keys(session: Session, newsletter: str | None) -> list[str]:
    if newsletter is None:
        return list(session.config.newsletters)
    session.app.newsletter(newsletter)
    return [newsletter]


def report_json(newsletter: str, report: SourceReport) -> dict[str, Any]:
    return {
        "newsletter": newsletter,
        "name": report.name,
        "type": report.type,
        "seen": report.seen,
        "new": report.new,
        "updated": report.updated,
        "skipped": [{"item": skipped.item, "reason": skipped.reason} for skipped in report.skipped],
        "error": report.error,
        "warnings": list(report.warnings),
    }


def _show_reports(reports: Sequence[SourceReport]) -> None:
    if not reports:
        output.say("No sources yet. Name one under [bold]sources:[/] in config.yaml.")
        return
    table = output.table(
        "Source", "Type", ("Seen", "right"), ("New", "right"), ("Updated", "right"), ("Skipped", "right")
    )
    for one in reports:
        numbers = [f"{number:,}" for number in (one.seen, one.new, one.updated, len(one.skipped))]
        table.add_row(output.plain(one.name), one.type, *(["[red]not read[/]", "", "", ""] if one.error else numbers))
    output.show(table)
    for one in reports:
        if one.skipped:
            output.say(f"\nSkipped in {output.plain(one.name)}:")
        for skipped in one.skipped[:_SHOWN_SKIPS]:
            output.say(
                f"  {output.plain(skipped.reason)}"
                if skipped.item in skipped.reason
                else f"  {output.plain(skipped.item)}: {output.plain(skipped.reason)}"
            )
        if (more := len(one.skipped) - _SHOWN_SKIPS) > 0:
            output.say(f"  … and {count(more, 'more', 'more')}; --json lists them all")


def _post_json(post: Post) -> dict[str, Any]:
    from newsletter.text.excerpt import excerpt

    return {
        "source": post.source,
        "path": post.path,
        "url": post.url,
        "title": post.title,
        "published": post.published.isoformat(),
        "updated": post.updated.isoformat() if post.updated else None,
        "categories": list(post.categories),
        "tags": list(post.tags),
        "author": post.author,
        "excerpt": excerpt(post, 40),
        "image": post.image,
        "slug": post.slug,
        "state": post.state.value,
        "story": post.story,
    }


def _html_json(post: Post) -> dict[str, Any]:
    from newsletter.text.body import body_html

    return {"html": body_html(post)}


def _zones(app: App, newsletters: Sequence[str]) -> dict[str, str]:
    """By whose clocks the posts of each source have their days: the site's, else the first edition's."""
    from newsletter.sources.base import zone_of_posts

    return {
        source.name: zone_of_posts(source, app.editions(key)[0].timezone)
        for key in reversed(newsletters)
        for source in app.sources(key)
    }


def _show_posts(found: Sequence[Post], last: int | None, zones: Mapping[str, str]) -> None:
    """On a terminal without the column of sources where there is one for all: that stands below."""
    shown = found[: last or (_SCREENFUL if sys.stdout.isatty() else None)]
    table = output.table(("Published", "whole"), ("State", "whole"), ("Story", "right"), "Title", "Source")
    for post in shown:
        state = post.state.value if post.state.value == "published" else f"[yellow]{post.state.value}[/]"
        published = day(post.published, zones.get(post.source, "UTC"))
        row = (published, state, str(post.story or ""), output.plain(post.title), output.plain(post.source))
        table.add_row(*row)
    sources = {post.source for post in found}
    origin = ""
    if len(sources) == 1 and sys.stdout.isatty():
        table.leave_out("Source")
        origin = f" of {output.plain(*sources)}"
    output.show(table)
    rest = f", the newest {len(shown)} of them above; --last N shows more" if len(shown) < len(found) else ""
    output.say(f"\n{count(len(found), 'post')}{origin}{rest}.")
