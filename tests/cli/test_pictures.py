"""Pictures the whole way: a site's files, config.yaml, build, preview, delivery; linked, embedded, or none."""

from __future__ import annotations

import email
import email.policy
import io
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.cli.building import build_drafts
from newsletter.cli.session import Session
from newsletter.text import media
from tests.cli.desk import POSTS, Desk
from tests.pictures.made import file, photo_like

CRANE = "2026-06-01-crane.md"
# A template that shows whatever pictures a story has, so that this test hangs on none of the themes.
TEMPLATE = """\
<mjml><mj-body>{% for story in stories %}<mj-section><mj-column><mj-text>{{ story.title }}
{% for one in story.pictures %}
<img src="{{ one.src }}" width="{{ one.width }}" height="{{ one.height }}" alt="{{ story.image_alt }}">
{% endfor %}
<a href="{{ slot('unsubscribe_url') }}">Unsubscribe</a></mj-text></mj-column></mj-section>{% endfor %}</mj-body></mjml>
"""


@pytest.fixture
def harbour(tmp_path: Path) -> Callable[..., Desk]:
    def furnish(**keys: str) -> Desk:
        desk = Desk(tmp_path).furnish()
        blog = tmp_path / "blog"
        (blog / "img").mkdir()
        (blog / "img" / "crane.jpg").write_bytes(file(photo_like(1300, 900), "JPEG"))
        for name, (title, category, words) in POSTS.items():
            picture = "image: {path: /img/crane.jpg, alt: The crane waves}\n" if name == CRANE else ""
            front = f'---\ntitle: "{title}"\ncategories: [{category}]\n{picture}---\n'
            (blog / "_posts" / name).write_text(f"{front}{words}\n")
        (tmp_path / "templates" / "email").mkdir(parents=True)
        (tmp_path / "templates" / "email" / "digest.mjml").write_text(TEMPLATE)
        config = (tmp_path / "config.yaml").read_text()
        config = config.replace("smtp: {", "smtp: {type: folder, path: out, ")
        for key, value in keys.items():
            place = "    lookback:" if key == "pictures" else "smtp:"
            config = config.replace(place, f"{'    ' if key == 'pictures' else ''}{key}: {value}\n{place}", 1)
        (tmp_path / "config.yaml").write_text(config)
        return desk

    return furnish


def built(desk: Desk) -> int:
    issue = desk.call("build", "--edition", "near", "--as-of", "2026-06-04", "--json")
    assert issue.status == 0, issue.err
    return int(issue.json["issues"][0]["id"])


def preview(desk: Desk, issue: int) -> EmailMessage:
    assert desk.call("preview", issue, "--out", "look").status == 0
    raw = (desk.folder / "look" / "message.eml").read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not any(part.defects for part in message.walk())
    return message


def sources(html: str) -> list[str]:
    return re.findall(r'<img src="([^"]+)"', html)


def test_a_sites_own_file_is_linked_on_our_site(harbour: Callable[..., Desk]) -> None:
    desk = harbour()
    message = preview(desk, built(desk))
    html = message.get_body(("html",)).get_content()
    (src,) = sources(html)
    site, _, name = src.rpartition("/")
    assert site == "https://letters.example.org/media"
    assert (desk.folder / "media" / name).is_file()
    assert 'alt="The crane waves"' in html
    assert re.search(r'width="(\d+)" height="(\d+)"', html)
    page = (desk.folder / "look" / "message.html").read_text("utf-8")
    assert sources(page) == [f"media/{name}"]
    assert (desk.folder / "look" / "media" / name).read_bytes() == (desk.folder / "media" / name).read_bytes()


def test_it_is_linked_where_media_url_says(harbour: Callable[..., Desk]) -> None:
    desk = harbour(media_url="https://cdn.example.net/news/", media="pictures")
    html = preview(desk, built(desk)).get_body(("html",)).get_content()
    (src,) = sources(html)
    assert src.startswith("https://cdn.example.net/news/")
    assert (desk.folder / "pictures" / src.rpartition("/")[2]).is_file()


def test_pictures_none_is_none(harbour: Callable[..., Desk]) -> None:
    desk = harbour(pictures="none")
    assert sources(preview(desk, built(desk)).get_body(("html",)).get_content()) == []
    assert not (desk.folder / "media").exists()


