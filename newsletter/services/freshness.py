"""Whether a draft still says what its posts say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.edition import Edition
from newsletter.domain.issue import NOT_STARTED, Issue
from newsletter.domain.ranking import Candidate
from newsletter.services.choosing import still_open
from newsletter.store import deliveries, posts


@dataclass(frozen=True, slots=True)
class Basis:
    """What `changed` hangs on: the stories that are still there, and a fingerprint of each post that speaks for one."""

    stories: tuple[Candidate, ...]
    posts: tuple[str, ...]


def basis(connection: Connection, edition: Edition, issue: Issue, now: datetime) -> Basis | None:
    """While it is the same, so is the answer of `changed`, which costs a hundred times as much.

    None for an issue that goes out, or did: nothing of it changes any more.
    """
    if deliveries.issue_state(connection, issue.id) not in NOT_STARTED:  # as it is now: somebody may have sent it
        return None
    there = still_open(connection, edition, issue, now)
    chosen = tuple(there[story.story] for story in issue.stories if story.story in there)
    fingerprint = posts.fingerprints_of(connection, [one.speaker.post for one in chosen])
    return Basis(chosen, tuple(fingerprint[one.speaker.post] for one in chosen))


def changed(connection: Connection, edition: Edition, issue: Issue, now: datetime) -> tuple[str, ...]:
    """The titles of the stories of which readers would see something else if it were built now, or nothing.

    As collected: nobody reads the sources. Nothing changes any more once it goes out.
    """
    from newsletter.services.drafting import Plan, digest_of, said  # a third of what `send` would have to load

    made_from = basis(connection, edition, issue, now)
    if made_from is None:
        return ()
    by_now: dict[int, str] = {}
    if made_from.stories:
        digest = digest_of(connection, edition, issue.number, Plan(made_from.stories, issue.as_of, issue))
        by_now = {story.story: said(story) for story in digest.stories}
    return tuple(story.title for story in issue.stories if story.said and story.said != by_now.get(story.story))
