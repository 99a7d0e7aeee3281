"""The form that an operator copies into a page of their own."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.app import open_app
from newsletter.config import load
from newsletter.errors import NotFound
from newsletter.store import subscribers
from newsletter.web import create_app
from tests.cli.desk import Desk

CONFIG = """\
site: {name: Quay, url: "https://news.quay.example.org"}
newsletters:
  quay:
    name: "Ropes & <Knots>"
    sender: "Quay <quay@example.org>"
    editions: {near: {}, far: {language: de}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "config.yaml").write_text(CONFIG)
    desk = Desk(tmp_path)
    desk.call("issues")  # makes the database, and says so
    return desk


def test_the_form_says_in_the_editions_language_what_readers_agree_to(desk: Desk) -> None:
    form = desk.call("form", "quay", "--edition", "far").out
    assert "<p>Mit der Anmeldung bitten Sie uns, Ihnen Ropes &amp; &lt;Knots&gt; per E-Mail" in form


def test_who_fills_it_in_is_asked_to_confirm_that_edition(desk: Desk) -> None:
    form = desk.call("form", "--edition", "far").out
    [action] = re.findall(r'<form method="post" action="(.*)">', form)
    hidden = dict(re.findall(r'<input type="hidden" name="(.*)" value="(.*)">', form))
    [typed] = re.findall(r'<input type="email" name="(.*?)" required', form)
    app = open_app(load(desk.folder / "config.yaml", {}))
    with TestClient(create_app(app), client=("192.0.2.7", 1), base_url="https://news.quay.example.org") as web:
        assert web.post(action, data={**hidden, typed: "ann@example.org"}).status_code == 200
    with app.database.read() as connection:
        reader = subscribers.find(connection, "ann@example.org")
        assert reader
        assert [one.edition for one in subscribers.subscriptions_of(connection, reader.id)] == ["far"]
    app.database.close()


def test_who_names_no_edition_is_told_which_one_the_form_is_for(desk: Desk) -> None:
    told = desk.call("form").err
    assert told.startswith("This form signs up for the edition near, the first of quay.")
    assert "--edition" in told
    assert "--frame" in told
    for named in (["--edition", "far"], ["--frame"]):
        assert desk.call("form", *named).err == ""


def test_the_frame_shows_the_page_that_may_be_framed(desk: Desk) -> None:
    frame = desk.call("form", "--frame").out
    assert frame.startswith('<iframe src="https://news.quay.example.org/embed/quay?edition=near"')
    assert 'title="Subscribe to Ropes &amp; &lt;Knots&gt;"' in frame


def test_a_newsletter_with_one_edition_does_not_name_it(desk: Desk) -> None:
    (desk.folder / "config.yaml").write_text(CONFIG.replace("    editions: {near: {}, far: {language: de}}\n", ""))
    for answer in (desk.call("form"), desk.call("form", "--frame")):
        assert "edition" not in unescape(answer.out)
        assert answer.err == ""


def test_who_names_no_edition_gets_the_first(desk: Desk) -> None:
    app = open_app(load(desk.folder / "config.yaml", {}))
    assert [app.chosen_edition("quay", named).key for named in (None, "", "near", "far")] == [
        "near",
        "near",
        "near",
        "far",
    ]
    with pytest.raises(NotFound, match=r"It has: near, far\."):
        app.chosen_edition("quay", "moon")
    app.database.close()
    assert desk.call("form", "--edition", "").out == desk.call("form").out


def test_an_edition_nobody_has_is_told_of(desk: Desk) -> None:
    answer = desk.call("form", "--edition", "moon")
    assert answer.status == 1
    assert "It has: near, far." in answer.err
