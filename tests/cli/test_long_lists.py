"""Lists stay light, however many there are: no mail in a list of issues, no list of readers in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select

from newsletter.app import open_app
from newsletter.cli import output
from newsletter.config import load
from newsletter.services import steer
from newsletter.store import tables
from newsletter.store.database import Database
from tests.cli.desk import Desk, Result
from tests.ledger import NOW

KB = 1024
MAIL = "x" * 500 * KB


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Forty issues of half a megabyte each."""
    with Database(f"sqlite:///{desk.folder}/subscribers.db").write() as connection:
        draft = connection.execute(select(tables.issues)).one()._asdict()
        rows = [
            {**draft, "id": number, "number": number, "state": "sent", "html": MAIL, "started_at": NOW}
            for number in range(2, 42)
        ]
        connection.execute(insert(tables.issues), rows)
    return desk


def cost(act: Callable[[], Result]) -> tuple[Result, int]:
    """What it said, and how many bytes it had in hand at most, beyond what a first call loads."""
    act()
    tracemalloc.start()
    try:
        return act(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("words", [("issues", "--json"), ("doctor", "--json"), ("issues",)])
def test_no_mail_is_loaded_for_a_list(full: Desk, words: tuple[str, ...]) -> None:
    said, bytes_held = cost(lambda: full.call(*words))
    assert said.status in (0, 1)
    assert bytes_held < 10 * len(MAIL)
    if words == ("issues", "--json"):
        assert [one["id"] for one in said.json] == list(range(41, 0, -1))
        assert said.json[0]["html_bytes"] == len(MAIL)


def test_a_list_of_issues_asks_as_often_for_many_as_for_one(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    listen = event.listens_for
    opened = Database.__init__

    def watched(self: Database, url: str, folder: Path) -> None:
        opened(self, url, folder)
        listen(self.engine, "before_cursor_execute")(lambda c, cur, sql, *_: asked.append(sql))

    monkeypatch.setattr(Database, "__init__", watched)
    assert full.call("issues").status == 0
    assert sum("deliveries" in sql for sql in asked) == 2
    assert not any("issues.html," in sql for sql in asked)


def test_the_numbers_of_a_list_are_those_of_each_issue(desk: Desk) -> None:
    desk.enlist(near="ann", far="bob")
    desk.call("build", "harbour")
    desk.call("build", "harbour", "--edition", "far")
    app = open_app(load(desk.folder / "config.yaml", {}))
    steer.start(app.database, 1, app.clock())
    listed = desk.call("issues", "harbour", "--json").json
    assert len(listed) == 2
    for one in listed:
        shown = desk.call("show", one["id"], "--json").json
        assert one == {name: shown[name] for name in one}


def test_a_million_readers_in_a_pipe_need_no_memory(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few hundred, in fact; each of them would weigh four kilobytes."""
    monkeypatch.setattr(output, "_PAGE", 50)
    people = [
        {"id": number, "email": f"r{number}@example.com", "name": "", "tags": [], "created_at": NOW}
        for number in range(1, 501)
    ]
    theirs = {"newsletter": "harbour", "edition": "near", "state": "active", "since": NOW}

    def more(first: int, last: int) -> None:
        with Database(f"sqlite:///{desk.folder}/subscribers.db").write() as connection:
            connection.execute(insert(tables.subscribers), people[first:last])
            rows = [{**theirs, "subscriber": one["id"]} for one in people[first:last]]
            connection.execute(insert(tables.subscriptions), rows)

    more(0, 100)
    _, few = cost(lambda: desk.call("subscribers", "list"))
    more(100, 500)
    said, many = cost(lambda: desk.call("subscribers", "list"))
    assert said.out.count("@example.com") == 500
    assert "500 subscriptions." in said.out
    assert many - few < 3 * len(said.out)  # the answer itself is kept by the test
