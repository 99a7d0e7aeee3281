"""Another process writes for a long time: the web says so and goes on reading."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.services import readers
from newsletter.services.subscribe import SignUp
from newsletter.store import database
from newsletter.text.token import UNSUBSCRIBE
from newsletter.web import create_app
from newsletter.web.turns import _EVEN, Turns
from tests.web.site import make_app

LOCKED = "database is locked"


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """It waits for a lock only as long as a test likes to."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    made = make_app(tmp_path)
    yield made
    made.database.close()


@contextmanager
def locked(app: App) -> Iterator[None]:
    with closing(sqlite3.connect(str(app.database.engine.url.database))) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def leave(app: App) -> str:
    wish = SignUp("tech", "uk", "ann@example.org", "Ann")
    reader = readers.add_active(app.database, app.signer, wish, app.clock()).subscriber.id
    return f"/unsubscribe/{app.signer.subscription(UNSUBSCRIBE, reader, 'tech')}"


def test_a_locked_database_is_a_503_with_a_page(hasty: App, caplog: pytest.LogCaptureFixture) -> None:
    link = leave(hasty)
    with TestClient(create_app(hasty)) as web, locked(hasty):
        page = web.post(link)
        api = web.post("/api/v1/newsletters/tech/subscribe", json={"email": "new@example.org"})
        assert web.get(link).status_code == web.get("/healthz").status_code == 200
    for answer in (page, api):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<h1>One moment, please</h1>" in page.text
    assert api.json()["error"] == "One moment, please"
    told = [(record.getMessage(), record.exc_info) for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == [(f"POST /unsubscribe was put off: {LOCKED}", None), (f"POST /api was put off: {LOCKED}", None)]


def test_those_who_write_leave_room_for_those_who_read(app: App) -> None:
    link = leave(app)
    with TestClient(create_app(app)) as web, ThreadPoolExecutor(60) as crowd:
        with locked(app):
            writing = [crowd.submit(web.post, link) for _ in range(60)]
            for path in ("/healthz", link, "/subscribe/tech"):
                assert web.get(path).status_code == 200
            assert not any(one.done() for one in writing)
        assert {one.result().status_code for one in writing} == {200}


def test_whose_turn_does_not_come_is_put_off(app: App) -> None:
    link = leave(app)
    made = create_app(app)
    made.state.turns = Turns(at_once=1, patience=0.1)
    with TestClient(made) as web, ThreadPoolExecutor(5) as crowd:
        with locked(app):
            writing = [crowd.submit(web.post, link) for _ in range(5)]
            assert [one.result().status_code for one in islice(as_completed(writing), 4)] == [503] * 4
        assert min(one.result().status_code for one in writing) == 200


@pytest.mark.parametrize("error", [None, ValueError("wrong")])
def test_an_even_answer_never_comes_sooner(error: Exception | None) -> None:
    def work() -> str:
        if error:
            raise error
        return "done"

    async def main() -> str:
        return await Turns().take_evenly(work)

    began = time.monotonic()
    if error:
        with pytest.raises(ValueError, match="wrong"):
            asyncio.run(main())
    else:
        assert asyncio.run(main()) == "done"
    assert time.monotonic() - began >= _EVEN
