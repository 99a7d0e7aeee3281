"""The sender that `serve` and `worker` run."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from newsletter import sender
from newsletter.app import App
from newsletter.errors import Away
from tests.web.site import make_app


def test_what_could_not_go_on_is_told_and_so_is_that_it_does_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, stop, asked = make_app(tmp_path), asyncio.Event(), list[int]()

    async def notices(app: App) -> None:
        asked.append(len(asked))
        if len(asked) == 2:
            raise Away("the database server does not answer")
        if len(asked) == 5:
            stop.set()

    for name, seconds in (("LOOK_EVERY", 0.01), ("_REST_FIRST", 0.02)):
        monkeypatch.setattr(sender, name, seconds)
    monkeypatch.setattr(sender, "_send_notices", notices)
    with caplog.at_level(logging.WARNING, "newsletter"):
        asyncio.run(sender.send_all(app, stop, "serve"))
    told = [record.getMessage() for record in caplog.records]
    assert told == ["the sender: the database server does not answer", "the sender goes on again"]
    app.database.close()
