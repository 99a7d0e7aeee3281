"""The editor's reminder: some time before a schedule falls due, the draft is built and the editor hears of it, once.

The row that says so and the mails in the queue of notices are one transaction: a process that dies before it leaves
nothing behind but a draft, which the next look builds anew. Nothing here touches the run itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.issue import Issue
from newsletter.domain.notice import NewNotice, NoticeKind
from newsletter.domain.occurrence import Occurrence, reminder_due
from newsletter.errors import Away, Busy, NewsletterError
from newsletter.services.due import last_date_run
from newsletter.services.run import Newsroom, make_draft
from newsletter.store import notices, reminders, runs


@dataclass(frozen=True, slots=True)
class Editor:
    """`person` is the keyed hash of the address, as everywhere."""

    email: str
    person: bytes


@dataclass(frozen=True, slots=True)
class Reminded:
    """What one reminder was about. `issue` is None where there is nothing to send, or `trouble` kept it from being."""

    newsletter: str
    edition: str
    occurrence: Occurrence
    issue: int | None
    trouble: str = ""


def remind_due(newsroom: Newsroom, editors: Sequence[Editor]) -> Reminded | None:
    """Reminds of the coming occurrence when its time is there; None when it is not, or somebody did already.

    Each editor gets two mails: the reminder, and the draft as readers will get it, so that it is seen in a real inbox.
    """
    now, place, schedule = newsroom.clock(), newsroom.place, newsroom.schedule
    if not editors or schedule.remind is None:
        return None
    occurrence = reminder_due(schedule, now, last_date_run(newsroom.database, place, schedule, now))
    if occurrence is None:
        return None
    with newsroom.database.read() as connection:
        if reminders.known(connection, *place, occurrence):
            return None
        if occurrence.local_date in runs.skipped_by_hand(connection, *place, since=occurrence.local_date):
            return None
    issue, trouble = None, ""
    try:
        issue = make_draft(newsroom)
    except Busy:  # another process builds it, and reminds
        return None
    except Away:
        raise
    except NewsletterError as error:  # whoever can mend it had better know
        trouble = str(error)
    with newsroom.database.write() as connection:
        if not reminders.note(connection, *place, occurrence, issue.id if issue else None, newsroom.clock()):
            return None
        for editor in editors:
            _queue(connection, newsroom, editor, occurrence, issue, trouble)
    return Reminded(*place, occurrence, issue.id if issue else None, trouble)


def _queue(
    connection: Connection,
    newsroom: Newsroom,
    editor: Editor,
    occurrence: Occurrence,
    issue: Issue | None,
    trouble: str,
) -> None:
    when = {"due": occurrence.at.isoformat(), "date": occurrence.local_date.isoformat()}
    data = {**when, "issue": str(issue.id) if issue else "", "trouble": trouble}
    now: datetime = newsroom.clock()
    for kind in (NoticeKind.REMINDER, NoticeKind.PREVIEW) if issue else (NoticeKind.REMINDER,):
        notices.queue(connection, NewNotice(kind, editor.person, editor.email, *newsroom.place, data), now)
