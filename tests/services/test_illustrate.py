"""Stories get their pictures while an issue is built; real database, a web that is none, real shaping."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from PIL import Image

from newsletter.domain.digest import Digest
from newsletter.domain.issue import Issue
from newsletter.domain.picture import THUMB, WIDE, PictureSlot, Slots, slots_of
from newsletter.errors import SourceError
from newsletter.pictures.media import Media
from newsletter.pictures.origins import LocalSite
from newsletter.pictures.shaping import shape
from newsletter.pictures.values import Download, Shaped
from newsletter.pictures.workshop import Workshop
from newsletter.services.collect import collect
from newsletter.services.illustrate import Illustrator
from newsletter.services.publish import build
from newsletter.sources.jekyll import JekyllSource
from newsletter.store import issues, pictures
from newsletter.store.database import Database
from newsletter.text import media
from newsletter.text.issue_links import IssueLinks
from newsletter.text.render import Rendered
from tests.pictures.made import file, photo_like, quarters
from tests.services.test_publish import NOW, UK, Notebook, add

SITE = "https://example.org"
DATA = Path(__file__).parents[3] / "shared" / "data"


class Press(Notebook):
    """A renderer whose mails show every picture they are given."""

    def digest(self, digest: Digest, links: IssueLinks) -> Rendered:
        rendered = super().digest(digest, links)
        shown = "".join(f'<img src="{one.src}">' for story in digest.stories for one in story.pictures)
        return replace(rendered, html=rendered.html + shown)


class Studio:
    """A site with two pictures, and an illustrator that counts what it does."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "studio"
        self.site.mkdir()
        (self.site / "bridge.jpg").write_bytes(file(photo_like(1300, 800), "JPEG"))
        (self.site / "cheese.png").write_bytes(file(quarters(700, 700)))
        self.fetched: list[str] = []
        self.shaped: list[PictureSlot] = []
        self.during = lambda: None
        workshop = Workshop(Media(folder / "media"), {"blog": LocalSite(SITE, self.site)}, self.fetch, self.shape)
        self.illustrator = Illustrator(workshop, lambda name: f"https://news.example.org/media/{name}")

    def fetch(self, address: str, validators: Mapping[str, str], seconds: float) -> Download:
        self.fetched.append(address)
        self.during()
        raise SourceError(f"{quote(address, safe=':/')}: nobody knows that name.")

    def shape(self, raw: bytes, slot: PictureSlot) -> Shaped:
        self.shaped.append(slot)
        return shape(raw, slot)

    def build(self, database: Database, press: Press | None = None, **changed: object) -> Issue:
        illustrator = replace(self.illustrator, **changed)
        issue = build(database, UK, press or Press(), NOW, NOW, ["one note"], illustrator)
        assert issue is not None
        return issue


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.fixture
def stories(database: Database) -> Iterator[Database]:
    add(database, "bridge", 1, image=f"{SITE}/bridge.jpg", image_alt="An iron bridge")
    add(database, "cheese", 2, image=f"{SITE}/cheese.png")
    add(database, "violin", 3)
    return database


def test_the_lead_gets_a_wide_picture_and_rows_get_thumbs(stories: Database, studio: Studio) -> None:
    press = Press()
    issue = studio.build(stories, press)
    lead, row, bare = press.digests[-1].stories
    assert [picture.slot for picture in lead.pictures] == ["wide"]
    assert [picture.slot for picture in row.pictures] == ["thumb"]
    assert bare.pictures == ()
    wide = lead.picture(WIDE)
    assert wide is not None
    assert (wide.width, wide.height) == (552, 310)
    assert lead.image_alt == "An iron bridge"
    name = wide.src.removeprefix("https://news.example.org/media/")
    assert media.is_name(name)
    assert studio.illustrator.workshop.media.has(name)
    assert issue.notes == ("one note",)


def test_a_theme_says_which_slots(stories: Database, studio: Studio) -> None:
    press = Press()
    studio.build(stories, press, slots=Slots(lead=(WIDE, THUMB), rest=(WIDE,)))
    lead, row, _ = press.digests[-1].stories
    assert [picture.slot for picture in lead.pictures] == ["wide", "thumb"]
    assert [picture.slot for picture in row.pictures] == ["wide"]
    studio.build(stories, press, slots=Slots(lead=(), rest=()))
    assert all(not story.pictures for story in press.digests[-1].stories)


