"""Issues: drafts and what became of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    and_,
    cast,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from newsletter.domain.delivery import REACHED_STATES
from newsletter.domain.issue import Issue, IssueState, IssueStory, ListedIssue
from newsletter.errors import Busy, NotFound, WrongState
from newsletter.store.tables import deliveries, issues, sent_stories

PUBLIC = (IssueState.SENDING, IssueState.SENT, IssueState.PAUSED)  # what an archive shows: it has left the house

OVER = select(issues.c.id).where(issues.c.state.in_([IssueState.SENT.value, IssueState.CANCELLED.value]))
"""The numbers of the issues of which nothing more is begun."""

_REACHED = [state.value for state in REACHED_STATES]
_LARGEST = 2**63 - 1  # what a database's number holds


def get(connection: Connection, issue_id: int) -> Issue:
    """Raises NotFound."""
    return _got(connection, issue_id, select(issues))


def held(connection: Connection, issue_id: int) -> Issue:
    """The same; on PostgreSQL nobody else changes it before this transaction ends. Raises NotFound."""
    return _got(connection, issue_id, select(issues).with_for_update())


def _got(connection: Connection, issue_id: int, every: Select[Any]) -> Issue:
    wanted = every.where(issues.c.id == issue_id)
    row = connection.execute(wanted).first() if issue_id <= _LARGEST else None
    if row is None:
        raise NotFound(f"there is no issue {issue_id}; `newsletter issues` lists them.")
    return _issue(row)


def listing(
    connection: Connection,
    newsletter: str | None = None,
    edition: str | None = None,
    states: Collection[IssueState] = tuple(IssueState),
    most: int | None = None,
) -> list[ListedIssue]:
    """The newest first, without their bytes; None stands for all."""
    columns: list[ColumnElement[Any]] = [column for column in issues.c if column.name not in ("html", "text")]
    columns.append(_size(connection, issues.c.html).label("html_bytes"))
    wanted = select(*columns).order_by(issues.c.id.desc())
    wanted = wanted.where(issues.c.state.in_([state.value for state in states])).limit(most)
    if newsletter is not None:
        wanted = wanted.where(issues.c.newsletter == newsletter)
    if edition is not None:
        wanted = wanted.where(issues.c.edition == edition)
    return [ListedIssue(**_values(row)) for row in connection.execute(wanted)]


def by_number(connection: Connection, newsletter: str, edition: str, number: int) -> Issue:
    """An issue that readers have, so that its "view online" opens. Raises NotFound, for one that never left too.

    A cancelled one is among them when it had reached somebody; no list of the archive shows it.
    """
    reached = select(deliveries.c.id).where(deliveries.c.issue == issues.c.id, deliveries.c.state.in_(_REACHED))
    cut_short = and_(issues.c.state == IssueState.CANCELLED.value, reached.exists())
    wanted = select(issues).where(issues.c.newsletter == newsletter, issues.c.edition == edition)
    wanted = wanted.where(
        issues.c.number == number, or_(issues.c.state.in_([state.value for state in PUBLIC]), cut_short)
    )
    row = connection.execute(wanted).first()
    if row is None:
        raise NotFound(f"{newsletter} has no issue {number} in its archive.")
    return _issue(row)


def draft(connection: Connection, newsletter: str, edition: str) -> Issue | None:
    """The edition's unsent draft, the newest if there were several."""
    theirs = and_(issues.c.newsletter == newsletter, issues.c.edition == edition)
    wanted = select(issues).where(theirs, issues.c.state == IssueState.DRAFT.value).order_by(issues.c.id.desc())
    row = connection.execute(wanted.limit(1)).first()
    return _issue(row) if row else None


def former_subject(connection: Connection, issue: Issue) -> str:
    """The subject of the issue that its edition's readers had before this one, "" when there was none."""
    wanted = select(issues.c.subject).where(
        issues.c.newsletter == issue.newsletter,
        issues.c.edition == issue.edition,
        issues.c.number < issue.number,
        issues.c.state.in_([state.value for state in PUBLIC]),
    )
    return str(connection.scalar(wanted.order_by(issues.c.number.desc()).limit(1)) or "")


def due(connection: Connection, now: datetime) -> list[Issue]:
    """Scheduled issues whose time has come, the longest waiting first."""
    wanted = select(issues).where(issues.c.state == IssueState.SCHEDULED.value, issues.c.scheduled_for <= now)
    return [_issue(row) for row in connection.execute(wanted.order_by(issues.c.scheduled_for, issues.c.id))]


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """When the next of the scheduled issues falls due, later than now."""
    wanted = select(func.min(issues.c.scheduled_for)).where(issues.c.state == IssueState.SCHEDULED.value)
    found: datetime | None = connection.scalar(wanted.where(issues.c.scheduled_for > now))
    return found


def next_number(connection: Connection, newsletter: str, edition: str) -> int:
    """Numbers count from 1 in each edition; that of a cancelled issue is not given again."""
    wanted = select(func.max(issues.c.number)).where(issues.c.newsletter == newsletter, issues.c.edition == edition)
    return (connection.scalar(wanted) or 0) + 1


