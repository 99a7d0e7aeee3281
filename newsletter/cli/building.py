"""`build`: a draft for each edition, and why there is none where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import findings, output, sheets
from newsletter.cli.posts import collect_one, tell_reports
from newsletter.cli.session import Context, EditionOption, JsonOption, NewsletterArgument, Session, only_newsletter
from newsletter.cli.times import as_of_moment
from newsletter.cli.words import count, length
from newsletter.errors import NewsletterError
from newsletter.text.clocks import day, moment

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.issue import Issue, ListedIssue

PANEL = "Issues"

AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="ISO",
        help="Only posts published by then (now): a date, with all of that day, or a time, UTC without an offset.",
    ),
]


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(build)


def build(
    context: Context,
    newsletter: NewsletterArgument = None,
    edition: EditionOption = None,
    as_of: AsOfOption = None,
    note: Annotated[
        str | None,
        typer.Option("--note", metavar="FILE", help="A Markdown file with a note for this draft; - reads stdin."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Collect, then freeze a draft issue for each edition that has something new. Nothing is sent."""
    from newsletter.checking import judge

    upto = as_of_moment(as_of) if as_of else None
    key = only_newsletter(context.obj, newsletter)
    issues = build_drafts(context.obj, key, edition, upto, note)
    kept = _kept(context.obj.app, key, edition, issues)
    lacking = _lacking(context.obj.app, key, edition, [*issues, *kept])
    scheduled = _scheduled(context.obj.app, key, edition)
    judged = [judge(context.obj.app, issue) for issue in issues]
    if as_json:
        _tell_kept(context.obj.app, kept, output.note)
        _tell_lacking(lacking, output.note)
        _tell_scheduled(context.obj, scheduled, output.note)
        _tell_edited(issues, note, output.note)
        _tell_strays(context.obj.app, key)
        output.answer_json({"issues": [sheets.issue_json(issue) for issue in issues]})
        return
    if not issues:
        _explain(context.obj.app, key, upto, "no new draft" if kept else "no draft")
    _tell_kept(context.obj.app, kept, output.say)
    _tell_scheduled(context.obj, scheduled, output.say)
    _tell_edited(issues, note, output.say)
    for issue, found in zip(issues, judged, strict=True):
        sheets.show_issue(context.obj, issue)
        findings.note_findings(issue.id, [one for one in found if one.rule != "left_out"])  # told with the issue
    _tell_lacking(lacking, output.say)
    _tell_strays(context.obj.app, key)
    if issues:
        _tell_next([issue.id for issue in issues])


def build_drafts(
    session: Session, newsletter: str, edition: str | None, as_of: datetime | None, note: str | None = None
) -> list[Issue]:
    """Collects and builds; a source that could not be read is noted in each draft. `note` is the file of one."""
    from newsletter.illustrating import illustrator
    from newsletter.note_file import note_given, note_of
    from newsletter.services.publish import build as build_issue

    app = session.app
    editions = [app.edition(newsletter, edition)] if edition else app.editions(newsletter)
    given = note_given(note) if note is not None else None
    held = {each.key: given or note_of(app, newsletter, each.key) for each in editions}
    reports = collect_one(session, newsletter)
    tell_reports(reports)
    notes = [f"{one.name} could not be read: {one.error}" for one in reports if one.error]
    now = app.clock()
    until = as_of or now
    with output.waiting("Building …") as tell:

        def asking(host: str) -> None:
            tell(f"Fetching pictures from {host} …")

        made = [
            build_issue(
                app.database, one, app.renderer, now, until, notes, illustrator(app, one, asking), note=held[one.key]
            )
            for one in editions
        ]
    issues = [issue for issue in made if issue]
    if not issues and reports and all(one.error for one in reports):
        raise NewsletterError(
            f"no source of {newsletter} could be read, so no draft was built; see the warnings above."
        )
    return issues


def _tell_strays(app: App, newsletter: str) -> None:
    """Readers of this newsletter who get none of its editions any more."""
    from newsletter.strays import strays

    for one in strays(app):
        if one.place.newsletter == newsletter:
            output.note(f"[yellow]warning:[/] {output.plain(one.told)} {output.plain(one.remedy)}")


def _kept(app: App, newsletter: str, edition: str | None, made: Sequence[Issue]) -> list[Issue]:
    """Drafts of before that found nothing to be rebuilt from: whether they go out is for a person to say."""
    from newsletter.store import issues

    keys = [edition] if edition else list(app.newsletter(newsletter).editions)
    built = {issue.edition for issue in made}
    with app.database.read() as connection:
        drafts = [issues.draft(connection, newsletter, key) for key in keys if key not in built]
    return [draft for draft in drafts if draft]