def test_a_second_build_does_no_picture_work(
    stories: Database, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = studio.build(stories)
    assert len(studio.shaped) == 2
    monkeypatch.setattr("PIL.Image.open", lambda *_, **__: pytest.fail("a picture was opened"))
    second = studio.build(stories)
    assert len(studio.shaped) == 2
    assert studio.fetched == []
    assert second.hash == first.hash


def test_no_transaction_is_open_while_pictures_are_fetched(stories: Database, studio: Studio) -> None:
    """Somebody else writes meanwhile, and what is written counts."""
    add(stories, "moth", 0.5, image="https://far.example.net/moth.jpg")
    wrote: list[bool] = []

    def write() -> None:
        if not wrote:
            add(stories, "parcel", 0.2, image=f"{SITE}/cheese.png")
            wrote.append(True)

    studio.during = write
    press = Press()
    issue = studio.build(stories, press)
    assert wrote
    assert issue.stories[0].title == "The parcel of the year"
    assert press.digests[-1].lead.picture(WIDE) is not None  # the newcomer too


def test_a_picture_that_cannot_be_had_is_noted_once_and_the_story_stays(stories: Database, studio: Studio) -> None:
    add(stories, "moth", 0.5, image="https://far.example.net/moth.jpg")
    (studio.site / "bridge.jpg").write_bytes(b"<html>")
    press = Press()
    issue = studio.build(stories, press, slots=Slots(lead=(WIDE, THUMB), rest=(WIDE, THUMB)))
    assert len(issue.stories) == 3
    assert issue.notes == (
        "one note",
        "The moth of the year: without its picture https://far.example.net/moth.jpg: nobody knows that name.",
        "The bridge of the year: without its picture https://example.org/bridge.jpg: it is a web page; "
        "a picture is JPEG, PNG, WebP, AVIF, GIF or SVG.",
    )
    assert studio.fetched == ["https://far.example.net/moth.jpg"]


def test_many_pictures_that_one_reason_keeps_away_are_one_note(database: Database, studio: Studio) -> None:
    for number, name in enumerate(("moth", "tide", "mill")):
        add(database, name, number, image=f"https://far.example.net/{name}.jpg")
    assert studio.build(database).notes[-1] == (
        "3 stories are without their pictures, first The moth of the year with https://far.example.net/moth.jpg: "
        "nobody knows that name."
    )


def test_a_note_of_any_length_is_told_short(database: Database, studio: Studio) -> None:
    """The web's words begin with the address as it was asked for, which is not the one that the post wrote."""
    add(database, "moth", 4, image="https://far.example.net/" + "é" * 9000)
    (told,) = studio.build(database).notes[1:]
    assert told.endswith("…: nobody knows that name.")
    assert len(told) < 300


def test_two_stories_with_one_picture_have_it_made_once(database: Database, studio: Studio) -> None:
    for days, name in enumerate(("bridge", "cheese", "violin"), start=1):
        add(database, name, days, image=f"{SITE}/bridge.jpg")
    press = Press()
    studio.build(database, press)
    assert studio.shaped == [WIDE, THUMB]
    assert all(story.pictures for story in press.digests[-1].stories)


def test_what_travels_with_mails_is_kept_with_the_issues(stories: Database, studio: Studio) -> None:
    issue = studio.build(stories, src=media.cid)
    names = media.embedded(issue.html)
    assert len(names) == 2
    shutil.rmtree(studio.illustrator.workshop.media.folder)
    with stories.read() as connection:
        assert issues.get(connection, issue.id) == issue
        files = pictures.get(connection, names)
    assert [data[:3] for data in files.values()] == [b"\xff\xd8\xff", b"\x89PN"]


def test_what_is_linked_is_not_in_the_database(stories: Database, studio: Studio) -> None:
    linked = media.shown(studio.build(stories).html)
    assert linked
    with stories.read() as connection:
        assert all(pictures.find(connection, name) is None for name in linked)


BLOGS = {
    "18f": ("posts-18f", "https://18f.gsa.example"),
    "opensuse": ("posts-opensuse-news", "https://news.example.org"),
}


@pytest.mark.slow
@pytest.mark.parametrize("blog", BLOGS)
def test_the_pictures_of_real_posts_are_found(blog: str, tmp_path: Path, sqlite_url: str) -> None:
    """Their files are not here, so each is made where the post says that it is."""
    folder, url = BLOGS[blog]
    if not (DATA / folder).is_dir():
        pytest.skip(f"no real posts: {DATA / folder} is missing")
    site = tmp_path / "site"
    (site / "_posts").mkdir(parents=True)
    for post in (DATA / folder).rglob("20*-*.md"):
        shutil.copy(post, site / "_posts")
    (site / "_config.yml").write_text(f"url: {url}\n", "utf-8")
    named = _front_pictures(site)
    for path in named:
        target = site / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.encode())
    source = JekyllSource("blog", site)
    home = source.home()
    database = Database(sqlite_url)
    collect(database, "tech", [source], NOW + timedelta(days=3650))
    press, studio = Press(), Studio(tmp_path)
    sites = {"blog": LocalSite(home.address, home.folder)}
    quick = replace(studio.illustrator.workshop, sites=sites, shape=lambda raw, slot: Shaped(raw, "png"))
    edition = replace(UK, lookback=timedelta(days=9000), max_stories=60)
    issue = build(database, edition, press, NOW, NOW, [], replace(studio.illustrator, workshop=quick))
    database.close()
    assert issue is not None
    stories = press.digests[-1].stories
    own = [story for story in stories if story.image and story.image.removeprefix(url) in named]
    print(f"{blog}: {len(own)} of {len(stories)} stories with a picture of their own, {len(issue.notes)} notes")
    assert len(own) >= 15
    assert all(story.pictures for story in own)
    assert not any(url + path in note for path in named for note in issue.notes)


