"""Which stories may go to an edition, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.edition import Edition
from newsletter.domain.issue import IssueHead
from newsletter.domain.ranking import Candidate, Ranked, Version, candidate, rank
from newsletter.store import candidates, issues


def ranked(connection: Connection, edition: Edition, as_of: datetime, own: int = 0) -> list[Ranked]:
    """Every story that may go to the edition, the best first; the first `max_stories` of them go.

    None of those of a scheduled issue, unless that is the `own` one.
    """
    taken = _taken(connection, edition, own)
    told: dict[int, list[Version]] = defaultdict(list)
    for story, version in candidates.told(connection, edition.newsletter, as_of - edition.lookback, as_of):
        if story not in taken and wanted(edition, version.categories):
            told[story].append(version)
    found: list[Candidate] = [candidate(story, versions) for story, versions in told.items()]
    return rank(found, edition.weights, as_of, edition.lookback)


def still_open(connection: Connection, edition: Edition, draft: IssueHead, now: datetime) -> dict[int, Candidate]:
    """Those of the draft's stories that may go to the edition by now, by story."""
    taken = _taken(connection, edition, draft.id)
    since = draft.as_of - edition.lookback
    told: dict[int, list[Version]] = defaultdict(list)
    asked = [story.story for story in draft.stories if story.story not in taken]
    for story, version in candidates.of_stories(connection, asked, max(now, draft.as_of)):
        if version.published >= since and wanted(edition, version.categories):
            told[story].append(version)
    return {story: candidate(story, versions) for story, versions in told.items()}


def every_open(connection: Connection, edition: Edition, draft: IssueHead, now: datetime) -> list[Candidate]:
    """What may go into the draft: what it could be built from, and what is new since."""
    moments = (draft.as_of, max(now, draft.as_of))
    found = {one.candidate.story: one.candidate for at in moments for one in ranked(connection, edition, at, draft.id)}
    return list(found.values())


def _taken(connection: Connection, edition: Edition, own: int) -> set[int]:
    reserved = issues.reserved(connection, edition.newsletter, edition.key)
    elsewhere = {story for story, issue in reserved.items() if issue != own}
    return elsewhere | issues.sent(connection, edition.newsletter, edition.key).keys()


def wanted(edition: Edition, categories: Iterable[str]) -> bool:
    """Whether a post of these categories passes the edition's filter; capitals do not matter."""
    held = {category.casefold() for category in categories}
    if unwanted(edition, held):
        return False
    return not edition.categories or bool(held & {category.casefold() for category in edition.categories})


def unwanted(edition: Edition, categories: Iterable[str]) -> bool:
    """Whether the edition leaves these categories out, as another version of a story too."""
    left_out = {category.casefold() for category in edition.without_categories}
    return any(category.casefold() in left_out for category in categories)
