"""How the sending stands, on both databases: what is due, what waits longest, which issues are the newest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from newsletter.services.steer import pause, start
from newsletter.store import standing, tables
from newsletter.store.database import Database
from tests.ledger import NOW, draft, subscribe

_d = tables.deliveries.c


def test_what_is_due_and_what_waits_longest(database: Database) -> None:
    subscribe(database, 9)
    draft(database)
    draft(database, 2)
    with database.read() as connection:
        assert standing.standing(connection, NOW) == standing.Standing(0, None, None)
        assert standing.newest(connection, 5) == []
    start(database, 1, NOW)
    with database.write() as connection:
        for subscriber, seconds in ((1, -300), (2, -5), (3, 60)):
            due = {"state": "deferred", "due_at": NOW + timedelta(seconds=seconds)}
            connection.execute(update(tables.deliveries).where(_d.subscriber == subscriber).values(due))
    with database.read() as connection:
        stands = standing.standing(connection, NOW)
        assert stands == standing.Standing(2, NOW - timedelta(seconds=300), NOW)
        assert standing.newest(connection, 5) == [standing.Started(1, "tech", "uk", None)]
    pause(database, 1)
    with database.read() as connection:
        assert standing.standing(connection, NOW).retries_due == 0


def test_more_than_enough_are_not_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "MOST_DUE", 4)
    subscribe(database, 9)
    draft(database)
    start(database, 1, NOW)
    with database.write() as connection:
        connection.execute(update(tables.deliveries).values(state="deferred", due_at=NOW))
    with database.read() as connection:
        assert standing.standing(connection, NOW).retries_due == 4
