"""An editor's changes to a draft: which stories, which comes first, another subject line, a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue, IssueState, IssueStory
from newsletter.domain.note import EditorNote
from newsletter.domain.ranking import Candidate
from newsletter.domain.urls import canonical
from newsletter.errors import NotFound, WrongState, repeated
from newsletter.services.choosing import every_open, still_open
from newsletter.services.drafting import Plan, Renderer, write
from newsletter.services.illustrate import Illustrator
from newsletter.store import issues
from newsletter.store.database import Database

_MOST_DIGITS = 6  # of a story's number


@dataclass(frozen=True, slots=True)
class Edits:
    """What is to be changed; None and () leave things as they are.

    A story is named by its number in the issue, counted from 1, or by the address of its post; one to `add` by its
    address. `subject` "" brings the template's back. A `note` without words takes the draft's away.
    """

    subject: str | None = None
    without: Sequence[str] = ()
    add: Sequence[str] = ()
    lead: str | None = None
    note: EditorNote | None = None

    def __bool__(self) -> bool:
        return self != Edits()


def edit(
    database: Database,
    edition: Edition,
    renderer: Renderer,
    issue_id: int,
    edits: Edits,
    now: datetime,
    illustrator: Illustrator | None = None,
) -> Issue:
    """The draft with the changes, written anew from its posts as they are by now; no `build` touches it from here on.

    A story whose post is gone, or may not go to the edition any more, is not in it. What is left out may come in the
    next issue. Raises NotFound for a story that there is not, WrongState for an issue that is no draft or would hold
    nothing; else as `drafting.write`.
    """

    def plan(connection: Connection) -> Plan:
        former = _draft(connection, issue_id)
        there = still_open(connection, edition, former, now)
        present = [there[one.story] for one in former.stories if one.story in there]
        others = every_open(connection, edition, former, now) if edits.add else ()
        subject = former.own_subject if edits.subject is None else edits.subject
        note = edits.note or EditorNote(former.note, "", former.note_once)
        chosen = _chosen(former, present, others, edits)
        gone = _gone(former, there, edits)
        return Plan(chosen, former.as_of, former, former.unread, note, subject, edited=True, remarks=gone)

    edited = write(database, edition, renderer, now, illustrator, plan)
    assert edited is not None
    return edited


def undo(database: Database, issue_id: int) -> Issue:
    """From here on the draft is one that `build` makes anew. Raises NotFound, WrongState."""
    with database.write() as connection:
        draft = _draft(connection, issue_id)
        issues.forget_edits(connection, issue_id)
    return draft


def _draft(connection: Connection, issue_id: int) -> Issue:
    found = issues.held(connection, issue_id)  # two edits at once: the second one sees the first
    if found.state is IssueState.SCHEDULED:
        remedy = f"`newsletter pause {issue_id}` makes it a draft again."
        raise WrongState(f"issue {issue_id} has a time of its own, and goes out as it is. {remedy}")
    if found.state is not IssueState.DRAFT:
        raise WrongState(f"issue {issue_id} is {found.state}; only a draft can be edited.")
    return found


def _chosen(
    former: Issue, present: Sequence[Candidate], open_ones: Sequence[Candidate], edits: Edits
) -> Sequence[Candidate]:
    left_out = {_named(former, wanted).story for wanted in edits.without}
    chosen = [item for item in present if item.story not in left_out]
    for address in edits.add:
        added = _told_at(address, open_ones)
        if added is None:
            remedy = "`newsletter why` says what keeps a post from it, and `newsletter posts` lists what there is."
            raise NotFound(f"no story that may go to {former.edition} is told at {repeated(address)}; {remedy}")
        if added not in chosen:
            chosen.append(added)
    if edits.lead is not None:
        first = _told_at(edits.lead, chosen) or _numbered(former, chosen, edits.lead)
        chosen = [first, *(item for item in chosen if item is not first)]
    if not chosen:
        raise WrongState(f"issue {former.id} would hold nothing; `newsletter cancel {former.id}` drops the draft.")
    return chosen


def _gone(former: Issue, there: Mapping[int, Candidate], edits: Edits) -> tuple[str, ...]:
    """What nobody asked to be left out, and is."""
    named = {_named(former, wanted).story for wanted in edits.without}
    lost = [story.title for story in former.stories if story.story not in there and story.story not in named]
    return tuple(f"“{title}” is not in it any more: its post is gone, or may not go to this edition." for title in lost)


def _numbered(former: Issue, chosen: Sequence[Candidate], wanted: str) -> Candidate:
    story = _named(former, wanted)
    found = next((item for item in chosen if item.story == story.story), None)
    if found is None:
        raise NotFound(f"“{story.title}” cannot lead issue {former.id}: it is not in it any more.")
    return found


def _told_at(address: str, items: Sequence[Candidate]) -> Candidate | None:
    page = canonical(address)
    told = (item for item in items if any(canonical(version.url) == page for version in item.versions))
    return next(told, None) if "://" in address else None


def _named(issue: Issue, wanted: str) -> IssueStory:
    """By its number, or the address of any of its versions."""
    stories = issue.stories
    if wanted.isdecimal() and len(wanted) < _MOST_DIGITS and 1 <= int(wanted) <= len(stories):
        return stories[int(wanted) - 1]
    page = canonical(wanted)
    for story in stories:
        if "://" in wanted and page in {canonical(address) for address in (story.url, *(a["url"] for a in story.also))}:
            return story
    which = f"has {len(stories)} stories" if len(stories) > 1 else "has 1 story"
    remedy = f"`newsletter show {issue.id}` numbers them"
    raise NotFound(f"there is no story {repeated(wanted)} in issue {issue.id}, which {which}; {remedy}.")
