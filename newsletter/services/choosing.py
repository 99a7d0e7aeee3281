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
    taken = issues.sent(connection, edition.newsletter, edition.key)
    reserved = issues.reserved(connection, edition.newsletter, edition.key)
    taken |= {story: issue for story, issue in reserved.items() if issue != own}
    told: dict[int, list[Version]] = defaultdict(list)
    for story, version in candidates.told(connection, edition.newsletter, as_of - edition.lookback, as_of):
        if story not in taken and wanted(edition, version.categories):
            told[story].append(version)
    found: list[Candidate] = [candidate(story, versions) for story, versions in told.items()]
    return rank(found, edition.weights, as_of, edition.lookback)


def open_stories(connection: Connection, edition: Edition, draft: IssueHead, now: datetime) -> dict[int, Candidate]:
    """What may go into the draft, by story: what it could be built from, and what is new since."""
    moments = (draft.as_of, max(now, draft.as_of))
    return {one.candidate.story: one.candidate for at in moments for one in ranked(connection, edition, at, draft.id)}


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
