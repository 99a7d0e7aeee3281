from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from newsletter.domain.delivery import DeliveryPolicy, Outcome, OutcomeKind, settle
from newsletter.domain.issue import IssueState
from newsletter.errors import Busy, NoReaders, NotFound, Rebuilt, WrongState
from newsletter.services import steer
from newsletter.store import accounts, deliveries, issues, tables
from newsletter.store.database import Database
from newsletter.store.embedded import EmbeddedLedger
from newsletter.store.ledger import left_behind
from newsletter.store.lock import sole_sender
from tests.ledger import NOW, draft, subscribe
from tests.sending import HASTY, send, started
from tests.smtp_sink import CUT, Sink

HOUR = timedelta(hours=1)


def count(database: Database, table: object) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def state(database: Database, issue: int = 1) -> IssueState:
    with database.read() as connection:
        return accounts.accounting(connection, issue).state


def test_starting_enqueues_the_editions_active_readers_once(database: Database) -> None:
    subscribe(database, 4)
    subscribe(database, 2, edition="world", first=10)
    subscribe(database, 2, state="pending", first=20)
    subscribe(database, 2, state="unsubscribed", first=30)
    draft(database, stories=(1, 2))
    steer.start(database, 1, NOW)
    with database.read() as connection:
        rows = list(accounts.rows(connection, 1))
        domains = {row.domain: row.recipients for row in accounts.by_domain(connection, 1)}
    assert [row["email"] for row in rows] == [f"reader{n}@d{n % 3}.example" for n in range(1, 5)]
    assert domains == {"d1.example": 2, "d0.example": 1, "d2.example": 1}
    assert count(database, tables.sent_stories) == 2
    assert state(database) is IssueState.SENDING


def test_an_issue_is_started_once(database: Database) -> None:
    subscribe(database, 3)
    draft(database)
    steer.start(database, 1, NOW)
    with pytest.raises(WrongState, match=r"being sent.*newsletter resume 1"):
        steer.start(database, 1, NOW)
    assert count(database, tables.deliveries) == 3


def test_a_draft_that_was_built_anew_since_it_was_checked_stays_a_draft(database: Database) -> None:
    subscribe(database, 3)
    checked = draft(database).hash
    with database.write() as connection:
        connection.execute(tables.issues.update().values(html="another", hash="of another"))
    with pytest.raises(Rebuilt, match=r"built anew.*newsletter preview 1"):
        steer.start(database, 1, NOW, checked)
    assert state(database) is IssueState.DRAFT
    assert count(database, tables.deliveries) == 0
    steer.start(database, 1, NOW, "of another")
    assert state(database) is IssueState.SENDING


def test_a_story_is_sent_once_and_a_refused_start_leaves_nothing_behind(database: Database) -> None:
    subscribe(database, 3)
    draft(database, 1, stories=(1, 2))
    draft(database, 2, stories=(2, 3))
    steer.start(database, 1, NOW)
    with pytest.raises(WrongState, match=r"“Story 2”.*issue 1"):
        steer.start(database, 2, NOW)
    assert state(database, 2) is IssueState.DRAFT
    assert count(database, tables.deliveries) == 3
    assert count(database, tables.sent_stories) == 2


def test_what_is_cancelled_before_anybody_got_it_may_be_told_again(database: Database) -> None:
    subscribe(database, 3)
    draft(database, 1, stories=(1, 2))
    draft(database, 2, stories=(2, 3))
    steer.start(database, 1, NOW)
    steer.cancel(database, 1, NOW)
    with database.read() as connection:
        books = accounts.accounting(connection, 1)
        [reason] = accounts.reasons(connection, 1)
    assert (books.state, books.skipped, books.queued) == (IssueState.CANCELLED, 3, 0)
    assert (reason.text, reason.count) == ("cancelled", 3)
    steer.start(database, 2, NOW)


def cut_short(database: Database) -> None:
    """As `cancel` leaves issue 1 when it is killed on its way."""
    subscribe(database, 3)
    draft(database, 1, stories=(1, 2))
    steer.start(database, 1, NOW)
    with database.write() as connection:
        issues.move(connection, 1, [IssueState.SENDING], IssueState.CANCELLED, finished_at=NOW, reason="")


def waiting(database: Database) -> int:
    with database.read() as connection:
        return accounts.accounting(connection, 1).queued


