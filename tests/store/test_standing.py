"""How the sending stands, on both databases: what is due, what waits longest, which issues are the newest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, update

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


def test_every_question_of_a_scrape_is_answered_by_an_index(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    subscribe(database, 1)
    draft(database)
    start(database, 1, NOW)
    asked: list[tuple[str, object]] = []
    event.listen(database.engine, "before_cursor_execute", lambda c, cur, sql, values, *_: asked.append((sql, values)))
    with database.read() as connection:
        standing.standing(connection, NOW)
        for sql, values in [one for one in asked if "deliveries" in one[0]]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            told = " ".join(str(row[3]) for row in plan)
            assert "deliveries_by_state (issue=? AND state=?" in told, told
    database.close()
