"""/metrics: what Prometheus reads is what happened, in whichever process, and a big ledger does not make it slow."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, insert, update
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.domain.delivery import DeliveryState, Outcome, OutcomeKind
from newsletter.domain.issue import IssueState
from newsletter.services.tallying import depositing
from newsletter.store import accounts, issues, tables
from newsletter.web.behind import Behind
from newsletter.web.metrics import ISSUES
from tests.waiting import until
from tests.web.site import write_issue

_STATES = list(DeliveryState)
Sample = dict[tuple[str, ...], float]


def scraped(web: TestClient) -> dict[str, Sample]:
    """Sample name -> label values in the order of the labels' names -> number, as Prometheus' own parser reads them."""
    text = TestClient(web.app, client=("127.0.0.1", 1)).get("/metrics").text
    found: dict[str, Sample] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            labels = tuple(sample.labels[name] for name in sorted(sample.labels))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def enqueue(app: App, issue: int, states: dict[str, int], **values: object) -> None:
    rows = [
        {"issue": issue, "subscriber": 1000 * _STATES.index(state) + n, "email": "", "domain": "", "state": state}
        | values
        for state, number in states.items()
        for n in range(number)
    ]
    with app.database.write() as connection:
        connection.execute(insert(tables.deliveries), rows)


def test_deliveries_are_told_by_issue_and_state(app: App, web: TestClient) -> None:
    issue = write_issue(app, state=IssueState.SENDING)
    enqueue(app, issue.id, {"sent": 5, "queued": 3, "sending": 1, "uncertain": 2})
    told = scraped(web)["newsletter_deliveries"]
    number = str(issue.id)
    assert told["uk", number, "tech", "sent"] == 5
    assert told["uk", number, "tech", "queued"] == 4
    assert told["uk", number, "tech", "uncertain"] == 2
    assert told["uk", number, "tech", "failed"] == 0


def test_only_the_newest_issues_have_series_of_their_own(app: App, web: TestClient) -> None:
    made = [write_issue(app, number).id for number in range(1, ISSUES + 4)]
    write_issue(app, number=90, state=IssueState.DRAFT)
    told = {int(labels[1]) for labels in scraped(web)["newsletter_deliveries"]}
    assert told == set(made[-ISSUES:])


def test_what_waits_and_for_how_long(app: App, web: TestClient) -> None:
    now = app.clock()
    issue = write_issue(app, state=IssueState.SENDING)
    with app.database.write() as connection:
        issues.move(connection, issue.id, [IssueState.SENDING], IssueState.SENDING, started_at=now - timedelta(hours=1))
    enqueue(app, issue.id, {"queued": 2})
    enqueue(app, issue.id, {"deferred": 3}, due_at=now - timedelta(seconds=100))
    enqueue(app, issue.id, {"failed": 1})
    told = scraped(web)
    assert told["newsletter_retries_due"][()] == 3
    assert 100 <= told["newsletter_oldest_retry_age_seconds"][()] < 200
    assert 3600 <= told["newsletter_oldest_queued_age_seconds"][()] < 3700
    with app.database.write() as connection:
        connection.execute(update(tables.deliveries).values(state="sent"))
    told = scraped(web)
    assert (told["newsletter_retries_due"][()], told["newsletter_oldest_queued_age_seconds"][()]) == (0, 0)


def test_what_other_processes_counted_is_added_together(app: App, web: TestClient) -> None:
    accepted = Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", "taken")
    for name in ("one", "two"):
        tally = type(app.tally)()
        with depositing(app.database, tally, name, "send", app.clock):
            for _ in range(3):
                tally.attempt(accepted, 0.02)
            tally.attempt(Outcome(OutcomeKind.DEFERRED, 451), 0.3)
            tally.attempt(Outcome(OutcomeKind.BROKEN, 0), 700.0)
            tally.opened()
            tally.paused("itself")
            tally.turn(0.0002)
    told = scraped(web)
    assert told["newsletter_attempts_total"] == {
        ("accepted", "2xx"): 6, ("deferred", "4xx"): 2, ("broken", "none"): 2,
    }  # fmt: skip
    assert told["newsletter_messages_accepted_total"][()] == 6
    assert told["newsletter_smtp_sessions_opened_total"][()] == 2
    assert told["newsletter_smtp_sessions_broken_total"][()] == 2
    assert told["newsletter_pauses_total"] == {("itself",): 2, ("hand",): 0}
    buckets = told["newsletter_send_duration_seconds_bucket"]
    assert (buckets["0.01",], buckets["0.025",], buckets["0.5",], buckets["600.0",]) == (0, 6, 8, 8)
    assert buckets["+Inf",] == told["newsletter_send_duration_seconds_count"][()] == 10
    assert round(told["newsletter_send_duration_seconds_sum"][()], 3) == 1400.72
    assert told["newsletter_ledger_turn_duration_seconds_count"][()] == 2


def test_a_process_that_sends_is_seen_while_it_lives(app: App, web: TestClient) -> None:
    assert scraped(web)["newsletter_senders"] == {("serve",): 0, ("worker",): 0, ("send",): 0}
    with depositing(app.database, app.tally, "one", "worker", app.clock):
        until(lambda: scraped(web)["newsletter_senders"]["worker",])
    assert scraped(web)["newsletter_senders"]["worker",] == 0
    with app.database.write() as connection:
        long_ago = {"name": "killed", "role": "serve", "seen_at": app.clock() - timedelta(minutes=1)}
        connection.execute(insert(tables.senders), long_ago)
    assert scraped(web)["newsletter_senders"]["serve",] == 0


def test_an_answer_that_takes_long_is_told_at_the_next_question() -> None:
    gate, made = threading.Event(), []

    def make(before: int | None) -> int:
        if before is not None:
            gate.wait(20)
        made.append(before)
        return (before or 0) + 1

    behind = Behind(make, patience=0.001)
    assert behind.latest() == 1
    assert behind.latest() == 1
    assert made == [None]
    gate.set()
    until(lambda: behind.latest() != 1)
    assert made[:2] == [None, 1]


def test_what_cannot_be_made_is_the_answer_of_before() -> None:
    answers = iter([1])
    behind = Behind(lambda _: next(answers), patience=5.0)
    assert behind.latest() == 1
    assert behind.latest() == 1


def test_an_issue_that_ended_is_counted_once(app: App, web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, going = write_issue(app), write_issue(app, 2, state=IssueState.SENDING)
    with app.database.write() as connection:
        yesterday = app.clock() - timedelta(days=1)
        issues.move(connection, ended.id, [IssueState.SENT], IssueState.SENT, finished_at=yesterday)
    asked: list[int] = []
    count = accounts.by_state

    def counted(connection: Connection, issue: int) -> dict[str, int]:
        asked.append(issue)
        return count(connection, issue)

    monkeypatch.setattr(accounts, "by_state", counted)
    until(lambda: scraped(web) and asked.count(going.id) >= 3)
    assert asked.count(ended.id) == 1
