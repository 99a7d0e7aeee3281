"""`show` of an issue that is being sent says whether anybody sends it, on either database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from newsletter.domain.issue import IssueState
from newsletter.store import tables, tallies
from tests.cli.desk import Desk
from tests.web.site import CONFIG, make_app, write_issue


def test_it_says_whether_somebody_sends_it(tmp_path: Path, database_url: str) -> None:
    app = make_app(tmp_path, config=CONFIG.replace("sqlite:///subscribers.db", database_url))
    issue = write_issue(app, state=IssueState.SENDING)
    desk = Desk(tmp_path)
    assert f"Nobody is sending it now: newsletter resume {issue.id} goes on." in desk.call("show", issue.id).out


def test_on_postgresql_any_process_that_sends_may_be_the_one(tmp_path: Path, furnished_url: str) -> None:
    app = make_app(tmp_path, config=CONFIG.replace("sqlite:///subscribers.db", furnished_url))
    issue = write_issue(app, state=IssueState.SENDING)
    with app.database.write() as connection:
        tallies.beat(connection, "there", "worker", datetime.now(UTC))
    assert "Being sent; nothing went out in the last minute." in Desk(tmp_path).call("show", issue.id).out
    with app.database.write() as connection:
        tallies.leave(connection, "there")
    assert "Nobody is sending it now" in Desk(tmp_path).call("show", issue.id).out


def test_it_says_what_a_warm_up_plan_has_it_wait_for(tmp_path: Path, database_url: str) -> None:
    today = datetime.now(UTC).date()
    plan = f"delivery:\n  warm_up:\n    first_day: 1\n    started: {today}\n"
    app = make_app(tmp_path, config=CONFIG.replace("sqlite:///subscribers.db", database_url) + plan)
    issue = write_issue(app, state=IssueState.SENDING)
    row = {"issue": issue.id, "email": "a@example.org", "domain": "example.org", "code": 250, "status": "", "text": ""}
    sent = {**row, "subscriber": 1, "state": "sent", "attempts": 1, "at": datetime.now(UTC)}
    waits = {**row, "subscriber": 2, "state": "queued", "attempts": 0, "code": 0, "at": None}
    with app.database.write() as connection:
        connection.execute(insert(tables.deliveries), [sent, waits])
    said = Desk(tmp_path).call("show", issue.id).out
    assert "Today's 1 of the warm-up plan have gone out; it goes on at" in said
    assert f"newsletter serve carries on then, or newsletter resume {issue.id}." in said
    told = Desk(tmp_path).call("show", issue.id, "--json").json
    assert told["reason"].startswith("today's 1 of the warm-up plan have gone out")
