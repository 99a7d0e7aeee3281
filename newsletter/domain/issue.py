"""An issue: a digest rendered, numbered and frozen for one edition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BY_HAND = "paused by hand"  # the reason of an issue that an operator paused


class IssueState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    PAUSED = "paused"
    CANCELLED = "cancelled"


NOT_STARTED = (IssueState.DRAFT, IssueState.SCHEDULED)


@dataclass(frozen=True, slots=True)
class IssueStory:
    """A story as it stands in an issue; `also` holds {"title","url","source"} of the versions behind it.

    `said` stands for what its post said when the issue was built (services.freshness); "" in issues of early versions.
    """

    story: int
    title: str
    url: str
    also: tuple[dict[str, str], ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueHead:
    """An issue without the bytes of its message.

    `hash` is the SHA-256 of subject, preheader, html and text; `notes` say what a reader of the draft should
    know (a source that could not be read). `reason` says why it is paused. `note` are the words of the editor's note
    in it, "" for none; `note_once` when they were given for this one issue (domain.note.EditorNote). `own_subject` are
    the editor's words for the subject line, "" for those of the template; `unread` is what of `notes` tells of sources.
    """

    id: int
    newsletter: str
    edition: str
    number: int
    state: IssueState
    subject: str
    preheader: str
    hash: str
    stories: tuple[IssueStory, ...]
    built_at: datetime
    as_of: datetime
    scheduled_for: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    edited: bool = False
    note: str = ""
    note_once: bool = False
    own_subject: str = ""
    unread: tuple[str, ...] = ()

    @property
    def is_ahead(self) -> bool:
        """Built as if it were a day that was still to come, to see what that would bring."""
        return self.as_of - self.built_at > timedelta(days=1)

    @property
    def keeps_edits(self) -> bool:
        """Somebody edited it, and that still matters: no `build` touches it, and it goes out as it is."""
        return self.edited and self.state in NOT_STARTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIssue(IssueHead):
    """An issue as lists show it: a thousand of them weigh no more than their stories' titles."""

    html_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(IssueHead):
    """Frozen bytes: `html` and `text` hold slots (text.message.SLOTS), nothing else changes from reader to reader."""

    html: str
    text: str

    @property
    def html_bytes(self) -> int:
        return len(self.html.encode())
