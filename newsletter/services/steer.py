"""Start, schedule, pause, resume and cancel an issue. Each is one transaction.

A running delivery notices within a second.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection

from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.issue import BY_HAND, NOT_STARTED, Issue, IssueState
from newsletter.errors import Away, Busy, NoReaders, NotFound, Rebuilt, WrongState
from newsletter.store import deliveries, issues
from newsletter.store.database import Database
from newsletter.store.ledger import (
    close_all_books,
    close_the_books,
    enqueue,
    go_on,
    half_cancelled,
    left_behind,
    read_the_journal,
    read_the_notebooks,
)
from newsletter.store.lock import sole_sender

A_WHILE = timedelta(minutes=1)  # as long as cancelling takes, at most
_DEADLOCKS = 5  # so often in a row nobody is unlucky
_STARTED = (IssueState.SENDING, IssueState.PAUSED)


def start(database: Database, issue_id: int, now: datetime, checked: str | None = None) -> None:
    """A draft becomes `sending`: its readers are enqueued and its stories written down as sent, or nothing happens.

    `checked` is the hash of the issue that preflight judged and somebody agreed to; None for any.
    Raises NotFound, WrongState when it is no draft or holds a story that its edition had before, Rebuilt when
    another draft has taken its place, and NoReaders when its stories would be used up for nobody.
    """
    end_half_cancelled(database, now, timedelta())  # their stories may go into this one
    with database.write() as connection:
        issue, readers = _start(connection, issue_id, now, checked)
        if not readers:
            raise no_readers(issue)


def start_for_anybody(database: Database, issue_id: int, now: datetime, checked: str | None = None) -> None:
    """The same, by an operator's express wish for nobody too: then its stories count as told."""
    end_half_cancelled(database, now, timedelta())
    with database.write() as connection:
        _start(connection, issue_id, now, checked)


def schedule(database: Database, issue_id: int, at: datetime, checked: str | None = None) -> None:
    """A draft is to start at a time of its own, a scheduled one at another; till then its stories are as good as sent.

    Raises NotFound, Rebuilt as `start`, and WrongState when it is no draft, or another issue has one of its stories.
    """
    with database.write() as connection:
        found = issues.get(connection, issue_id)
        taken = issues.reserved(connection, found.newsletter, found.edition)
        taken |= issues.sent(connection, found.newsletter, found.edition)
        issue = _moved(connection, issue_id, IssueState.SCHEDULED, checked, scheduled_for=at, reason="")
        for story in issue.stories:
            if taken.get(story.story, issue_id) != issue_id:
                raise _told_before(issue, story.story, taken[story.story])


def unschedule(database: Database, issue_id: int) -> bool:
    """A scheduled issue is a draft again; False for one that is not scheduled (any more)."""
    with database.write() as connection:
        return issues.move(connection, issue_id, (IssueState.SCHEDULED,), IssueState.DRAFT, scheduled_for=None)


def no_readers(issue: Issue) -> NoReaders:
    return NoReaders(
        f"nobody reads {issue.newsletter}, edition {issue.edition}, yet: nothing was sent, and the draft stays. "
        "`newsletter subscribers import FILE.csv` brings readers, and so does the sign-up page. "
        f"`newsletter send {issue.id} --yes` sends it to nobody all the same, and its stories then count as told."
    )


def pause(database: Database, issue_id: int) -> None:
    """What is in flight is finished, nothing more is begun. Raises NotFound, WrongState."""
    with database.write() as connection:
        if (state := issues.get(connection, issue_id).state) in NOT_STARTED:
            told = "nothing leaves until it is sent" if state is IssueState.DRAFT else "nothing leaves before its time"
            drop = f"`newsletter cancel {issue_id}` drops it"
            raise WrongState(f"issue {issue_id} is {_told(state)}: {told}, so there is nothing to stop. {drop}.")
        _move(connection, issue_id, (IssueState.SENDING,), IssueState.PAUSED, BY_HAND)


def resume(database: Database, issue_id: int) -> None:
    """A paused issue is `sending` again; one that is sending already (its process died) stays so.

    On PostgreSQL the workers have it again, too.
    Raises NotFound, and WrongState for an issue that was never started, is sent or cancelled.
    """
    with database.write() as connection:
        if issues.get(connection, issue_id).state is IssueState.SENT and deliveries.uncertain(connection, issue_id):
            again = f"`newsletter resume {issue_id} --uncertain` sends it to them again"
            raise WrongState(f"issue {issue_id} is sent; no server said whether its uncertain ones have it. {again}.")
        _move(connection, issue_id, _STARTED, IssueState.SENDING, "")
        go_on(connection, issue_id)


def resume_with_uncertain(database: Database, issue_id: int, now: datetime) -> None:
    """As `resume`, also for an issue that is sent: whoever is uncertain gets it (once more, it may be).

    Raises what `resume` raises, WrongState too when nobody is uncertain, and Busy while it is being sent.
    """
    with database.read() as connection:
        issue = issues.get(connection, issue_id)
    with sole_sender(database, issue_id):
        if issue.state in _STARTED:
            close_the_books(database, issue, now)  # what a dead process had in flight is uncertain, too
        with database.write() as connection:
            if not deliveries.uncertain(connection, issue_id):
                plain = f"; plain `newsletter resume {issue_id}` goes on with it" if issue.state in _STARTED else ""
                raise WrongState(f"issue {issue_id} has no uncertain deliveries{plain}.")
            _move(connection, issue_id, (*_STARTED, IssueState.SENT), IssueState.SENDING, "", finished_at=None)
            deliveries.queue_again(connection, issue_id)


