"""A database that an early version made is brought up to date, and loses nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, inspect, select, text

from newsletter.store import issues, tables
from newsletter.store.database import Database, lacking
from tests.ledger import NOW, draft, subscribe

_LATER = ("issues.own_subject", "issues.unread", "issues.note_once", "deliveries.doubts")
_NAMED = ("newsletter", "source", "key", "fingerprint", "url", "title", "excerpt", "image_alt", "slug", "state")
_POST = {
    **dict.fromkeys((*_NAMED, "markup"), "x"),
    "categories": [],
    "tags": [],
    "featured": False,
    "weight": 1.0,
    "published": NOW,
    "first_seen": NOW,
}


@pytest.mark.parametrize("url", ["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def test_what_an_early_database_lacks_is_made(url: str, request: pytest.FixtureRequest) -> None:
    database = Database(request.getfixturevalue(url))
    subscribe(database, 3)
    draft(database)
    with database.write() as connection:
        connection.execute(text("DROP TABLE judgements"))
        connection.execute(text("DROP INDEX deliveries_tried"))
        connection.execute(text("DROP INDEX notices_by_state"))
        for column in _LATER:
            table, _, name = column.partition(".")
            connection.execute(text(f'ALTER TABLE {table} DROP COLUMN "{name}"'))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert lacking(database) == ["judgements", *sorted(_LATER)]

    again = Database(database.url)
    assert lacking(again) == []
    with again.read() as connection:
        names = {
            index["name"] for table in ("deliveries", "notices") for index in inspect(connection).get_indexes(table)
        }
        assert {"deliveries_tried", "notices_by_state", "deliveries_by_state"} <= names
        issue = issues.get(connection, 1)
        assert (issue.own_subject, issue.unread, issue.note_once, issue.subject) == ("", (), False, "A lead")
        assert len(connection.execute(select(tables.subscriptions)).all()) == 3
    with again.write() as connection:
        issues.move(connection, 1, list(issues.IssueState), issues.IssueState.SENT, started_at=NOW)
    for opened in (database, again):
        opened.close()


@pytest.mark.parametrize("url", ["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def test_bodies_and_edited_subjects_stay(url: str, request: pytest.FixtureRequest) -> None:
    """Posts kept their own bodies once, and a subject that an editor wrote was known by `edited` alone."""
    database = Database(request.getfixturevalue(url))
    draft(database)
    with database.write() as connection:
        connection.execute(text("ALTER TABLE posts ADD COLUMN body TEXT NOT NULL DEFAULT ''"))
        connection.execute(text("ALTER TABLE issues DROP COLUMN own_subject"))
        connection.execute(text("UPDATE issues SET edited = true"))
        connection.execute(insert(tables.posts).values(**_POST))
        connection.execute(text("UPDATE posts SET body = 'All of it.'"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    again = Database(database.url)
    with again.read() as connection:
        assert connection.scalar(select(tables.bodies.c.body)) == "All of it."
        assert "body" not in {column["name"] for column in inspect(connection).get_columns("posts")}
        assert issues.get(connection, 1).own_subject == "A lead"
    for opened in (database, again):
        opened.close()
