"""How an issue gets on that another process sends: what the ledger says, and what the configured pace makes of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import insert

from newsletter.app import App
from newsletter.delivering import headway
from newsletter.domain.accounting import Headway
from newsletter.domain.issue import IssueState
from newsletter.store import accounts, tables
from tests.web.site import CONFIG, make_app, write_issue

PACED = CONFIG + "delivery: {{pace: {{per_domain: {{gmail.com: 2, default: 5}}}}}}\n"
_subscribers = count(1)


def enqueue(app: App, issue: int, domains: dict[str, int], state: str = "queued", **values: object) -> None:
    everybody = [domain for domain, number in domains.items() for _ in range(number)]
    rows = [
        {"issue": issue, "subscriber": next(_subscribers), "email": "", "domain": domain, "state": state} | values
        for domain in everybody
    ]
    with app.database.write() as connection:
        connection.execute(insert(tables.deliveries), rows)


def told(app: App, issue: int) -> Headway:
    with app.database.read() as connection:
        return headway(app, accounts.accounting(connection, issue))


def test_nobody_can_say_when_nothing_went_out(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    issue = write_issue(app, state=IssueState.SENDING).id
    enqueue(app, issue, {"example.org": 10})
    assert told(app, issue) == Headway(0.0, None)


def test_the_rate_of_late_tells(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    issue = write_issue(app, state=IssueState.SENDING).id
    enqueue(app, issue, {"example.org": 30})
    enqueue(app, issue, {"example.org": 10}, "sent", at=app.clock() - timedelta(seconds=10))
    found = told(app, issue)
    assert 0.5 < found.rate <= 1
    assert found.seconds_left is not None
    assert 30 <= found.seconds_left < 60


def test_the_slowest_mailbox_group_decides_and_its_names_count_together(tmp_path: Path) -> None:
    app = make_app(tmp_path, config=PACED)
    issue = write_issue(app, state=IssueState.SENDING).id
    enqueue(app, issue, {"gmail.com": 40, "googlemail.com": 20, "example.org": 100})
    assert told(app, issue).seconds_left == 30
    enqueue(app, issue, {f"d{n}.example": 1 for n in range(400)})  # all others together are no group
    assert told(app, issue).seconds_left == 30


def test_retries_alone_are_over_when_the_last_is_due(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    issue = write_issue(app, state=IssueState.SENDING).id
    enqueue(app, issue, {"example.org": 2}, "deferred", due_at=app.clock() - timedelta(seconds=5))
    assert told(app, issue).seconds_left is None
    enqueue(app, issue, {"example.net": 1}, "deferred", due_at=app.clock() + timedelta(minutes=5))
    left = told(app, issue).seconds_left
    assert left is not None
    assert 280 < left <= 300
