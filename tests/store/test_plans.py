"""What is asked often, or while others wait, is found by an index, however much the ledger holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from newsletter.services.steer import start
from newsletter.store import day_shares, standing, waiting
from newsletter.store.accounts import tried_since
from newsletter.store.database import Database
from newsletter.store.erasure import erase
from tests.ledger import NOW, draft, subscribe
from tests.plans import plans
from tests.store.test_day_shares import TODAY

BY_STATE = "INDEX deliveries_by_state (issue=? AND state=?"
QUESTIONS: dict[str, tuple[Callable[[Connection], object], str]] = {
    "a scrape": (lambda connection: standing.standing(connection, NOW), BY_STATE),
    "is there anything to deliver": (lambda connection: waiting.deliverable(connection, NOW), BY_STATE),
    "how many went today": (lambda connection: tried_since(connection, NOW), "INDEX deliveries_tried (at>?)"),
    "what is left of a day": (
        lambda connection: day_shares.left_of(connection, TODAY, 1, 0),
        "INDEX deliveries_tried (at>?)",
    ),
    "erase": (lambda connection: erase(connection, 1, b"", NOW), "(issue=? AND subscriber=?)"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_ledger_is_asked_by_an_index(name: str, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    subscribe(database, 1)
    draft(database)
    start(database, 1, NOW)
    ask, index = QUESTIONS[name]
    found = list(plans(database, ask, "deliveries"))
    assert found
    for plan in found:
        assert index in plan, plan
        assert "SCAN deliveries" not in plan
    database.close()
