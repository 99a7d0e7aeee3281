"""Whether a draft still says what its posts say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue, IssueState
from newsletter.services.choosing import still_open
from newsletter.services.drafting import Plan, digest_of, said
from newsletter.store import deliveries

_BEFORE_SENDING = (IssueState.DRAFT, IssueState.SCHEDULED)


def changed(connection: Connection, edition: Edition, issue: Issue, now: datetime) -> tuple[str, ...]:
    """The titles of the stories of which readers would see something else if it were built now, or nothing.

    As collected: nobody reads the sources. Nothing changes any more once it goes out.
    """
    if deliveries.issue_state(connection, issue.id) not in _BEFORE_SENDING:  # as it is now: somebody may have sent it
        return ()
    there = still_open(connection, edition, issue, now)
    chosen = [there[story.story] for story in issue.stories if story.story in there]
    by_now: dict[int, str] = {}
    if chosen:
        digest = digest_of(connection, edition, issue.number, Plan(chosen, issue.as_of, issue))
        by_now = {story.story: said(story) for story in digest.stories}
    return tuple(story.title for story in issue.stories if story.said and story.said != by_now.get(story.story))
