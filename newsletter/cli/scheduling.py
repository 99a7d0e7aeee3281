"""`send ISSUE --at TIME`: an issue that `serve` sends at a time of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsletter.cli import output, sheets
from newsletter.cli.agreeing import agree, demand_not_started, demand_sound, noted, readers_of
from newsletter.cli.issues import load
from newsletter.cli.session import Session
from newsletter.cli.times import moment_ahead
from newsletter.cli.words import count, distance, iso
from newsletter.text.clocks import moment

if TYPE_CHECKING:
    from datetime import datetime

    from newsletter.domain.issue import Issue


def schedule_issue(session: Session, issue: int, at: str, *, yes: bool, as_json: bool) -> None:
    """Asks as `send` does; with nobody to ask about, nothing can be lost: at its time it would stay a draft."""
    from newsletter.services.steer import schedule

    app = session.app
    draft = load(session, issue)
    zone = app.zone(draft.newsletter, draft.edition)
    when = moment_ahead(at, zone, app.clock())
    demand_not_started(draft)
    demand_sound(session, draft, noted(as_json=as_json))
    readers = readers_of(session, draft)
    if readers and not yes:
        agree(draft, readers, f"on {moment(when, zone)}")
    schedule(app.database, issue, when, checked=draft.hash)
    if as_json:
        _answer_json(session, issue)
    else:
        _tell(draft, when, zone, distance(when - app.clock()), readers)


def _answer_json(session: Session, issue: int) -> None:
    from newsletter.store import accounts

    with session.app.database.read() as connection:
        books = accounts.accounting(connection, issue)
    output.answer_json({**sheets.books_json(books), "scheduled_for": iso(load(session, issue).scheduled_for)})


def _tell(draft: Issue, when: datetime, zone: str, distance: str, readers: int) -> None:
    to = count(readers, "recipient") if readers else "whoever reads it then"
    output.say(
        f"Issue {draft.id} goes to {to} on [bold]{moment(when, zone)}[/] ({distance}), if [bold]newsletter serve[/] "
        "is running then; otherwise as soon as it runs again."
    )
    if not readers:
        output.say("Nobody reads it yet. If nobody does by then, it becomes a draft again.")
    again, now = f"newsletter pause {draft.id}", f"newsletter send {draft.id}"
    output.say(f"[bold]{again}[/] makes it a draft again, [bold]{now}[/] sends it now.")
