"""The doctor: each symptom says what is wrong and what to do, and none needs the network to be there."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.exception
import dns.rdata
import dns.resolver
import pytest
from sqlalchemy import text

from newsletter.app import App, open_app
from newsletter.config import Smtp, load
from newsletter.doctor import Severity, examine, mail, published, subjects
from newsletter.doctor import dns as names
from newsletter.domain.tally import Tally
from newsletter.services import steer
from newsletter.services.steer import schedule
from newsletter.services.tallying import depositing
from newsletter.store.database import Database
from newsletter.store.lock import sole_sender
from tests.cli.desk import Desk
from tests.smtp_sink import CUT, Sink, reply


@pytest.fixture
def app(tmp_path: Path) -> App:
    desk = Desk(tmp_path).furnish()
    return open_app(load(desk.folder / "config.yaml", {}))


def server(port: int, **given: Any) -> Smtp:
    return Smtp(port=port, **given)


def levels(found: Iterator[Any]) -> list[tuple[str, str]]:
    return [(symptom.level.value, symptom.message) for symptom in found]


def test_a_healthy_house(app: App) -> None:
    with Sink() as sink:
        config = app.config.model_copy(update={"smtp": server(sink.port)})
        found = list(examine(App(config, app.database, app.clock), {}))
    assert {symptom.level for symptom in found} <= {Severity.OK, Severity.NOTE}
    assert {"config", "database", "site", "templates", "mail server", "DNS"} <= {symptom.area for symptom in found}
    assert any("blog can be read; it holds 5 items" in symptom.message for symptom in found)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("{{ lead.titel }}", "subject` of harbour, edition near: a story has no `titel`; did you mean `title`?"),
        ("{{ leed.title }}", "there is no `leed`."),
        ("{{ stories[1].title }}", "there is no element 1 among 1"),
    ],
)
def test_a_subject_that_no_issue_could_have_is_found(tmp_path: Path, subject: str, reason: str) -> None:
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("near: {}", f"near: {{subject: '{subject}'}}"))
    app = open_app(load(config, {}))
    (found,) = [symptom for symptom in subjects.examine(app) if symptom.level is Severity.ERROR]
    assert reason in found.message
    assert found.remedy


@pytest.mark.parametrize("subject", ["{{ lead.title }} {{ stories|length }}", "{{ lead.author }}, {{ date }}", "Plain"])
def test_a_sound_subject_is_no_symptom(tmp_path: Path, subject: str) -> None:
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("near: {}", f"near: {{subject: '{subject}'}}"))
    assert [symptom.level for symptom in subjects.examine(open_app(load(config, {})))] == [Severity.OK]


def test_what_jekyll_would_publish_with_the_site_is_found_until_it_is_excluded(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    blog = tmp_path / "blog"
    (blog / "config.yaml").write_text((tmp_path / "config.yaml").read_text().replace("path: blog", "path: ."))
    for name in ("preview", "_newsletter"):
        (blog / name).mkdir()
    for name in ("readers.csv", "_newsletter/readers.csv", "preview/index.html"):
        (blog / name).write_text("email\n")

    def found() -> list[str]:
        app = open_app(load(blog / "config.yaml", {"NEWSLETTER_DATABASE": "sqlite:///_newsletter/subscribers.db"}))
        return [symptom.message for symptom in published.examine(app)]

    assert found() == ["Jekyll publishes config.yaml, preview, readers.csv with your site."]
    with (blog / "_config.yml").open("a") as config:
        config.write("exclude: [vendor, preview/]\n")
    app = open_app(load(blog / "config.yaml", {"NEWSLETTER_DATABASE": "sqlite:///_newsletter/subscribers.db"}))
    [symptom] = published.examine(app)
    assert "`exclude: [vendor, preview/, config.yaml, readers.csv]`" in symptom.remedy  # a second one would undo it
    (blog / "_config.yml").write_text("exclude: [config.yaml, preview/, readers.csv]\n")
    assert found() == []
    text = (blog / "config.yaml").read_text().replace("    name: Harbour", "    note: note.md\n    name: Harbour", 1)
    assert "note.md" in text
    (blog / "config.yaml").write_text(text)
    assert found() == []
    (blog / "note.md").write_text("Hello.\n")
    assert found() == ["Jekyll publishes note.md with your site."]
    assert list(published.examine(open_app(load(desk.folder / "config.yaml", {})))) == []


def test_an_issue_that_waits_beyond_its_time_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    desk.call("build", "harbour", "--edition", "near")
    app = open_app(load(desk.folder / "config.yaml", {}))
    schedule(app.database, 1, app.clock() - timedelta(minutes=3))
    assert "is still waiting" not in str(list(examine(app, {})))
    schedule(app.database, 1, app.clock() - timedelta(minutes=7))
    [found] = [one for one in examine(app, {}) if "is still waiting" in one.message]
    assert (found.level, found.area) == (Severity.WARNING, "harbour")
    assert "newsletter serve" in found.remedy


def test_an_issue_that_stands_in_mid_send_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    desk.enlist(near="ann")
    desk.call("build", "harbour", "--edition", "near")
    app = open_app(load(desk.folder / "config.yaml", {}))
    steer.start(app.database, 1, app.clock())
    [found] = [one for one in examine(app, {}) if "half sent" in one.message]
    assert (found.level, "newsletter resume 1" in found.remedy) == (Severity.WARNING, True)
    assert "nobody is sending issue 1 now: newsletter resume 1 goes on" in desk.call("issues").err
    with sole_sender(app.database, 1):
        assert "half sent" not in str(list(examine(app, {})))
        assert "nobody is sending" not in desk.call("issues").err
    with depositing(app.database, Tally(), "a process", "serve", app.clock):  # which goes on when a retry falls due
        assert "half sent" not in str(list(examine(app, {})))
        assert "nobody is sending" not in desk.call("issues").err
    assert "nobody is sending" in desk.call("issues").err


def test_an_issue_that_paused_itself_is_told_with_its_reason(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    desk.enlist(near="ann")
    desk.call("build", "harbour", "--edition", "near")
    app = open_app(load(desk.folder / "config.yaml", {}))
    steer.start(app.database, 1, app.clock())
    steer.pause(app.database, 1)
    [found] = [one for one in examine(app, {}) if "is paused" in one.message]
    assert (found.level, found.message) == (Severity.WARNING, "issue 1 is paused: paused by hand.")
    assert "newsletter resume 1" in found.remedy


def test_what_a_source_warns_of_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    (tmp_path / "blog/_config.yml").write_text("url: harbour.example.org\n")
    found = list(examine(open_app(load(desk.folder / "config.yaml", {})), {}))
    [warned] = [one for one in found if "is no web address" in one.message]
    assert (warned.level, warned.area) == (Severity.WARNING, "harbour")
    assert "`url: harbour.example.org`" in warned.message


def test_a_source_that_breaks_otherwise_than_it_may_ends_no_examination(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, *given: object) -> object:
        raise RuntimeError("somebody else wrote it")

    monkeypatch.setattr("newsletter.sources.jekyll.JekyllSource.read", broken)
    found = list(examine(app, {}))
    assert any("RuntimeError: somebody else wrote it" in one.message for one in found)
    assert "DNS" in {one.area for one in found}


def test_a_draft_of_an_edition_that_is_gone_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    desk.call("build", "harbour", "--edition", "near")
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("near:", "coast:"))
    [found] = [one for one in examine(open_app(load(config, {})), {}) if "is a draft issue" in one.message]
    assert "harbour/near, which config.yaml does not have" in found.message
    assert desk.call("cancel", 1).status == 0
    assert "is a draft issue" not in str(list(examine(open_app(load(config, {})), {})))


def test_what_is_wrong_has_a_remedy(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    text = config.read_text().replace("https://letters.example.org", "http://127.0.0.1:8000")
    text = text.replace("postal_address: 1 Pier Road, Saltby", "postal_address: ''").replace(
        "path: blog", "path: attic"
    )
    config.write_text(text)
    templates = tmp_path / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "digest.mjml").write_text("<mjml>{{ unclosed</mjml>")
    found = list(examine(open_app(load(config, {})), {"NEWSLETTER_SMPT__PORT": "1", "NEWSLETTER_DEBUG": "1"}))
    wrong = {symptom.area: symptom for symptom in found if symptom.level in (Severity.WARNING, Severity.ERROR)}
    assert {"config", "site", "harbour", "mail server"} <= set(wrong)
    assert all(symptom.remedy for symptom in wrong.values() if symptom.area != "templates")
    assert any("attic cannot be read" in symptom.message for symptom in found)


def test_a_language_without_phrases_is_told_with_the_files_to_write(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    for tag, told in (("pl", True), ("de-AT", False)):
        text = config.read_text().replace("postal_address:", f"language: {tag}\n    postal_address:", 1)
        other = config.with_name(f"{tag}.yaml")
        other.write_text(text)
        found = [one for one in examine(open_app(load(other, {})), {}) if "fixed phrases" in one.message]
        assert bool(found) is told
        assert all("email/words/pl.txt and email/notices/words/pl.txt" in one.remedy for one in found)


def test_a_logo_that_is_not_there_and_an_address_that_is_nobodys(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    text = config.read_text().replace("postal_address:", "design: {logo: art/logo.png}\n    postal_address:", 1)
    config.write_text(text.replace("path: blog", 'path: blog, url: "https://blog.example.com"'))
    found = [(one.level, one.message) for one in examine(open_app(load(config, {})), {})]
    missing = f"there is no logo {desk.folder / 'art' / 'logo.png'}: mails bear the name instead."
    placeholder = "stories of blog would lead to https://blog.example.com, a placeholder."
    assert [found.count((Severity.WARNING, missing)), found.count((Severity.NOTE, placeholder))] == [1, 1]
    (desk.folder / "art").mkdir()
    (desk.folder / "art" / "logo.png").touch()
    assert missing not in [one.message for one in examine(open_app(load(config, {})), {})]


def test_a_clock_that_was_set_back(app: App) -> None:
    Desk(app.config.folder).call("build", "harbour")
    before = App(app.config, app.database, lambda: app.clock().replace(year=2020))
    assert any("clock of this machine was set back" in symptom.message for symptom in examine(before, {}))


def test_no_newsletter_at_all(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("")
    assert ("error", f"{tmp_path / 'config.yaml'} names no newsletter.") in levels(
        examine(open_app(load(tmp_path / "config.yaml", {})), {})
    )


def test_mail_servers() -> None:
    with Sink() as sink:
        assert levels(mail.examine(server(sink.port)))[0][0] == "ok"
        assert "no password for me" in levels(mail.examine(server(sink.port, username="me")))[0][1]
        [plain] = mail.examine(server(sink.port, security="starttls"))
        assert "answers, but not as it should: the mail server offers no STARTTLS" in plain.message
        assert "`smtp: security` and `port`" in plain.remedy
        [(level, told)] = levels(mail.examine(server(sink.port, security="tls")))
        assert (level, "no TLS with it: wrong version number" in told) == ("error", True)
        sink.fail("greeting", reply(554, "5.7.1 go away"))
        assert "refuses us: 554 go away" in levels(mail.examine(server(sink.port)))[0][1]
    with Sink(offers=("",)) as odd:  # Postfix's own smtp-sink offers an empty word
        assert "offers ENHANCEDSTATUSCODES, PIPELINING." in levels(mail.examine(server(odd.port)))[0][1]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "connection refused" in levels(mail.examine(server(port)))[0][1]


def test_a_server_that_takes_no_mail_of_ours_is_told_before_any_is_sent() -> None:
    with Sink() as sink:
        sink.fail("MAIL", reply(530, "5.7.0 Authentication required"))
        refused = next(iter(mail.examine(server(sink.port), ["hello@example.org"])))
        assert (refused.level, "NEWSLETTER_SMTP__PASSWORD" in refused.remedy) == (Severity.ERROR, True)
        assert "takes no mail of hello@example.org: 530 Authentication required" in refused.message
        sink.faults.clear()
        sink.fail("MAIL", reply(550, "5.7.1 not of yours"), times=1)
        first, *others = mail.examine(server(sink.port), ["hello@example.org", "other@example.org"])
        assert "takes no mail of hello@example.org: 550 not of yours" in first.message
        assert [symptom.level for symptom in others] == [Severity.OK]
        sink.faults.clear()
        sink.fail("MAIL", CUT)
        assert [one.level for one in mail.examine(server(sink.port), ["hello@example.org"])] == [Severity.OK]
    assert not sink.received


def test_what_is_in_the_way_of_a_folder_of_mails_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert levels(mail.examine_folder(tmp_path / "not" / "there yet"))[0][0] == "note"
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert levels(mail.examine_folder(place)) == [
            ("error", f"mails cannot become files: {tmp_path / 'file'} is no folder.")
        ]


def test_the_folder_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environ={"NEWSLETTER_SMTP__TYPE": "folder", "NEWSLETTER_SMTP__PATH": "config.yaml"}).furnish()
    app = open_app(load(desk.folder / "config.yaml", desk.environ))
    found = [symptom.message for symptom in examine(app, {}) if symptom.area == "mail server"]
    assert found == [f"mails cannot become files: {desk.folder / 'config.yaml'} is no folder."]


class Zone:
    """A resolver that knows what it is told; None is no answer at all."""

    def __init__(self, records: dict[str, list[str] | None]) -> None:
        self._records = records

    def resolve(self, name: str, _kind: str) -> Any:
        found = self._records.get(name, [])
        if found is None:
            raise dns.exception.Timeout
        if not found:
            raise dns.resolver.NXDOMAIN
        return [dns.rdata.from_text("IN", "TXT", f'"{text}"') for text in found]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({"a.dev": ["v=spf1 -all", "other"], "_dmarc.a.dev": ["v=DMARC1; p=none"]}, ["ok", "ok", "note"]),
        ({}, ["warning", "warning", "note"]),
        ({"a.dev": ["v=spf1 -all", "v=spf1 +all"]}, ["warning", "warning", "note"]),
        ({"a.dev": None}, ["note"]),
    ],
)
def test_the_senders_domain(records: dict[str, list[str] | None], expected: list[str]) -> None:
    zone: Any = Zone(records)
    assert [level for level, _ in levels(names.examine(["A <x@a.dev>"], zone))] == expected


def test_a_placeholder_is_not_looked_up() -> None:
    zone: Any = Zone({"example.org": None})
    assert "placeholder" in levels(names.examine(["A <x@news.example.org>", "y@example.com"], zone))[1][1]


def told_by(desk: Desk) -> str:
    return " ".join(desk.call("doctor").out.split())


def test_a_lookback_shorter_than_the_schedule_loses_posts(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    before = config.read_text()
    config.write_text(before.replace("lookback: 3650d", "lookback: 3d"))
    assert "has 7 days between two issues, and `lookback` is shorter" in told_by(desk)
    config.write_text(before.replace("lookback: 3650d", "lookback: 0d"))
    assert "`lookback: 0` leaves every post out" in told_by(desk)
    config.write_text(before.replace("lookback: 3650d", "lookback: 7d"))
    assert "`lookback`" not in told_by(desk)


@pytest.mark.postgres
@pytest.mark.parametrize("writable", [True, False])
def test_with_postgresql_the_folder_is_to_be_writable(
    app: App, furnished_url: str, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    database = Database(furnished_url, app.config.folder)
    monkeypatch.setattr(os, "access", lambda *_: writable)
    found = examine(App(app.config, database, app.clock), {})
    told = [one for one in found if one.area == "database" and "cannot be written to" in one.message]
    assert [one.level for one in told] == ([] if writable else [Severity.NOTE])
    database.close()


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    """The guard against mailing twice is an index: one that misses a row lets it happen."""
    desk = Desk(tmp_path).furnish()
    desk.enlist(near="ann")
    desk.call("doctor")
    path = tmp_path / "subscribers.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(page,)] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_deliveries_1'"
        )
        [(size,)] = connection.execute("PRAGMA page_size")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x0a" + b"\xff" * (size - 1))
    assert "damaged" in told_by(desk)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("email/digest.mjml", '{% extends "email/digest.mjml" %}{{ lead.title }', "email/digest.mjml"),
        ("email/digest.mjml", '{% include "email/x.mjml" %}', "there is no template email/x.mjml"),
        ("email/notices/confirm.txt", "{{ edition.name }}", "confirm.txt: it has no block `subject`"),
        (
            "email/notices/confirm.txt",
            "{% block subject %}{{ nope }}{% endblock %}",
            "confirm.txt: there is no `nope`",
        ),
        ("web/subscribe.html", "{{ nope", "web/subscribe.html:1"),
    ],
)
def test_a_broken_template_is_found_before_it_is_needed(tmp_path: Path, file: str, text: str, told: str) -> None:
    desk = Desk(tmp_path).furnish()
    path = tmp_path / "templates" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    said = desk.call("doctor")
    assert said.status == 1
    assert told in " ".join(said.out.split())


def test_a_template_that_replaces_nothing_is_told_and_what_it_was_meant_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    own = tmp_path / "templates"
    files = {
        "digest.mjml": "<mj-text>Never shown</mj-text>",
        "email/digets.txt": "Never shown",
        "email/digest.mjml": '{% extends "!email/digest.mjml" %}\n{% block after %}'
        '{% include "email/mine.mjml" %}{% endblock %}',
        "email/mine.mjml": "<mj-text>Shown</mj-text>",
        "email/words/de-AT.txt": "",
    }
    for name, words in files.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(words)
    told = {symptom.message: symptom.remedy for symptom in examine(open_app(load(desk.folder / "config.yaml", {})), {})}
    end = " replaces no file of the program's, so nothing shows it."
    nothing = {message.removesuffix(end): remedy for message, remedy in told.items() if message.endswith(end)}
    assert nothing == {
        f"{own}/digest.mjml": "Did you mean email/digest.mjml?",
        f"{own}/email/digets.txt": "Did you mean email/digest.txt?",
    }


def test_a_database_that_cannot_be_opened_is_one_trouble_and_hides_no_schedule(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    (desk.folder / "subscribers.db").write_text("garbage, and no database at all\n" * 200)
    found = desk.call("doctor", "--json").json["findings"]
    errors = [one["area"] for one in found if one["level"] == "error"]
    assert errors.count("database") == 1
    assert "templates" not in errors
    assert sum("goes out next on" in one["message"] for one in found) == 2


def test_a_database_without_a_table_of_today_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    app = open_app(load(desk.folder / "config.yaml", {}))
    assert "lacks" not in str(list(examine(app, {})))
    with app.database.write() as connection:
        connection.execute(text("DROP TABLE watched_schedules"))
        connection.execute(text("ALTER TABLE posts DROP COLUMN first_seen"))
    [found] = [one for one in examine(app, {}) if "lacks" in one.message]
    assert (found.level, found.area) == (Severity.ERROR, "database")
    assert "lacks watched_schedules, posts.first_seen." in found.message
    assert "subscribers export" in found.remedy