def cancel(database: Database, issue_id: int, now: datetime) -> None:
    """Nobody who has not got it yet will. What another process has in flight may still arrive.

    Those who send it hear of that at once; to call off a long list takes a while. Should it be cut short, cancelling
    once more ends it, and so do those who send whatever comes next.
    Raises NotFound, and WrongState for an issue that is sent, or cancelled to the end.
    """
    _end(database, _stop(database, issue_id, now), now)


def catch_up(database: Database, policy: DeliveryPolicy, now: datetime) -> None:
    """What processes that died left in journals is written down, as when somebody goes on with their issues."""
    read_the_notebooks(database)
    for number in left_behind(database):
        with suppress(Busy, NotFound), sole_sender(database, number):
            with database.read() as connection:
                issue = issues.get(connection, number)
            read_the_journal(database, issue, policy, now)


def end_half_cancelled(database: Database, now: datetime, age: timedelta = A_WHILE) -> None:
    """Ends what somebody began to cancel so long ago, and did not get to the end of."""
    with suppress(Away):  # somebody may be at those rows: whoever looks next does it
        close_all_books(database, now)
    with database.read() as connection:
        found = [issues.get(connection, number) for number in half_cancelled(database, connection)]
    for issue in found:
        if issue.finished_at is None or issue.finished_at <= now - age:
            _end(database, issue, now)


def _end(database: Database, issue: Issue, now: datetime) -> None:
    """Of a cancelled issue: nobody waits for it any more, and what a dead process knew of it is written down."""
    for again in reversed(range(_DEADLOCKS)):
        try:
            with database.write() as connection:
                deliveries.call_off_what_came_back(connection, issue.id, now)
            break
        except Away:  # PostgreSQL: workers were at the same rows in another order, and one had to give way
            if database.is_sqlite or not again:
                raise
    _close_the_books(database, issue, now)


def _start(connection: Connection, issue_id: int, now: datetime, checked: str | None) -> tuple[Issue, int]:
    """The issue as it goes out, and to how many."""
    issue = _moved(connection, issue_id, IssueState.SENDING, checked, started_at=now, reason="")
    if already := deliveries.mark_stories(connection, issue):
        raise _told_before(issue, *already[0])
    return issue, enqueue(connection, issue)


def _moved(connection: Connection, issue_id: int, to: IssueState, checked: str | None, **values: object) -> Issue:
    """An issue that has not started, in another state, when it is the one that was checked."""
    if not issues.move(connection, issue_id, NOT_STARTED, to, **values):
        state = issues.get(connection, issue_id).state  # only now: on PostgreSQL the change waited for another's
        raise WrongState(f"issue {issue_id} is {_told(state)}, not a draft.{_remedy(issue_id, state)}")
    issue = issues.get(connection, issue_id)  # now that nobody rebuilds it any more
    if checked not in (None, issue.hash):
        raise Rebuilt(
            f"issue {issue_id} was built anew since it was checked, and nothing was sent. "
            f"`newsletter preview {issue_id} --open` shows it as it is now; then send it again."
        )
    return issue


def _told_before(issue: Issue, story: int, other: int) -> WrongState:
    title = next(known.title for known in issue.stories if known.story == story)
    return WrongState(
        f"issue {issue.id} holds “{title}”, which {issue.edition} has in issue {other}; "
        f"a story is sent once. Run `newsletter build {issue.newsletter}` for a new draft."
    )


def _stop(database: Database, issue_id: int, now: datetime) -> Issue:
    with database.write() as connection:
        issue = issues.get(connection, issue_id)
        since, why = (*NOT_STARTED, *_STARTED), "cancelled by hand"
        stopped = issues.move(connection, issue_id, since, IssueState.CANCELLED, finished_at=now, reason=why)
        if not stopped and issue_id not in half_cancelled(database, connection):
            state = issues.get(connection, issue_id).state  # another may have been faster
            raise WrongState(f"issue {issue_id} is {_told(state)}; there is nothing to cancel.")
    return issue


def _close_the_books(database: Database, issue: Issue, now: datetime) -> None:
    """What a dead process had in flight stays uncertain for ever. A living one records its own."""
    try:
        with sole_sender(database, issue.id):
            close_the_books(database, issue, now)
    except Busy:
        pass
    except Away:  # on PostgreSQL others may be at those rows: who sends whatever comes next does it then
        if database.is_sqlite:
            raise


def _move(
    connection: Connection, issue_id: int, out_of: tuple[IssueState, ...], to: IssueState, reason: str, **more: object
) -> None:
    if not issues.move(connection, issue_id, out_of, to, reason=reason, **more):
        state = issues.get(connection, issue_id).state
        raise WrongState(f"issue {issue_id} is {_told(state)}.{_remedy(issue_id, state)}")


def _told(state: IssueState) -> str:
    return {IssueState.DRAFT: "a draft", IssueState.SENDING: "being sent"}.get(state, state.value)


def _remedy(issue_id: int, state: IssueState) -> str:
    if state in _STARTED:
        return f" Use `newsletter resume {issue_id}` to go on with it."
    if state in NOT_STARTED:
        return f" Use `newsletter send {issue_id}` to send it."
    return ""