def _tell_kept(app: App, kept: Sequence[Issue], tell: Callable[[str], None]) -> None:
    for draft in kept:
        tell(
            f"Issue {draft.id} for {output.plain(draft.edition)}, a draft built before, stays as it is: "
            f"{output.plain(draft.subject)} ({count(len(draft.stories), 'story', 'stories')}, "
            f"as of {moment(draft.as_of, app.zone(draft.newsletter, draft.edition))}).\n"
            f"[bold]newsletter send {draft.id}[/] sends it, [bold]newsletter cancel {draft.id}[/] drops it."
        )


def _lacking(app: App, newsletter: str, edition: str | None, drafts: Sequence[Issue]) -> list[str]:
    """The editions without a draft, where another has one: where none has, `_explain` says why."""
    keys = [edition] if edition else list(app.newsletter(newsletter).editions)
    there = {draft.edition for draft in drafts}
    return [key for key in keys if key not in there] if there else []


def _tell_lacking(editions: Sequence[str], tell: Callable[[str], None]) -> None:
    for key in editions:
        tell(f"Nothing new for {output.plain(key)}, so it has no draft; [bold]newsletter why URL-or-PATH[/] explains.")


def _tell_next(ids: Sequence[int]) -> None:
    first, *others = ids
    same = f"; the same for {', '.join(map(str, others))}" if others else ""
    output.say(f"\nNext: [bold]newsletter preview {first} --open[/], then [bold]newsletter send {first}[/]{same}.")


def _scheduled(app: App, newsletter: str, edition: str | None) -> list[ListedIssue]:
    """Issues that wait for a time of their own: they stay as they are, and no draft takes their stories."""
    from newsletter.domain.issue import IssueState
    from newsletter.store import issues

    with app.database.read() as connection:
        return issues.listing(connection, newsletter, edition, [IssueState.SCHEDULED])


def _tell_scheduled(session: Session, scheduled: Sequence[ListedIssue], tell: Callable[[str], None]) -> None:
    for issue in scheduled:
        zone = session.app.zone(issue.newsletter, issue.edition)
        when = f" on {moment(issue.scheduled_for, zone)}" if issue.scheduled_for else ""
        stories = count(len(issue.stories), "story", "stories")
        tell(f"Issue {issue.id} for {output.plain(issue.edition)} goes out{when} as it is, with its {stories}.")


def _tell_edited(drafts: Sequence[Issue], note: str | None, tell: Callable[[str], None]) -> None:
    for draft in [draft for draft in drafts if draft.edited]:
        edit = f"newsletter edit {draft.id}"
        what = "was edited, and stays as it is" if note is None else "was edited, and did not get the note"
        words = f"; [bold]{edit} --note {output.plain(note)}[/] gives it one" if note is not None else ""
        anew = f"[bold]{edit} --undo[/] builds it anew"
        tell(f"Issue {draft.id} for {output.plain(draft.edition)} {what}{words}; {anew}.")


def _explain(app: App, newsletter: str, as_of: datetime | None, lacking: str) -> None:
    """Why there is no draft, and what the operator of an old archive may do about it."""
    from newsletter.store.posts import newest

    until, lookback = as_of or app.clock(), app.newsletter(newsletter).lookback
    with app.database.read() as connection:
        last = newest(connection, newsletter, until)
    if last is None:
        output.say(f"Nothing new, so there is {lacking}: {_no_post(app, newsletter, until)}")
        return
    reach = length(lookback)
    if last < until - lookback:
        that_day = last.astimezone(UTC).date()
        output.say(
            f"Nothing new, so there is {lacking}: the newest post is of {day(last, 'UTC')}, "
            f"and `lookback` is {reach}.\n"
            f"[bold]newsletter build {output.plain(newsletter)} --as-of {that_day}[/] builds as if it were that day; "
            "a longer `lookback` in config.yaml reaches further."
        )
        return
    output.say(
        f"Nothing new, so there is {lacking}: every post of the last {reach} has gone out in an issue, waits in one, "
        "or is left out.\n"
        "[bold]newsletter why URL-or-PATH[/] explains a post; --as-of builds as if it were another day."
    )


def _no_post(app: App, newsletter: str, until: datetime) -> str:
    from newsletter.store.posts import are_there

    names = output.plain(", ".join(source.name for source in app.sources(newsletter)))
    if not names:
        return f"{output.plain(newsletter)} has no sources. Name one under [bold]sources:[/] in config.yaml."
    with app.database.read() as connection:
        some = are_there(connection, newsletter)
    if some:
        when = moment(until, app.editions(newsletter)[0].timezone)
        return f"no post in {names} was published by {when}. [bold]newsletter posts[/] lists them."
    return f"no post was found in {names}. [bold]sources:[/] in config.yaml says where it looks."