def _front_pictures(site: Path) -> list[str]:
    found = []
    for post in sorted((site / "_posts").rglob("*.*")):
        front = post.read_text("utf-8", "replace").split("\n---", 1)[0].removeprefix("---")
        try:
            values = yaml.safe_load(front)
        except yaml.YAMLError:
            continue
        image = values.get("image") if isinstance(values, dict) else None
        if isinstance(image, str) and image.startswith("/"):
            found.append(image)
    return sorted(set(found))


def test_a_logo_that_is_a_file_becomes_a_picture_of_ours(stories: Database, studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(file(Image.new("RGB", (400, 100), "navy")))
    press = Press()
    edition = replace(UK, theme=replace(UK.theme, logo=str(tmp_path / "logo.png")))
    build(stories, edition, press, NOW, NOW, [], studio.illustrator)
    src = press.digests[-1].edition.theme.logo
    name = src.removeprefix("https://news.example.org/media/")
    assert studio.illustrator.workshop.media.read(name).startswith(b"\x89PNG")
    assert press.digests[-1].edition.theme.logo_height == 40  # 400 × 100 at a width of 160
    opened = len(studio.shaped)
    build(stories, edition, press, NOW, NOW, [], studio.illustrator)
    assert press.digests[-1].edition.theme.logo == src
    assert len(studio.shaped) == opened


@pytest.mark.parametrize(("content", "reason"), [(b"<html>", "a web page"), (None, "no such file")])
def test_a_logo_that_cannot_be_shown_is_noted(
    stories: Database, studio: Studio, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content:
        (tmp_path / "logo.png").write_bytes(content)
    press = Press()
    edition = replace(UK, theme=replace(UK.theme, logo=str(tmp_path / "logo.png")))
    issue = build(stories, edition, press, NOW, NOW, [], studio.illustrator)
    assert issue is not None
    assert press.digests[-1].edition.theme.logo == ""
    assert any("the logo" in note and reason in note for note in issue.notes)


def test_a_logo_with_an_address_stays(stories: Database, studio: Studio) -> None:
    press = Press()
    edition = replace(UK, theme=replace(UK.theme, logo="https://example.org/logo.png"))
    build(stories, edition, press, NOW, NOW, [], studio.illustrator)
    assert press.digests[-1].edition.theme.logo == "https://example.org/logo.png"


def test_themes_that_show_no_pictures_have_none_made() -> None:
    assert slots_of("brief") == Slots((), ())
    assert slots_of("letter").rest == ()
    assert slots_of("classic") == slots_of("a theme of the operator's own") == Slots()
    assert WIDE in slots_of("magazine").rest