def save_draft(connection: Connection, issue: Issue) -> Issue:
    """Stores a new draft (id 0: it gets one), or puts new content into the draft that it was.

    Raises WrongState when the draft was started or cancelled meanwhile, or edited and this is no edit; Busy when
    another process made one.
    """
    row = {**asdict(issue), "state": issue.state.value, "notes": list(issue.notes), "unread": list(issue.unread)}
    row["stories"] = [{**asdict(story), "also": list(story.also)} for story in issue.stories]
    del row["id"]
    if issue.id:
        theirs = (issues.c.id == issue.id, issues.c.state == IssueState.DRAFT.value)
        untouched = true() if issue.edited else issues.c.edited.is_(False)
        if connection.execute(update(issues).where(*theirs, untouched).values(row)).rowcount != 1:
            raise WrongState(f"issue {issue.id} is no draft that may be rebuilt any more; see `newsletter issues`.")
        return issue
    try:
        made = connection.execute(insert(issues).values(row).returning(issues.c.id)).scalar_one()
    except IntegrityError:
        raise Busy(f"another process is building {issue.newsletter} for {issue.edition}; try again.") from None
    return get(connection, made)


def forget_edits(connection: Connection, issue_id: int) -> None:
    """The draft may be rebuilt again, with the note and the subject line that any would get."""
    theirs = (issues.c.id == issue_id, issues.c.state == IssueState.DRAFT.value)
    none_given = {"edited": False, "note": "", "note_once": False, "own_subject": ""}
    connection.execute(update(issues).where(*theirs).values(none_given))


def move(
    connection: Connection, issue_id: int, out_of: Collection[IssueState], to: IssueState, **values: object
) -> bool:
    """Moves an issue to a state, with columns of its row, if it is in one of `out_of` now; False when it is not."""
    wanted = update(issues).where(issues.c.id == issue_id, issues.c.state.in_([state.value for state in out_of]))
    return connection.execute(wanted.values(state=to.value, **values)).rowcount == 1


def started_at(connection: Connection, issue_id: int) -> datetime | None:
    """When the issue began to go out; None of one that did not, or is not there."""
    found: datetime | None = connection.scalar(select(issues.c.started_at).where(issues.c.id == issue_id))
    return found


def started_since(connection: Connection, newsletter: str, edition: str, moment: datetime) -> int | None:
    """The latest issue of the edition whose sending began then or later."""
    theirs = (issues.c.newsletter == newsletter, issues.c.edition == edition, issues.c.started_at >= moment)
    found: int | None = connection.scalar(select(func.max(issues.c.id)).where(*theirs))
    return found


def sent(connection: Connection, newsletter: str, edition: str) -> dict[int, int]:
    """The stories that went to the edition, each with its issue's id."""
    wanted = select(sent_stories.c.story, sent_stories.c.issue)
    wanted = wanted.where(sent_stories.c.newsletter == newsletter, sent_stories.c.edition == edition)
    return {row.story: row.issue for row in connection.execute(wanted)}


def reserved(connection: Connection, newsletter: str, edition: str) -> dict[int, int]:
    """Stories of the edition's scheduled issues, each with the issue's id: they are as good as sent."""
    theirs = and_(issues.c.newsletter == newsletter, issues.c.edition == edition)
    wanted = select(issues.c.id, issues.c.stories).where(theirs, issues.c.state == IssueState.SCHEDULED.value)
    return {story["story"]: row.id for row in connection.execute(wanted) for story in row.stories}


def with_note(connection: Connection, newsletter: str, edition: str, words: str) -> int | None:
    """The id of the edition's first issue that went out, or is to go at a set time, with these words as its note.

    One that was cancelled before it reached anybody gave its stories back, and its note with them.
    """
    told = select(sent_stories.c.story).where(sent_stories.c.issue == issues.c.id).exists()
    went = and_(issues.c.started_at.is_not(None), or_(issues.c.state != IssueState.CANCELLED.value, told))
    gone = or_(went, issues.c.state == IssueState.SCHEDULED.value)
    wanted = select(func.min(issues.c.id)).where(issues.c.newsletter == newsletter, issues.c.edition == edition)
    found: int | None = connection.scalar(wanted.where(issues.c.note == words, gone))
    return found


def _size(connection: Connection, column: ColumnElement[str]) -> ColumnElement[int]:
    """In SQL: how many bytes a text has."""
    if connection.dialect.name == "sqlite":
        return func.length(cast(column, LargeBinary))
    return func.octet_length(column)


def _issue(row: Row[Any]) -> Issue:
    return Issue(**_values(row))


def _values(row: Row[Any]) -> dict[str, Any]:
    values = row._asdict()
    stories = tuple(
        IssueStory(item["story"], item["title"], item["url"], tuple(item["also"]), item.get("said", ""))
        for item in values["stories"]
    )
    notes = {name: tuple(values[name]) for name in ("notes", "unread")}
    return {**values, "state": IssueState(values["state"]), "stories": stories, **notes}
