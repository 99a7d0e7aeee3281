"""The issues that left the house, as lists show them: without the bytes of their messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from newsletter.domain.issue import NOT_STARTED, Issue, IssueState
from newsletter.store.issues import PUBLIC
from newsletter.store.tables import issues

_PUBLIC = [state.value for state in PUBLIC]
_ONE_BUILD = timedelta(days=1)  # editions of one date, wherever their readers live
_COLUMNS = (
    issues.c.id, issues.c.newsletter, issues.c.edition, issues.c.number, issues.c.state, issues.c.subject,
    issues.c.preheader, issues.c.stories, issues.c.started_at, issues.c.built_at,
    issues.c.scheduled_for, issues.c.edited,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """`at` is when it began to go out, of a draft when it was built; `stories` are (title, url).

    `due` is when a scheduled one is to begin, None of any other; `started` when one began to go out, None of a draft.
    `edited`: it is a draft that somebody edited.
    """

    id: int
    newsletter: str
    edition: str
    number: int
    state: str
    subject: str
    preheader: str
    stories: tuple[tuple[str, str], ...]
    at: datetime
    due: datetime | None = None
    started: datetime | None = None
    edited: bool = False


def sent(connection: Connection, newsletter: str, edition: str, most: int = 1000) -> list[Listed]:
    """What went out to an edition, the newest first."""
    wanted = select(*_COLUMNS).where(issues.c.newsletter == newsletter, issues.c.edition == edition)
    newest = wanted.where(issues.c.state.in_(_PUBLIC)).order_by(issues.c.number.desc()).limit(most)
    return [_listed(row) for row in connection.execute(newest)]


def how_many(connection: Connection, newsletter: str, edition: str) -> tuple[int, datetime | None]:
    """How many issues went out to an edition, and when the newest of them began to."""
    theirs = (issues.c.newsletter == newsletter, issues.c.edition == edition, issues.c.state.in_(_PUBLIC))
    number, latest = connection.execute(select(func.count(), func.max(issues.c.started_at)).where(*theirs)).one()
    return number, latest


def newest(connection: Connection, most: int) -> list[Listed]:
    """Issues of every edition and state, the newest first."""
    return [_listed(row) for row in connection.execute(select(*_COLUMNS).order_by(issues.c.id.desc()).limit(most))]


def same_build(connection: Connection, issue: Issue) -> dict[str, int]:
    """The newsletter's other editions, each with its issue of the same build: the nearest in time, within a day."""
    wanted = select(issues.c.id, issues.c.edition, issues.c.built_at).where(
        issues.c.newsletter == issue.newsletter,
        issues.c.edition != issue.edition,
        issues.c.built_at.between(issue.built_at - _ONE_BUILD, issue.built_at + _ONE_BUILD),
    )
    rows = sorted(connection.execute(wanted), key=lambda row: (-abs(row.built_at - issue.built_at), row.id))
    return {row.edition: row.id for row in rows}


def counts(connection: Connection) -> dict[tuple[str, str, str], int]:
    """How many issues there are for each (newsletter, edition, state)."""
    columns = (issues.c.newsletter, issues.c.edition, issues.c.state)
    rows = connection.execute(select(*columns, func.count()).group_by(*columns))
    return {(newsletter, edition, state): number for newsletter, edition, state, number in rows}


def _listed(row: Any) -> Listed:
    stories = tuple((item["title"], item["url"]) for item in row.stories)
    at = row.started_at or row.built_at
    head = (row.id, row.newsletter, row.edition, row.number, row.state, row.subject, row.preheader)
    due = row.scheduled_for if row.state == IssueState.SCHEDULED.value else None
    edited = row.edited and row.state in NOT_STARTED
    return Listed(*head, stories, at, due, row.started_at, edited)