def test_an_embedded_picture_travels_and_outlives_the_media_folder(harbour: Callable[..., Desk]) -> None:
    """What is previewed is what is sent, to the last byte of a picture, though its file is gone."""
    desk = harbour(pictures="embed")
    issue = built(desk)
    message = preview(desk, issue)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/jpeg",
    ]  # fmt: skip
    html = message.get_body(("html",)).get_content()
    (name,) = media.embedded(html)
    (picture,) = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert picture.get_content() == (desk.folder / "media" / name).read_bytes()
    assert sources((desk.folder / "look" / "message.html").read_text("utf-8")) == [f"media/{name}"]
    told = desk.call("check", issue, "--json")
    assert "left_behind" not in told.out
    assert told.status == 0, told.out
    (desk.folder / "media" / name).unlink()
    desk.call("subscribers", "add", "ada@example.org", "--active", "--edition", "near")
    sent = desk.call("send", issue, "--yes", "--json")
    assert sent.json["sent"] == 1, sent.err
    (mail,) = (desk.folder / "out").rglob("*.eml")
    delivered = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    (arrived,) = [part for part in delivered.walk() if part.get_content_maintype() == "image"]
    assert arrived.get_content() == picture.get_content()
    assert arrived["Content-ID"] == picture["Content-ID"]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("/../secret.jpg", "it leads out of the site's folder"),
        ("/img/link.jpg", "it leads out of the site's folder"),
        ("http://127.0.0.1/a.png", "private network"),
        ("http://10.0.0.1:8080/a.png", "10.0.0.1"),
        ("/img/half.jpg", "it is damaged"),
        ("/img/page.jpg", "it is a web page"),
    ],
)
def test_what_cannot_be_shown_is_said_and_the_story_stays(harbour: Callable[..., Desk], image: str, words: str) -> None:
    desk = harbour()
    whole = (desk.folder / "blog" / "img" / "crane.jpg").read_bytes()
    (desk.folder / "secret.jpg").write_bytes(whole)
    (desk.folder / "blog" / "img" / "link.jpg").symlink_to(desk.folder / "secret.jpg")
    (desk.folder / "blog" / "img" / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (desk.folder / "blog" / "img" / "page.jpg").write_bytes(b"<!doctype html>")
    post = desk.folder / "blog" / "_posts" / CRANE
    post.write_text(post.read_text().replace("{path: /img/crane.jpg, alt: The crane waves}", image))
    issue = built(desk)
    shown = desk.call("show", issue)
    told = " ".join(shown.out.split())
    assert words in told, told
    assert "Harbour crane learns to wave: without its picture" in told
    html = preview(desk, issue).get_body(("html",)).get_content()
    assert "Harbour crane" in html
    assert sources(html) == []


def test_a_word_that_is_none_is_said_with_its_line(harbour: Callable[..., Desk]) -> None:
    result = harbour(pictures="attach").call("build")
    assert result.status == 2
    assert re.search(r"config.yaml:\d+.*pictures.*link.*embed.*none", " ".join(result.err.split()))


def test_what_goes_without_its_picture_is_told_by_build_check_and_preview(harbour: Callable[..., Desk]) -> None:
    desk = harbour()
    (desk.folder / "blog" / "img" / "crane.jpg").write_bytes(b"<html>")
    built_one = desk.call("build", "--edition", "near", "--as-of", "2026-06-04")
    assert (built_one.out + built_one.err).count("it is a web page") == 1
    (told,) = [one for one in desk.call("check", 1, "--offline", "--json").json["findings"] if one["place"] == "build"]
    assert (told["level"], told["rule"]) == ("warn", "left_out")
    assert "it is a web page" in told["reason"]
    desk.call("preview", 1, "--out", "look")
    assert "it is a web page" in (desk.folder / "look" / "index.html").read_text("utf-8")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_whose_pictures_are_waited_for(
    harbour: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """10.0.0.7 is not asked, but it is said that it would have been."""
    desk = harbour()
    for post in (desk.folder / "blog" / "_posts").iterdir():
        post.write_text(post.read_text().replace("/img/crane.jpg", "http://10.0.0.7/crane.jpg"))
    session = Session(desk.folder / "config.yaml")
    screen = _Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    build_drafts(session, "harbour", "near", datetime(2026, 6, 4, 23, tzinfo=UTC))
    session.close()
    assert "Fetching pictures from 10.0.0.7 …" in screen.getvalue()