def test_who_sends_hears_of_a_cancellation_before_the_list_is_called_off(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(database, 3)
    draft(database)
    steer.start(database, 1, NOW)
    real, seen = deliveries.call_off, []

    def slow(*given: Any) -> None:
        seen.append(state(database))  # by another connection
        real(*given)

    monkeypatch.setattr(deliveries, "call_off", slow)
    steer.cancel(database, 1, NOW)
    assert seen == [IssueState.CANCELLED]


def test_a_cancellation_that_was_cut_short_is_ended_by_another(database: Database) -> None:
    cut_short(database)
    assert waiting(database) == 3
    steer.cancel(database, 1, NOW)
    assert waiting(database) == 0
    with pytest.raises(WrongState, match="nothing to cancel"):
        steer.cancel(database, 1, NOW)


def test_or_by_who_sends_after_a_while(database: Database) -> None:
    cut_short(database)
    steer.end_half_cancelled(database, NOW)  # somebody may be at it still
    assert waiting(database) == 3
    steer.end_half_cancelled(database, NOW + HOUR)
    assert waiting(database) == 0


@pytest.mark.parametrize("ends", ["another", "later", "next"])
def test_what_a_dead_process_knew_is_read_whoever_ends_a_cancellation(sqlite_url: str, ends: str) -> None:
    """Its journal says that somebody has the issue: so its stories are told, though the rows know nothing of it."""
    database = Database(sqlite_url)
    subscribe(database, 3)
    draft(database, 1, stories=(1, 2))
    draft(database, 2, stories=(2, 3))
    steer.start(database, 1, NOW)
    with database.read() as connection:
        issue = issues.get(connection, 1)
    ledger = EmbeddedLedger(database, issue, DeliveryPolicy())
    ledger.open(NOW)
    first, second, _ = ledger.claim(3, NOW, frozenset())
    ledger.turn([], [first, second])
    ledger.turn([settle(first, Outcome(OutcomeKind.ACCEPTED, 250), DeliveryPolicy(), NOW)], [])
    ledger.let_go()  # dies
    with database.write() as connection:
        issues.move(connection, 1, [IssueState.SENDING], IssueState.CANCELLED, finished_at=NOW, reason="")
        deliveries.call_off(connection, 1, NOW)  # and so does who cancels it, right here
    if ends == "another":
        steer.cancel(database, 1, NOW)
    elif ends == "later":
        steer.end_half_cancelled(database, NOW + HOUR)
    with pytest.raises(WrongState, match=r"“Story 2”.*issue 1"):
        steer.start(database, 2, NOW)
    with database.read() as connection:
        books = accounts.accounting(connection, 1)
    assert (books.sent, books.uncertain, books.skipped) == (1, 1, 1)
    with pytest.raises(WrongState, match="nothing to cancel"):
        steer.cancel(database, 1, NOW)
    database.close()


def test_or_by_the_next_issue_which_may_tell_its_stories(database: Database) -> None:
    cut_short(database)
    draft(database, 2, stories=(2, 3))
    steer.start(database, 2, NOW)
    assert waiting(database) == 0
    assert state(database, 2) is IssueState.SENDING


def test_a_refusal_of_before_is_not_the_reason_why_a_cancelled_delivery_was_skipped(database: Database) -> None:
    subscribe(database, 1)
    draft(database)
    steer.start(database, 1, NOW)
    with database.write() as connection:
        refused = {"state": "deferred", "code": 451, "status": "4.2.0", "text": "try again", "due_at": NOW}
        connection.execute(tables.deliveries.update().values(refused))
    steer.cancel(database, 1, NOW)
    with database.read() as connection:
        [row] = accounts.rows(connection, 1)
    assert (row["state"], row["code"], row["status"], row["text"]) == ("skipped", 0, "", "cancelled")


def scheduled_for(database: Database, issue: int = 1) -> datetime | None:
    with database.read() as connection:
        return issues.get(connection, issue).scheduled_for


def test_a_draft_is_scheduled_moved_and_made_a_draft_again(database: Database) -> None:
    checked = draft(database, stories=(1, 2)).hash
    assert not steer.unschedule(database, 1)
    for at in (NOW + HOUR, NOW + 2 * HOUR):
        steer.schedule(database, 1, at, checked)
        assert (state(database), scheduled_for(database)) == (IssueState.SCHEDULED, at)
    with database.read() as connection:
        assert issues.due(connection, NOW + HOUR) == []
        assert issues.next_due(connection, NOW) == NOW + 2 * HOUR
        assert issues.next_due(connection, NOW + 2 * HOUR) is None
    assert steer.unschedule(database, 1)
    assert (state(database), scheduled_for(database)) == (IssueState.DRAFT, None)


def test_a_scheduled_issue_may_be_sent_now_or_cancelled(database: Database) -> None:
    subscribe(database, 1)
    for number in (1, 2):
        draft(database, number, stories=(number,))
        steer.schedule(database, number, NOW + HOUR)
    steer.start(database, 1, NOW)
    steer.cancel(database, 2, NOW)
    assert (state(database, 1), state(database, 2)) == (IssueState.SENDING, IssueState.CANCELLED)
    assert not steer.unschedule(database, 1)
    with pytest.raises(WrongState, match=r"being sent.*newsletter resume 1"):
        steer.schedule(database, 1, NOW + HOUR)


def test_only_the_draft_that_was_checked_is_scheduled(database: Database) -> None:
    draft(database)
    with pytest.raises(Rebuilt, match="built anew"):
        steer.schedule(database, 1, NOW + HOUR, "of another")
    assert (state(database), scheduled_for(database)) == (IssueState.DRAFT, None)


def test_a_story_that_went_or_is_to_go_is_scheduled_in_no_other_issue(database: Database) -> None:
    subscribe(database, 1)
    for number, stories in ((1, (1,)), (2, (2,)), (3, (1, 3)), (4, (2, 4))):
        draft(database, number, stories=stories)
    steer.start(database, 1, NOW)
    steer.schedule(database, 2, NOW + HOUR)
    for number, told in ((3, r"“Story 1”.*issue 1"), (4, r"“Story 2”.*issue 2")):
        with pytest.raises(WrongState, match=told):
            steer.schedule(database, number, NOW + HOUR)
        assert state(database, number) is IssueState.DRAFT


@pytest.mark.parametrize(
    ("verb", "told"),
    [("pause", r"a draft: nothing leaves until it is sent.*newsletter cancel 1"), ("resume", r"newsletter send 1")],
)
def test_a_draft_is_neither_paused_nor_resumed(database: Database, verb: str, told: str) -> None:
    draft(database)
    with pytest.raises(WrongState, match=told):
        getattr(steer, verb)(database, 1)


def test_an_issue_that_nobody_reads_stays_a_draft_and_keeps_its_stories(database: Database) -> None:
    subscribe(database, 2, edition="world")
    subscribe(database, 2, state="pending", first=10)
    draft(database, stories=(1, 2))
    with pytest.raises(NoReaders, match=r"nobody reads tech, edition uk, yet.*subscribers import.*send 1 --yes"):
        steer.start(database, 1, NOW)
    assert state(database) is IssueState.DRAFT
    assert (count(database, tables.sent_stories), count(database, tables.deliveries)) == (0, 0)
    subscribe(database, 1, first=20)
    steer.start(database, 1, NOW)
    assert (count(database, tables.sent_stories), count(database, tables.deliveries)) == (2, 1)


def test_an_operator_may_send_to_nobody_and_then_its_stories_count_as_told(database: Database) -> None:
    draft(database, stories=(1, 2))
    steer.start_for_anybody(database, 1, NOW)
    assert state(database) is IssueState.SENDING
    assert count(database, tables.sent_stories) == 2


def test_there_and_back(database: Database) -> None:
    subscribe(database, 1)
    draft(database)
    steer.start(database, 1, NOW)
    steer.pause(database, 1)
    assert state(database) is IssueState.PAUSED
    with pytest.raises(WrongState, match="paused"):
        steer.pause(database, 1)
    steer.resume(database, 1)
    steer.resume(database, 1)
    assert state(database) is IssueState.SENDING
    steer.cancel(database, 1, NOW)
    with pytest.raises(WrongState, match="cancelled"):
        steer.resume(database, 1)
    with pytest.raises(WrongState, match="nothing to cancel"):
        steer.cancel(database, 1, NOW)


def test_no_such_issue(database: Database) -> None:
    for act in (lambda: steer.start(database, 9, NOW), lambda: steer.pause(database, 9)):
        with pytest.raises(NotFound, match="9"):
            act()


def test_who_is_uncertain_gets_it_again_when_somebody_says_so(database: Database) -> None:
    """`hold` leaves it to the operator, who decides when the issue is long sent."""
    policy = replace(HASTY, on_uncertain="hold")
    issue = started(database, 5)
    with Sink() as sink:
        sink.fail("answer", CUT, times=2)
        end = send(database, issue, sink, policy)
        assert (end.state, end.sent, end.uncertain) == (IssueState.SENT, 3, 2)
        with pytest.raises(WrongState, match=f"resume {issue.id} --uncertain"):
            steer.resume(database, issue.id)
        steer.resume_with_uncertain(database, issue.id, NOW)
        with database.read() as connection:
            assert issues.get(connection, issue.id).finished_at is None
        end = send(database, issue, sink, policy)
        assert (end.state, end.sent, end.uncertain) == (IssueState.SENT, 5, 0)
        assert len(sink.accepted) == 5
    with pytest.raises(WrongState, match=r"has no uncertain deliveries\.$"):
        steer.resume_with_uncertain(database, issue.id, NOW)
    with database.write() as connection:
        issues.move(connection, issue.id, [IssueState.SENT], IssueState.PAUSED)
    with pytest.raises(WrongState, match=f"has no uncertain deliveries; plain `newsletter resume {issue.id}`"):
        steer.resume_with_uncertain(database, issue.id, NOW)


def test_who_was_in_flight_when_a_process_died_is_uncertain_too(sqlite_url: str) -> None:
    """Only the journal knows."""
    database = Database(sqlite_url)
    number = started(database, 5).id
    with database.read() as connection:
        issue = issues.get(connection, number)
    ledger = EmbeddedLedger(database, issue, DeliveryPolicy())
    ledger.open(NOW)
    [claim, *_] = ledger.claim(5, NOW, frozenset())
    ledger.turn([], [claim])
    ledger.let_go()  # and nothing more: it was killed
    steer.resume_with_uncertain(database, issue.id, NOW)
    with database.read() as connection:
        books = accounts.accounting(connection, issue.id)
    assert (books.state, books.queued, books.uncertain) == (IssueState.SENDING, 5, 0)
    database.close()


def test_what_a_dead_process_left_is_written_down_without_a_delivery(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    number = started(database, 3).id
    with database.read() as connection:
        issue = issues.get(connection, number)
    dead = EmbeddedLedger(database, issue, DeliveryPolicy())
    dead.open(NOW)
    first, second, _ = dead.claim(9, NOW, frozenset())
    dead.turn([], [first, second])
    dead.turn([settle(first, Outcome(OutcomeKind.ACCEPTED, 250), DeliveryPolicy(), NOW)], [])
    dead.let_go()
    steer.pause(database, issue.id)
    with sole_sender(database, issue.id):  # somebody is at it after all
        steer.catch_up(database, DeliveryPolicy(), NOW)
    with database.read() as connection:
        assert accounts.accounting(connection, issue.id).sent == 0
    steer.catch_up(database, DeliveryPolicy(), NOW)
    with database.read() as connection:
        books = accounts.accounting(connection, issue.id)
    assert (books.state, books.sent, books.queued, books.uncertain) == (IssueState.PAUSED, 1, 2, 0)
    assert left_behind(database) == []
    database.close()


def test_a_process_that_died_at_the_very_end_leaves_no_journal_for_ever(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    number = started(database, 1).id
    with database.read() as connection:
        issue = issues.get(connection, number)
    dead = EmbeddedLedger(database, issue, DeliveryPolicy())
    dead.open(NOW)
    [claim] = dead.claim(9, NOW, frozenset())
    dead.turn([], [claim])
    dead.turn([settle(claim, Outcome(OutcomeKind.ACCEPTED, 250), DeliveryPolicy(), NOW)], [])
    assert dead.outlook(0, NOW).done
    dead.let_go()
    assert left_behind(database) == [issue.id]
    steer.end_half_cancelled(database, NOW + HOUR)
    assert left_behind(database) == []
    with database.read() as connection:
        books = accounts.accounting(connection, issue.id)
    assert (books.state, books.sent) == (IssueState.SENT, 1)
    database.close()


def test_nobody_is_asked_again_in_the_midst_of_a_delivery(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    issue = started(database, 5)
    with sole_sender(database, issue.id), pytest.raises(Busy):
        steer.resume_with_uncertain(database, issue.id, NOW)
    database.close()
