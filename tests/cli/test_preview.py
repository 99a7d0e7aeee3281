"""`preview` and `send-preview`: both show the very bytes that are sent, and neither gives a reader's links away."""

from __future__ import annotations

import email.policy
import json
import re
import webbrowser
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import get_args

import pytest

from newsletter.app import App, open_app
from newsletter.cli.serving import served
from newsletter.config import load
from newsletter.domain.issue import Issue
from newsletter.domain.theme import ThemeName
from newsletter.outgoing import outgoing, stand_in
from newsletter.preview.views import VIEWS
from newsletter.services.readers import add_active
from newsletter.services.subscribe import SignUp
from newsletter.store import issues, subscribers
from newsletter.text.token import PREFERENCES, UNSUBSCRIBE
from tests.cli.desk import Desk
from tests.smtp_sink import Sink
from tests.web.site import make_app, write_issue
from tests.web_server import Answer, web_server

TOKEN = re.compile(rb"(unsubscribe|preferences)/([\w.-]+)")
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)
ADA = "email,name,edition\nada@example.org,Ada Whitlock,near\n"


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def opened(desk: Desk) -> App:
    return open_app(load(desk.folder / "config.yaml", {}))


def stored(app: App, number: int = 1) -> Issue:
    with app.database.read() as connection:
        return issues.get(connection, number)


def add_ada(desk: Desk) -> int:
    (desk.folder / "ada.csv").write_text(ADA)
    assert desk.call("subscribers", "import", "ada.csv", "--newsletter", "harbour").status == 0
    app = opened(desk)
    with app.database.read() as connection:
        found = subscribers.find(connection, "ada@example.org")
    assert found
    return found.id


def unsealed(raw: bytes) -> bytes:
    """A message without the few things in which a preview in an inbox differs: subject's mark, To, id, date, tokens."""
    head, _, body = raw.replace(b"=\r\n", b"").partition(b"\r\n\r\n")
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", head)
    kept = [line for line in unfolded.split(b"\r\n") if not line.startswith((b"To:", b"Message-ID:", b"Date:"))]
    whole = b"\r\n".join(kept).replace(b"Subject: [Preview] ", b"Subject: ") + b"\r\n\r\n" + body
    return TOKEN.sub(rb"\1/TOKEN", re.sub(rb"=_[0-9a-f]{24}", b"BOUNDARY", whole))


def test_it_writes_the_message_and_a_page_that_shows_it(desk: Desk) -> None:
    answer = desk.call("preview", 1, "--out", "look", "--json").json
    look = desk.folder / "look"
    assert answer["page"] == "look/index.html"
    assert {path.name for path in look.iterdir()} >= {"index.html", "message.eml", "message.html", "message.txt"}
    message = parsed((look / "message.eml").read_bytes())
    for kind, name in (("html", "message.html"), ("plain", "message.txt")):
        part = message.get_body((kind,))
        assert part
        assert part.get_content().replace("\r\n", "\n") == (look / name).read_text()
    page = (look / "index.html").read_text()
    assert page.count("<iframe") == 2 * len(VIEWS)
    assert page.count('sandbox="allow-popups allow-popups-to-escape-sandbox"') == 2 * len(VIEWS)
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_it_writes_over_an_earlier_preview_and_over_nobody_elses_page(desk: Desk) -> None:
    assert desk.call("preview", 1, "--out", "look").status == 0
    assert desk.call("preview", 1, "--out", "look").status == 0
    (desk.folder / "index.html").write_text("<h1>My blog</h1>")
    refused = desk.call("preview", 1, "--out", ".")
    assert refused.status == 2
    assert "index.html is there already" in refused.err
    assert "--out" in refused.err
    assert (desk.folder / "index.html").read_text() == "<h1>My blog</h1>"
    assert not (desk.folder / "message.eml").exists()


def test_without_options_it_says_where_and_how(desk: Desk) -> None:
    said = desk.call("preview", 1)
    assert said.status == 0
    assert "preview/index.html" in said.out
    assert "--open" in said.out


