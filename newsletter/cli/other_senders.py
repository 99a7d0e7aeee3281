"""Other processes that send: who goes on when this one stops, and who has the issue already."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from newsletter.cli import output
from newsletter.cli.session import Session
from newsletter.cli.words import count
from newsletter.domain.issue import IssueState

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.accounting import Accounting
    from newsletter.domain.issue import Issue

START_TO_LOCK = 1.0  # seconds that a process may take between starting an issue and holding its lock
ON_A_BUSY_MACHINE = 5.0  # the same, for whoever says to wait


def stopped(app: App, books: Accounting) -> str:
    """Whoever presses Ctrl-C because of a mistake had better know that somebody else goes on."""
    if books.state.value != "sending":
        return "Stopped; nothing was left to send."
    if other := _another_sender(app):
        return (
            f"Stopped here, and [bold]newsletter {other}[/], which is running, goes on with it at once: "
            f"[bold]newsletter pause {books.issue}[/] stops it there, too."
        )
    return f"Stopped; [bold]newsletter resume {books.issue}[/] goes on."


def _another_sender(app: App) -> str:
    """The command of a process that lives and sends whatever is to be sent; "" when there is none."""
    from newsletter.store import tallies

    with app.database.read() as connection:
        living = tallies.living(connection, app.clock())
    return next((role for role in ("serve", "worker") if living.get(role)), "")


def is_sent_elsewhere(session: Session, issue: Issue, patience: float) -> bool:
    """Whether another process delivers it. Between its start and its first lock lies a moment: `patience`, in seconds.

    Not if that process gets to its end meanwhile.
    """
    from newsletter.store import deliveries
    from newsletter.store.lock import is_being_sent

    database, state = session.app.database, issue.state
    until = time.monotonic() + patience
    while state is IssueState.SENDING and time.monotonic() <= until:
        if is_being_sent(database, issue.id):
            return True
        time.sleep(0.02)
        with database.read() as connection:
            state = deliveries.issue_state(connection, issue.id)
    return False


def say_who_goes_on(app: App, books: Accounting) -> None:
    left = books.queued + books.deferred
    if books.state.value != "sending" or not left:
        return
    who = "[bold]newsletter serve[/] carries on"
    if other := _another_sender(app):
        who = f"[bold]newsletter {other}[/], which is running, carries on"
    output.say(f"\n{count(left, 'recipient')} still to come: {who}, or [bold]newsletter resume {books.issue}[/] later.")
