"""Collecting: what is new, changed, gone or broken, on a real database."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.domain.post import Post, PostState, Skipped
from newsletter.errors import Away, PostError, SourceError
from newsletter.services.collect import SourceReport, collect, untitled
from newsletter.sources.base import Item, Reading, Source, SourceState
from newsletter.sources.feed import FeedSource
from newsletter.sources.jekyll import JekyllSource
from newsletter.store import posts, source_states
from newsletter.store.database import Database

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def write(site: Path, name: str, title: str, front: str = "", body: str = "Words.") -> Path:
    path = site / "_posts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\ntitle: {title}\n{front}---\n{body}\n", "utf-8")
    return path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "blog"
    write(root, "2026-11-01-one.md", "One", "categories: [Technology]\n")
    write(root, "2026-11-02-two.md", "Two", "categories: [Garden]\n")
    (root / "_config.yml").write_text("url: https://example.org\n", "utf-8")
    return root


def run(database: Database, *sources: Source, now: datetime = NOW) -> list[SourceReport]:
    return collect(database, "weekly", sources, now)


def listing(database: Database) -> dict[str, Post]:
    with database.read() as connection:
        return {post.key: post for post in posts.listing(connection, "weekly")}


def numbers(report: SourceReport) -> tuple[int, int, int, int]:
    return report.seen, report.new, report.updated, len(report.skipped)


def test_new_then_unchanged(database: Database, site: Path) -> None:
    source = JekyllSource("blog", site)
    assert numbers(run(database, source)[0]) == (2, 2, 0, 0)
    first = listing(database)
    assert first["_posts/2026-11-01-one.md"].url == "https://example.org/technology/2026/11/01/one.html"
    assert first["_posts/2026-11-01-one.md"].story is not None
    assert numbers(run(database, source)[0]) == (2, 0, 0, 0)
    assert listing(database) == first


def test_updated_is_changed_content_not_a_changed_file(database: Database, site: Path) -> None:
    source = JekyllSource("blog", site)
    run(database, source)
    path = site / "_posts/2026-11-01-one.md"
    os.utime(path, (0, 0))
    assert numbers(run(database, source)[0]) == (2, 0, 0, 0)
    path.write_text(path.read_text("utf-8").replace("title: One", "title:   One  # same"), "utf-8")
    assert numbers(run(database, source)[0]) == (2, 0, 0, 0)
    stamp = path.stat()
    path.write_text(path.read_text("utf-8").replace("One", "Eins"), "utf-8")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert numbers(run(database, source)[0]) == (2, 0, 1, 0)
    assert listing(database)["_posts/2026-11-01-one.md"].title == "Eins"


def test_the_sites_configuration_is_part_of_a_post(database: Database, site: Path) -> None:
    source = JekyllSource("blog", site)
    run(database, source)
    (site / "_config.yml").write_text("url: https://example.org\ntitle: A new name\n", "utf-8")
    assert numbers(run(database, source)[0]) == (2, 0, 0, 0)
    (site / "_config.yml").write_text("url: https://example.org\npermalink: /:title/\n", "utf-8")
    assert numbers(run(database, source)[0]) == (2, 0, 2, 0)
    assert listing(database)["_posts/2026-11-02-two.md"].url == "https://example.org/two/"


def test_gone_renamed_and_back(database: Database, site: Path) -> None:
    source = JekyllSource("blog", site)
    run(database, source)
    story = listing(database)["_posts/2026-11-02-two.md"].story
    path = site / "_posts/2026-11-02-two.md"
    path.rename(path.with_name("2026-11-02-second.md"))
    assert numbers(run(database, source)[0]) == (2, 1, 0, 0)
    assert listing(database).keys() == {"_posts/2026-11-01-one.md", "_posts/2026-11-02-second.md"}
    path.with_name("2026-11-02-second.md").rename(path)
    run(database, source)
    assert listing(database)["_posts/2026-11-02-two.md"].story == story


def test_a_post_that_breaks_keeps_its_former_version(database: Database, site: Path) -> None:
    source = JekyllSource("blog", site)
    run(database, source)
    write(site, "2026-11-01-one.md", "One: the sequel")
    write(site, "2026-11-03-three.md", "'Three")
    (report,) = run(database, source)
    assert numbers(report) == (1, 0, 0, 2)
    assert report.skipped[0].item == "_posts/2026-11-01-one.md"
    assert report.skipped[0].reason.startswith("_posts/2026-11-01-one.md:2: ")
    assert "quotes" in report.skipped[0].reason
    assert report.error is None
    assert listing(database)["_posts/2026-11-01-one.md"].title == "One"


def test_one_sick_source_stops_no_other(database: Database, site: Path, tmp_path: Path) -> None:
    reports = run(database, JekyllSource("lost", tmp_path / "nowhere"), Broken(), JekyllSource("blog", site))
    assert [bool(report.error) for report in reports] == [True, True, False]
    assert reports[2].new == 2
    with database.read() as connection:
        errors = source_states.errors(connection, "weekly")
    assert errors.keys() == {"lost", "broken"}
    assert "name the site's root" in errors["lost"]
    run(database, JekyllSource("lost", site), JekyllSource("blog", site))
    with database.read() as connection:
        assert source_states.errors(connection, "weekly") == {}


def test_posts_of_a_sick_source_are_not_gone(database: Database, site: Path) -> None:
    run(database, JekyllSource("blog", site))
    moved = site.with_name("elsewhere")
    site.rename(moved)
    (report,) = run(database, JekyllSource("blog", site))
    assert report.error
    assert len(listing(database)) == 2


def test_a_source_that_is_no_longer_named_takes_its_posts_along(database: Database, site: Path) -> None:
    run(database, JekyllSource("blog", site), JekyllSource("other", site))
    with database.read() as connection:
        assert {post.source for post in posts.listing(connection, "weekly")} == {"blog", "other"}
    run(database, JekyllSource("other", site))
    assert {post.source for post in listing(database).values()} == {"other"}


def test_newsletters_share_nothing(database: Database, site: Path) -> None:
    collect(database, "weekly", [JekyllSource("blog", site)], NOW)
    (report,) = collect(database, "monthly", [JekyllSource("blog", site)], NOW)
    assert numbers(report) == (2, 2, 0, 0)


def test_the_future_comes_without_a_changed_file(database: Database, site: Path) -> None:
    write(site, "2026-12-01-soon.md", "Soon")
    source = JekyllSource("blog", site)
    run(database, source)
    assert listing(database)["_posts/2026-12-01-soon.md"].state is PostState.FUTURE
    assert numbers(run(database, source, now=NOW + timedelta(days=9))[0]) == (3, 0, 0, 0)
    assert listing(database)["_posts/2026-12-01-soon.md"].state is PostState.PUBLISHED


def test_categories_choose_posts_and_what_they_leave_is_not_parsed_again(database: Database, site: Path) -> None:
    source = JekyllSource("blog", site, categories=("TECHNOLOGY",))
    assert numbers(run(database, source)[0]) == (1, 1, 0, 0)
    with database.read() as connection:
        state = SourceState(source_states.remembered(connection, "weekly", "blog"))
    assert [item.key for item in source.read(state, NOW).items if isinstance(item, Item)] == [
        "_posts/2026-11-01-one.md"
    ]
    assert numbers(run(database, source)[0]) == (1, 0, 0, 0)
    write(site, "2026-11-01-one.md", "One", "categories: [Garden]\n")
    write(site, "2026-11-02-two.md", "Two", "categories: [technology]\n")
    assert numbers(run(database, source)[0]) == (1, 1, 0, 0)
    assert listing(database).keys() == {"_posts/2026-11-02-two.md"}
    assert numbers(run(database, JekyllSource("blog", site))[0]) == (2, 1, 0, 0)


def test_progress_is_told(database: Database, site: Path) -> None:
    told: list[tuple[str, int]] = []
    collect(database, "weekly", [JekyllSource("blog", site)], NOW, lambda name, done: told.append((name, done)))
    assert told[-1] == ("blog", 2)


def test_an_incomplete_reading_loses_nothing(database: Database) -> None:
    run(database, Scripted([post("a"), post("b")]))
    run(database, Scripted([post("c"), post("c")], complete=False))
    assert listing(database).keys() == {"a", "b", "c"}


def test_a_source_that_breaks_half_way_keeps_what_was_read(database: Database) -> None:
    (report,) = run(database, Scripted([post("a"), SourceError("cut off")]))
    assert (report.seen, report.error) == (1, "cut off")
    (report,) = run(database, Scripted([post("b"), PostError("x", "no date")]))
    assert report.skipped == (Skipped("x", "x: no date"),)


def test_a_source_that_breaks_half_way_loses_nothing_that_it_had_not_come_to(database: Database) -> None:
    run(database, Scripted([post("a"), post("b")]))
    (report,) = run(database, Scripted([post("a"), SourceError("cut off")]))
    assert report.error == "cut off"
    assert listing(database).keys() == {"a", "b"}


def post(key: str) -> Post:
    return Post(source="scripted", key=key, url=f"https://example.org/{key}", title=key, published=NOW)


class Broken:
    name, type = "broken", "jekyll"

    def read(self, state: SourceState, now: datetime) -> Reading:
        raise RuntimeError("a bug")

    def left_out(self, state: SourceState, post: str, now: datetime) -> None:
        return None


class Scripted:
    name, type = "scripted", "feed"

    def __init__(self, script: list[Post | SourceError | PostError], complete: bool = True) -> None:
        self.script, self.complete = script, complete

    def read(self, state: SourceState, now: datetime) -> Reading:
        return Reading(self._items(), state, self.complete)

    def left_out(self, state: SourceState, post: str, now: datetime) -> None:
        return None

    def _items(self) -> Iterator[Item | Skipped]:
        for each in self.script:
            if isinstance(each, SourceError):
                raise each
            yield Item(getattr(each, "key", "x"), "1", lambda each=each: self._parse(each))

    def _parse(self, each: Post | PostError) -> Post:
        if isinstance(each, PostError):
            raise each
        return each


def test_a_feed_that_says_it_is_unchanged_still_holds_its_posts(database: Database, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(
        '<rss version="2.0"><channel><title>F</title><link>https://example.org/</link>'
        "<item><title>One</title><link>https://example.org/1</link></item>"
        "<item><title>Two</title><link>https://example.org/2</link></item></channel></rss>",
        "utf-8",
    )
    source = FeedSource("feed", "feed.xml", (), tmp_path)
    assert [numbers(run(database, source)[0]) for _ in range(3)] == [(2, 2, 0, 0), (2, 0, 0, 0), (2, 0, 0, 0)]


@pytest.mark.parametrize("odd", ["a\0b", "a\ud800b"])
def test_what_no_database_takes_costs_no_source_its_posts(database: Database, odd: str) -> None:
    """PostgreSQL refuses NUL, neither writes a lone half of UTF-16; JSON and YAML can say both."""
    texts = dict.fromkeys(("url", "title", "path", "author", "excerpt", "image", "image_alt", "slug", "body"), odd)
    strange = dataclasses.replace(post(f"strange{odd}"), **texts, categories=(odd,), tags=("fine", odd))
    for _ in range(2):  # the second time both are known
        [report] = run(database, Scripted([post("good"), strange]))
        assert (report.error, report.seen) == (None, 2)
    assert len(listing(database)) == 2


def test_posts_without_a_title_of_their_own_are_remembered_until_they_have_one(database: Database, site: Path) -> None:
    def known() -> frozenset[str]:
        run(database, JekyllSource("blog", site))
        with database.read() as connection:
            return untitled(connection, "weekly", "blog")

    assert known() == frozenset()
    nameless = site / "_posts/2026-11-03-no-title.md"
    write(site, "2026-11-04-empty.md", '""')
    both = {"_posts/2026-11-03-no-title.md", "_posts/2026-11-04-empty.md"}
    nameless.write_text("---\ncategories: [Garden]\n---\nWords.\n", "utf-8")
    assert known() == both
    assert listing(database)["_posts/2026-11-03-no-title.md"].title == "No Title"
    assert known() == both, "nothing is parsed again"
    nameless.write_text("---\ntitle: [\n---\n", "utf-8")
    assert known() == both, "its former version stays"
    nameless.write_text("---\ntitle: No Title\n---\nWords.\n", "utf-8")
    assert known() == {"_posts/2026-11-04-empty.md"}


def test_a_locked_database_is_no_fault_of_a_source(
    database: Database, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*given: object) -> None:
        raise Away("the database is busy.")

    with monkeypatch.context() as meddled:
        meddled.setattr(posts, "save", locked)
        with pytest.raises(Away):
            collect(database, "tech", [JekyllSource("blog", site)], NOW)
    assert collect(database, "tech", [JekyllSource("blog", site)], NOW)[0].error is None