def test_in_a_jekyll_site_it_goes_where_jekyll_publishes_nothing(desk: Desk) -> None:
    blog = desk.folder / "blog"
    (blog / "config.yaml").write_text((desk.folder / "config.yaml").read_text().replace("path: blog", "path: ."))
    there = Desk(blog)
    assert there.call("build").status == 0
    assert there.call("preview", 1, "--json").json["page"] == "_newsletter/preview/index.html"
    assert (blog / "_newsletter" / "preview" / "message.eml").exists()
    assert not (blog / "preview").exists()
    refused = there.call("preview", 1, "--notice", "all", "--open")
    assert (refused.status, "leave one of them out" in refused.err) == (2, True)


def test_open_shows_the_page_or_says_where_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    desk.environ["DISPLAY"] = ":7"
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(shown.append(url)) or True)
    assert desk.call("preview", 1, "--open").status == 0
    page = (desk.folder / "preview" / "index.html").resolve().as_uri()
    assert shown == [page]
    desk.environ.update(dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"), ""))
    without = desk.call("preview", 1, "--open", "--json")
    assert without.status == 0
    assert json.loads(without.out)["page"] == "preview/index.html"
    assert f"There is no browser here. Open this yourself: {page}" in without.err


def test_every_edition_of_the_build_has_its_page(desk: Desk) -> None:
    desk.call("build", "harbour")
    desk.call("preview", 1, "--out", "look")
    first, other = ((desk.folder / "look" / name).read_text() for name in ("index.html", "edition-far.html"))
    assert 'href="edition-far.html"' in first
    assert 'href="index.html"' in other


def test_as_a_subscriber_no_link_acts_for_them(desk: Desk) -> None:
    desk.call("build", "harbour")
    ada = add_ada(desk)
    said = desk.call("preview", 1, "--as", "Ada@Example.org", "--out", "look")
    assert said.status == 0, said.err
    message = parsed((desk.folder / "look" / "message.eml").read_bytes())
    assert message["To"] == "Ada Whitlock <ada@example.org>"
    app = opened(desk)
    found = set()
    for file in (path for path in (desk.folder / "look").rglob("*") if path.is_file()):
        content = file.read_bytes().replace(b"=\r\n", b"")
        for purpose in (UNSUBSCRIBE, PREFERENCES):
            assert app.signer.subscription(purpose, ada, "harbour").encode() not in content, file
        found |= {token for purpose, token in TOKEN.findall(content) if purpose == b"unsubscribe"}
    assert found
    assert {app.signer.read_subscription(UNSUBSCRIBE, token.decode())[0] for token in found} == {0}


@pytest.mark.parametrize(
    ("address", "told"),
    [("nobody@example.org", "has no subscription to harbour"), ("nobody", "has no @")],
)
def test_as_nobody(desk: Desk, address: str, told: str) -> None:
    for command in (["preview", "1"], ["send-preview", "1", "--to", "me@example.com"]):
        said = desk.call(*command, "--as", address)
        assert said.status == 1
        assert told in said.err


def test_a_message_that_cannot_be_made(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    broken = write_issue(app).id
    with app.database.write() as connection:
        connection.exec_driver_sql("UPDATE issues SET html = html || char(64976) || 'shoe' || char(64977)")
    app.database.close()
    said = Desk(tmp_path).call("preview", broken)
    assert said.status == 1
    assert "cannot be made into a message" in said.err
    assert f"newsletter check {broken}" in said.err


@pytest.mark.parametrize(
    "theme",
    [name if name == "classic" else pytest.param(name, marks=pytest.mark.long) for name in get_args(ThemeName)],
)
def test_an_inbox_gets_exactly_what_is_previewed(desk: Desk, sink: Sink, theme: str) -> None:
    """In every theme, for a stand-in and for a chosen reader; what differs is named in `unsealed`."""
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("    lookback:", f"    theme: {theme}\n    lookback:"))
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    add_ada(desk)
    for number, words in enumerate(([], ["--as", "ada@example.org"])):
        assert desk.call("preview", 1, "--out", "look", *words).status == 0
        assert desk.call("send-preview", 1, "--to", "me@example.com", *words).status == 0
        sink.wait_for(number + 1)
        sent, previewed = sink.received[number], (desk.folder / "look" / "message.eml").read_bytes()
        expected = unsealed(previewed)
        if not words:
            expected = expected.replace(b"reader@example.com", b"me@example.com")
        assert unsealed(sent.content) == expected
        assert sent.recipient == "me@example.com"
        assert parsed(sent.content)["To"] == "me@example.com"
        assert parsed(sent.content)["Message-ID"] != parsed(previewed)["Message-ID"]


def test_a_chosen_readers_slots_go_to_the_operator_alone(tmp_path: Path, sink: Sink) -> None:
    app = make_app(tmp_path, smtp=sink.port)
    number = write_issue(app).id
    add_active(app.database, app.signer, SignUp("tech", "uk", "ada@example.org", "Ada Whitlock"), app.clock())
    app.database.close()
    assert Desk(tmp_path).call("send-preview", number, "--to", "me@example.com", "--as", "ada@example.org").status == 0
    sink.wait_for(1)
    message = parsed(sink.received[0].content)
    html = message.get_body(("html",))
    assert html
    assert "ada@example.orgAda Whitlock" in html.get_content()
    assert message["To"] == "me@example.com"
    assert [mail.recipient for mail in sink.received] == ["me@example.com"]


def test_what_is_previewed_is_what_goes_out(desk: Desk, sink: Sink) -> None:
    """But for what is one reader's own: To, Message-ID, tokens, and the date, which is that of the start."""
    add_ada(desk)
    desk.call("preview", 1, "--as", "ada@example.org", "--out", "look")
    assert desk.call("send", 1, "--yes").status == 0
    sink.wait_for(1)
    assert unsealed(sink.received[0].content) == unsealed((desk.folder / "look" / "message.eml").read_bytes())
    app = opened(desk)
    ready = outgoing(app, stored(app))
    same = b"".join(ready.message.fill(ready.reader_of(stand_in(app, "ada@example.org")._replace(name="Ada Whitlock"))))
    assert b"\r\nDate: " in same
    assert parsed(same)["Date"] == parsed(sink.received[0].content)["Date"]


@pytest.mark.parametrize(("since", "numbers"), [(FIRST, {"1"}), (LAST, {"31", "9999"})])
@pytest.mark.parametrize("edition", ["near", "far"])
def test_a_sign_up_at_an_end_of_the_calendar_can_be_told(
    desk: Desk, edition: str, since: datetime, numbers: set[str]
) -> None:
    """A zone west or east of UTC has no such moment."""
    app = opened(desk)
    ready = outgoing(app, replace(stored(app), edition=edition))
    reader = ready.reader_of(stand_in(app)._replace(since=since))
    assert set(re.findall(r"\d+", reader.since)) == numbers


def test_it_says_that_serve_shows_it_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.cli.preview.served", lambda config: "http://127.0.0.1:8000")
    assert "http://127.0.0.1:8000/admin/issues/1/preview" in desk.call("preview", 1).out


@pytest.mark.parametrize(
    ("body", "password", "found"),
    [(b'{"status": "ok"}', "a long password", True), (b"<p>Another one", "a long password", False), (b"{}", "", False)],
)
def test_whether_serve_runs(tmp_path: Path, body: bytes, password: str, found: bool) -> None:
    with web_server() as other:
        other.pages["/healthz"] = Answer(body=body)
        environ = {"NEWSLETTER_WEB__PORT": str(other.port)}
        environ |= {"NEWSLETTER_WEB__PASSWORD": password} if password else {}
        (tmp_path / "config.yaml").write_text("site: {name: The Harbour Light}\n")
        config = load(tmp_path / "config.yaml", environ)
        assert served(config) == (f"http://127.0.0.1:{other.port}" if found else "")
    assert served(config) == ""
