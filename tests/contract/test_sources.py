"""What every source keeps (newsletter/sources/base.py). A new adapter adds a sample to SAMPLES, and is held to it."""

from __future__ import annotations

import contextlib
import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.domain.post import Post
from newsletter.errors import PostError, SourceError
from newsletter.sources.base import Item, Reading, Source, SourceState
from newsletter.sources.feed import FeedSource
from newsletter.sources.jekyll import JekyllSource
from newsletter.text.titles import plain_title
from tests.web_server import Answer, WebServer, web_server

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """A source with three good posts and one item that is none; `change` edits one post, `vanish` takes all away."""

    source: Source
    change: Callable[[], object]
    vanish: Callable[[], object]


def rss(title: str = "Second") -> bytes:
    items = "".join(
        f"<item><title>{name}</title><link>https://blog.example.org/{number}</link><guid>{number}</guid>"
        f"<pubDate>Wed, 0{number} Apr 2026 10:00:00 +0200</pubDate><description>Words of {name}.</description></item>"
        for number, name in enumerate(("First", title, "Third &amp;amp; last"), start=1)
    )
    bad = "<item><title>No link</title></item>"
    return f"<rss version='2.0'><channel><title>B</title>{items}{bad}</channel></rss>".encode()


def feed_from_a_file(folder: Path, web: WebServer) -> Sample:
    path = folder / "feeds" / "blog.xml"
    path.parent.mkdir()
    path.write_bytes(rss())
    source = FeedSource("blog", "feeds/blog.xml", (), folder)
    return Sample(source, lambda: path.write_bytes(rss("Second, corrected")), path.unlink)


def feed_from_the_web(folder: Path, web: WebServer) -> Sample:
    web.pages["/feed"] = Answer(body=rss())
    source = FeedSource("blog", web.url("/feed"), (), folder)
    return Sample(
        source,
        lambda: web.pages.update({"/feed": Answer(body=rss("Second, corrected"))}),
        lambda: web.pages.clear(),
    )


def feed_with_validators(folder: Path, web: WebServer) -> Sample:
    def page(body: bytes, tag: str) -> Callable[..., Answer]:
        return lambda asked: Answer(304) if asked.get("if-none-match") == tag else Answer(200, body, {"ETag": tag})

    web.pages["/feed"] = page(rss(), '"1"')
    source = FeedSource("blog", web.url("/feed"), (), folder)
    return Sample(
        source,
        lambda: web.pages.update({"/feed": page(rss("Second, corrected"), '"2"')}),
        lambda: web.pages.clear(),
    )


def jekyll(folder: Path, web: WebServer) -> Sample:
    site = folder / "site"
    (site / "_posts").mkdir(parents=True)
    (site / "_config.yml").write_text("url: https://blog.example.org\n", "utf-8")

    def write(number: int, title: str) -> None:
        path = site / "_posts" / f"2026-04-0{number}-post.md"
        path.write_text(f"---\ntitle: {title}\n---\nWords of it.\n", "utf-8")

    for number, title in enumerate(("First", "Second", "Third & <em>last</em>", "a: b"), start=1):
        write(number, title)
    return Sample(JekyllSource("blog", site), lambda: write(2, "Second, corrected"), lambda: shutil.rmtree(site))


SAMPLES = [feed_from_a_file, feed_from_the_web, feed_with_validators, jekyll]


@pytest.fixture(params=SAMPLES, ids=lambda build: build.__name__)
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sample]:
    with web_server() as web:
        yield request.param(tmp_path, web)


def items(reading: Reading) -> dict[str, Item]:
    found = [item for item in reading.items if isinstance(item, Item)]
    assert len({item.key for item in found}) == len(found), "keys are unique"
    return {item.key: item for item in found}


def posts(reading: Reading) -> list[Post]:
    found = []
    for item in items(reading).values():
        try:
            found.append(item.parse())
        except PostError:
            continue
    return found


def test_posts_are_whole(sample: Sample) -> None:
    found = posts(sample.source.read(SourceState(), NOW))
    assert len(found) == 3
    for post in found:
        assert post.source == sample.source.name
        assert post.title == plain_title(post.title) != ""
        assert post.url.startswith(("https://", "http://"))
        assert post.published.utcoffset() == timedelta(0)
        assert post.body


def test_an_item_and_its_post_have_one_key(sample: Sample) -> None:
    parsed = 0
    for key, item in items(sample.source.read(SourceState(), NOW)).items():
        with contextlib.suppress(PostError):
            assert item.parse().key == key
            parsed += 1
    assert parsed


def test_keys_and_fingerprints_stay_while_nothing_changes(sample: Sample) -> None:
    first = items(sample.source.read(SourceState(), NOW))
    later = items(sample.source.read(SourceState(), NOW + timedelta(days=2)))
    assert {key: item.fingerprint for key, item in first.items()} == {
        key: item.fingerprint for key, item in later.items()
    }


def test_an_edited_post_keeps_its_key_and_changes_its_fingerprint(sample: Sample) -> None:
    before = sample.source.read(SourceState(), NOW)
    old = items(before)
    sample.change()
    new = items(sample.source.read(before.state, NOW + timedelta(hours=1)))
    assert old.keys() == new.keys()
    assert sum(old[key].fingerprint != new[key].fingerprint for key in old) == 1


def test_a_second_reading_says_unchanged_or_the_same(sample: Sample) -> None:
    before = sample.source.read(SourceState(), NOW)
    old = {key: item.fingerprint for key, item in items(before).items()}
    again = sample.source.read(before.state, NOW + timedelta(hours=1))
    if again.unchanged:
        assert list(again.items) == []
    else:
        assert {key: item.fingerprint for key, item in items(again).items()} == old


def test_what_it_gives_is_not_left_out_nor_what_it_does_not_know(sample: Sample) -> None:
    before = sample.source.read(SourceState(), NOW)
    given = posts(before)
    assert given
    for post in given:
        assert sample.source.left_out(before.state, post.path or post.url, NOW) is None
        assert sample.source.left_out(before.state, post.url, NOW) is None
    for unknown in ("_posts/2026-04-01-nowhere.md", "https://blog.example.org/nowhere"):
        assert sample.source.left_out(before.state, unknown, NOW) is None
        assert sample.source.left_out(SourceState(), unknown, NOW) is None


def test_a_zone_is_one_that_there_is(sample: Sample) -> None:
    zone = sample.source.zone()
    assert zone is None or ZoneInfo(zone).key == zone


def test_a_home_holds_what_its_posts_name(sample: Sample) -> None:
    """Where a source says that its site is on this machine, its posts' addresses lie below the site's."""
    home = sample.source.home()
    if home is None:
        return
    assert home.folder.is_dir()
    assert not home.address.endswith("/")
    urls = [post.url for post in posts(sample.source.read(SourceState(), NOW))]
    assert urls
    assert all(url.startswith(f"{home.address}/") for url in urls)


def test_the_state_is_plain_json(sample: Sample) -> None:
    state = sample.source.read(SourceState(), NOW).state
    assert json.loads(json.dumps(dict(state.values))) == dict(state.values)
    assert all(isinstance(value, str) for value in state.values.values())


def test_items_can_be_parsed_in_another_process(sample: Sample) -> None:
    read = items(sample.source.read(SourceState(), NOW))
    assert read
    for item in read.values():
        pickle.loads(pickle.dumps(item.parse))


def test_a_source_that_is_gone_says_where_it_was(sample: Sample) -> None:
    sample.vanish()
    with pytest.raises(SourceError) as caught:
        sample.source.read(SourceState(), NOW)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) > 20
