"""`skip`: no issue on the schedule's next date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, EditionOption, JsonOption, NewsletterArgument, Session, only_newsletter
from newsletter.errors import NewsletterError
from newsletter.text.clocks import moment

if TYPE_CHECKING:
    from newsletter.domain.edition import EditionKey
    from newsletter.domain.occurrence import Occurrence, Schedule

PANEL = "Run"


def register(cli: typer.Typer) -> None:
    cli.command(rich_help_panel=PANEL)(skip)


def skip(
    context: Context,
    newsletter: NewsletterArgument = None,
    edition: EditionOption = None,
    undo: Annotated[
        bool,
        typer.Option("--undo", help="Let every date to come that was skipped run after all, and a run let go late."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Let the schedule's next date go: nothing is built or sent then. Once more skips the one after it, too.

    A run that was missed, or failed, and is still to be made up for goes first. What would have gone out waits for the
    date after that. An issue is still sent by `send`, or by `send --at`.
    """
    session: Session = context.obj
    key = only_newsletter(session, newsletter)
    places = list(_scheduled(session, key, edition))
    if not places:
        whose = f"edition {edition} of {key}" if edition else key
        raise NewsletterError(f"{whose} has no schedule, so there is nothing to skip; `newsletter schedule` lists all.")
    tell = output.note if as_json else output.say
    answer: list[dict[str, Any]] = []
    under_way: list[str] = []
    for place, own in places:
        done = (_undone if undo else _skipped)(session, place, own)
        if done is None:
            under_way.append(f"{place.newsletter} {place.edition}")
            continue
        words, told = done
        tell(f"{output.plain(f'{place.newsletter} {place.edition}')}: {words}")
        answer += told
    if as_json:
        output.answer_json(answer)
    if under_way:
        raise NewsletterError(
            f"{', '.join(under_way)}: that date is under way or was skipped this moment; `newsletter issues` and "
            "`schedule` tell."
        )


def _scheduled(session: Session, newsletter: str, edition: str | None) -> Iterator[tuple[EditionKey, Schedule]]:
    from newsletter.domain.edition import EditionKey

    app = session.app
    for each in [app.edition(newsletter, edition)] if edition else app.editions(newsletter):
        if own := app.schedule(newsletter, each.key):
            yield EditionKey(newsletter, each.key), own


def _skipped(session: Session, place: EditionKey, schedule: Schedule) -> tuple[str, list[dict[str, Any]]] | None:
    """What is told, in words and in JSON; None when another process was faster."""
    from newsletter.services.due import coming
    from newsletter.services.due import skip as skip_next

    app, now = session.app, session.app.clock()
    gone = skip_next(app.database, place, schedule, now)
    if gone is None:
        return None
    after = next(coming(app.database, place, schedule, now), None)
    goes_on = f"The next one goes on {moment(after.at, schedule.timezone)}." if after else "None comes after it."
    let_go = moment(gone.at, schedule.timezone)
    is_late = f"the run of [bold]{let_go}[/], which was still to be made up for, is let go."
    words = is_late if gone.at <= now else f"nothing goes on [bold]{let_go}[/]."
    return f"{words} {goes_on}", [_json(place, gone)]


def _undone(session: Session, place: EditionKey, schedule: Schedule) -> tuple[str, list[dict[str, Any]]]:
    from newsletter.services.due import run_after_all

    now = session.app.clock()
    back = run_after_all(session.app.database, place, schedule, now)
    told = []
    if back and back[0].at <= now:
        told.append(f"the run of {moment(back[0].at, schedule.timezone)} is made up for after all.")
    if dates := [moment(one.at, schedule.timezone) for one in back if one.at > now]:
        told.append(f"on again: {', '.join(dates)}.")
    return " ".join(told) or "no date to come was skipped.", [_json(place, one) for one in back]


def _json(place: EditionKey, one: Occurrence) -> dict[str, Any]:
    named = {"newsletter": place.newsletter, "edition": place.edition}
    return {**named, "date": one.local_date.isoformat(), "at": one.at.isoformat()}
