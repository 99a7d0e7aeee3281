"""`subscribers add` asks for a confirmation at once; what is said of the mail is right though `serve` was faster."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.app import App, open_app
from newsletter.cli.asking import Asked, _once_sent, say_asked
from newsletter.config import load
from newsletter.domain.delivery import DeliveryState
from newsletter.services.readers import add
from newsletter.services.subscribe import SignUp
from newsletter.store import notices
from tests.cli.desk import Desk


@pytest.fixture
def app(tmp_path: Path) -> App:
    desk = Desk(tmp_path).furnish()
    return open_app(load(desk.folder / "config.yaml", {}))


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.FAILED])
def test_a_mail_that_another_process_sends_is_waited_for(app: App, state: DeliveryState) -> None:
    found = add(app.database, app.signer, SignUp("harbour", "near", "ann@example.com"), app.clock())
    with app.database.write() as connection:
        claimed = notices.claim(connection, app.clock(), timedelta(minutes=5))
        assert claimed

    def finish() -> None:
        time.sleep(0.3)
        with app.database.write() as connection:
            notices.finish(connection, claimed.id, state, "250 fine")

    other = threading.Thread(target=finish)
    other.start()
    mail = _once_sent(app, app.signer.person("ann@example.com"), found)
    other.join()
    assert mail
    assert (mail.state, mail.words) == (state, "250 fine")


def test_what_is_said_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (Asked("sent", now=True), Asked("sent"), Asked("sending")):
        say_asked("ann@example.com", asked)
    fresh, old, under_way = capsys.readouterr().out.splitlines()
    assert fresh == "ann@example.com is asked to confirm: the mail is sent."
    assert "was asked to confirm within the last day already" in old
    assert "another process has the mail in hand" in under_way
