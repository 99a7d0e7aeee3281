"""What the schedule does next with an edition whose issue somebody has in hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter.cli import output
from newsletter.cli.words import distance

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.issue import Issue
    from newsletter.domain.occurrence import Occurrence


def say_what_comes_next(app: App, issue: Issue) -> None:
    """What was sent by hand takes no place of the schedule: the same readers may get another one today."""
    following = _following(app, issue)
    if following and following.at - app.clock() <= timedelta(days=1):
        whose, when = output.plain(f"{issue.newsletter} {issue.edition}"), _when(app, issue, following)
        output.note(f"The schedule sends the next issue of {whose} {distance(following.at - app.clock())}, on {when}.")


def say_that_it_comes_back(app: App, draft: Issue) -> None:
    """Who cancels a draft may think that nothing goes out now."""
    if following := _following(app, draft):
        again = f"The schedule makes another issue of what is new on {_when(app, draft, following)}"
        let_go = f"newsletter skip {draft.newsletter} --edition {draft.edition}"
        output.note(f"{again}; [bold]{output.plain(let_go)}[/] lets that date go.")


def _following(app: App, issue: Issue) -> Occurrence | None:
    """When the schedule of its edition falls due next; None for one without, or one that config.yaml has not."""
    from newsletter.domain.edition import EditionKey
    from newsletter.services.due import coming

    if not app.has_edition(issue.newsletter, issue.edition):
        return None
    if (schedule := app.schedule(issue.newsletter, issue.edition)) is None:
        return None
    return next(coming(app.database, EditionKey(issue.newsletter, issue.edition), schedule, app.clock()), None)


def _when(app: App, issue: Issue, occurrence: Occurrence) -> str:
    from newsletter.text.clocks import moment

    return moment(occurrence.at, app.zone(issue.newsletter, issue.edition))
