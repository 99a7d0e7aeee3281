from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.domain.post import Markup, Post, PostState, Skipped
from newsletter.errors import PostError, SourceError
from newsletter.sources.base import Item, Reading, SourceState
from newsletter.sources.feed import FeedSource
from newsletter.sources.feed_bounds import oddity
from newsletter.sources.feed_xml import parse_xml
from newsletter.text.excerpt import excerpt
from tests.web_server import Answer, WebServer, web_server

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "feeds"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def read(folder: Path, text: str | bytes, *categories: str, now: datetime = NOW) -> Reading:
    (folder / "feed").write_bytes(text.encode() if isinstance(text, str) else text)
    return FeedSource("blog", "feed", categories, folder).read(SourceState(), now)


def posts(reading: Reading) -> list[Post]:
    return [item.parse() for item in items(reading)]


def items(reading: Reading) -> list[Item]:
    return [item for item in reading.items if isinstance(item, Item)]


def rss(*told_items: str) -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"><channel>'
        "<title>Blog</title><link>https://blog.example.org/</link>"
        + "".join(f"<item>{told}</item>" for told in told_items)
        + "</channel></rss>"
    )


def test_everything_that_an_rss_item_says(tmp_path: Path) -> None:
    item = (
        "<title>A &amp;amp; B &lt;em&gt;now&lt;/em&gt;</title><link>/news/a-b</link>"
        "<guid isPermaLink='false'>id-1</guid>"
        "<pubDate>Fri, 24 Apr 2026 10:00:00 +0200</pubDate><dc:creator>Ann Lee</dc:creator>"
        "<category>Tech</category>"
        "<category>Chips</category><description>The short of it.</description>"
        "<content:encoded><![CDATA[<p>The long of it: <img src='/pic.jpg' alt='Pic'> here.</p>]]></content:encoded>"
        "<media:content url='https://cdn.example.org/big.jpg' medium='image' width='1200'/>"
        "<media:thumbnail url='https://cdn.example.org/small.jpg' width='100'/>"
    )
    (post,) = posts(read(tmp_path, rss(item)))
    assert post.title == "A & B now"
    assert post.url == "https://blog.example.org/news/a-b"
    assert post.key == "id-1"
    assert post.published == datetime(2026, 4, 24, 8, 0, tzinfo=UTC)
    assert (post.author, post.categories) == ("Ann Lee", ("Tech", "Chips"))
    assert (post.excerpt, post.markup, post.path) == ("The short of it.", Markup.HTML, None)
    assert "long of it" in post.body
    assert post.image == "https://cdn.example.org/big.jpg"
    assert (post.slug, post.state, post.updated) == ("a-b", PostState.PUBLISHED, None)


def test_a_summary_that_is_the_article_is_no_excerpt(tmp_path: Path) -> None:
    same = "<title>T</title><link>https://x.example/1</link><description>All of it.</description>"
    first, second = posts(
        read(tmp_path, rss(same, same.replace("/1", "/2") + "<content:encoded>All of it.</content:encoded>"))
    )
    assert (first.body, first.excerpt, second.excerpt) == ("All of it.", "", "")


def test_atom(tmp_path: Path) -> None:
    text = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/">
      <title>A</title><author><name>Feed Author</name></author>
      <entry><title type="text">Use &lt;b&gt; well</title><id>urn:1</id><link href="one"/>
        <link rel="enclosure" href="x.mp3"/>
        <updated>2026-04-02T00:00:00Z</updated><published>2026-04-01T00:00:00Z</published>
        <summary>Short.</summary>
        <content type="html">&lt;p&gt;Long &lt;a href="two"&gt;two&lt;/a&gt;.&lt;/p&gt;</content></entry>
      <entry><title type="html">&lt;b&gt;Bold&lt;/b&gt;</title><id>urn:2</id><link href="two"/>
        <updated>2026-04-03T00:00:00Z</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>X</p></div></content></entry></feed>"""
    first, second = posts(read(tmp_path, text))
    assert (first.title, second.title) == ("Use <b> well", "Bold")
    assert (first.url, first.author, first.excerpt) == ("https://a.example/one", "Feed Author", "Short.")
    assert (first.published.day, first.updated) == (1, datetime(2026, 4, 2, tzinfo=UTC))
    assert 'href="https://a.example/two"' in first.body
    assert (second.published.day, second.updated) == (3, None)


def test_of_an_atom_entrys_versions_the_latest_counts_and_its_origins_author(tmp_path: Path) -> None:
    entry = (
        '<entry><title>{}</title><id>urn:1</id><link href="https://b.example/1"/><updated>2026-04-02T{}:00:00Z</updated>'
        "<source><title>B</title><author><name>Their Author</name></author></source><content>X</content></entry>"
    )
    head = '<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><author><name>Feed Author</name></author>'
    versions = entry.format("Off", 12) + entry.format("Crews to walk out", "08")
    (post,) = posts(read(tmp_path, f"{head}{versions}</feed>"))
    assert (post.title, post.author) == ("Off", "Their Author")
    shared = "<link>https://x.example/</link><guid isPermaLink='false'>1</guid><pubDate>0{} May 2026</pubDate>"
    text = rss(f"<title>A</title>{shared.format(1)}", f"<title>B</title>{shared.format(2)}")
    assert [one.title for one in posts(read(tmp_path, text))] == ["A", "B"]  # of RSS nobody knows


def test_atoms_plain_text_holds_no_tags(tmp_path: Path) -> None:
    words = "Write &lt;strong&gt; rather than &lt;b&gt; when it matters, and sort a List&lt;String&gt;."
    entry = "<entry><title>A</title><id>1</id><link href='https://a.example/1'/><updated>2026-04-02T00:00:00Z</updated>"
    for body in (f"<content type='text'>{words}</content>", f"<summary>{words}</summary>"):
        text = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>{entry}{body}</entry></feed>'
        (post,) = posts(read(tmp_path, text))
        assert excerpt(post, 40) == "Write <strong> rather than <b> when it matters, and sort a List<String>."


def test_a_podcasts_page_goes_before_its_file(tmp_path: Path) -> None:
    file = '<enclosure url="https://cdn.example/1.mp3" type="audio/mpeg" length="1"/>'
    (post,) = posts(
        read(tmp_path, rss(f"<title>A</title><guid>https://pod.example/1</guid>{file}<description>X</description>"))
    )
    assert post.url == "https://pod.example/1"


@pytest.mark.parametrize(
    "told",
    [
        '<media:content url="https://1.gravatar.com/avatar/a?s=96" medium="image"/>'
        '<media:content url="https://x.example/photo.jpg" medium="image"/>',
        '<media:thumbnail url="https://x.example/t.jpg" width="150"/>'
        '<media:content url="https://x.example/photo.jpg" medium="image"/>',
        '<media:thumbnail url="https://x.example/t.jpg" width="72"/>'
        '<enclosure url="https://x.example/photo.jpg" type="image/jpeg" length="1"/>',
    ],
)
def test_the_articles_picture_goes_before_avatars_and_thumbnails(tmp_path: Path, told: str) -> None:
    (post,) = posts(read(tmp_path, rss(f"<title>A</title><link>https://x.example/1</link>{told}")))
    assert post.image == "https://x.example/photo.jpg"


def test_rdf(tmp_path: Path) -> None:
    text = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title></channel>
      <item rdf:about="https://r.example/1"><title>One</title><link>https://r.example/1</link><dc:date>2026-04-01T01:00+01:00</dc:date>
      <description>Words.</description></item></rdf:RDF>"""
    (post,) = posts(read(tmp_path, text))
    assert (post.title, post.url, post.published) == ("One", "https://r.example/1", datetime(2026, 4, 1, tzinfo=UTC))


def test_json_feed(tmp_path: Path) -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "home_page_url": "https://j.example/",
        "authors": [{"name": "Everyone"}],
        "items": [
            {"id": 7, "url": "/seven", "title": "Seven &amp; more", "content_html": "<p>Seven.</p>",
             "summary": "Seventh.",
             "date_published": "2026-04-01T02:00:00+02:00", "tags": ["a", "a"], "image": "/7.png"},
            {"id": "https://j.example/8", "content_text": "Only text here, and no title at all.",
             "author": {"name": "Old"}},
            "junk",
            {"id": "9", "title": "No link"},
        ],
    }  # fmt: skip
    reading = read(tmp_path, "\ufeff" + json.dumps(feed))
    found = items(reading)
    seven, eight = (item.parse() for item in found[:2])
    assert (seven.key, seven.url, seven.title, seven.author) == (
        "7",
        "https://j.example/seven",
        "Seven & more",
        "Everyone",
    )
    assert (seven.published, seven.categories) == (datetime(2026, 4, 1, tzinfo=UTC), ("a",))
    assert (seven.image, seven.excerpt) == ("https://j.example/7.png", "Seventh.")
    assert (eight.title, eight.markup, eight.author) == ("Only text here, and no title at all.", Markup.TEXT, "Old")
    with pytest.raises(PostError, match="no link"):
        found[2].parse()


def test_json_feeds_that_leave_things_out(tmp_path: Path) -> None:
    told = {
        "version": "https://jsonfeed.org/version/1",
        "feed_url": "https://j.example/feed.json",
        "items": [
            {"id": "1", "url": "/one", "title": GERMAN, "date_published": "Wed, 06 May 2020 07:08:09 GMT"},
            {"id": "2", "title": "Cast", "attachments": [{"url": "/two.mp3", "mime_type": "audio/mpeg"}]},
        ],
    }
    first, second = posts(read(tmp_path, json.dumps(told, ensure_ascii=False).encode("cp1252")))
    assert (first.url, first.title) == ("https://j.example/one", GERMAN)
    assert first.published == datetime(2020, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (second.url, second.image) == ("https://j.example/two.mp3", None)


@pytest.mark.parametrize("home", ["<link href='https://a.example/'/>", "<link rel='self' href='https://a.example/f'/>"])
def test_links_are_relative_to_the_site_else_to_the_feed_itself(tmp_path: Path, home: str) -> None:
    entry = "<entry><title>T</title><id>urn:1</id><link href='/one'/></entry>"
    (post,) = posts(read(tmp_path, f'<feed xmlns="http://www.w3.org/2005/Atom">{home}{entry}</feed>'))
    assert post.url == "https://a.example/one"


def test_the_base_of_one_entry_is_no_others(tmp_path: Path) -> None:
    text = """<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.example/"/>
      <entry><title>A</title><id>urn:1</id><link href="one"/>
        <content type="html" xml:base="https://pictures.example/x/">&lt;img src="p.png"&gt;</content></entry>
      <entry><title>B</title><id>urn:2</id><link href="two"/></entry></feed>"""
    first, second = posts(read(tmp_path, text))
    assert (first.url, second.url) == ("https://a.example/one", "https://a.example/two")
    assert "https://pictures.example/x/p.png" in first.body


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("<link>www.b.example/one</link>", "https://www.b.example/one"),
        (
            "<link>https://clicks.example/9</link><f:origLink>https://b.example/one</f:origLink>",
            "https://b.example/one",
        ),
    ],
)
def test_the_address_that_is_meant(tmp_path: Path, told: str, url: str) -> None:
    document = rss(f"<title>T</title>{told}").replace(
        "<rss ", '<rss xmlns:f="http://rssnamespace.org/feedburner/ext/1.0" '
    )
    assert [post.url for post in posts(read(tmp_path, document))] == [url]


@pytest.mark.parametrize(
    ("told", "image"),
    [
        ("<media:content url='https://b.example/p.JPG?w=9'/>", "https://b.example/p.JPG?w=9"),
        ("<media:content url='https://b.example/p.jpg' type='video/mp4'/>", None),
        ("<enclosure url='/p.png' length='0'/>", "https://blog.example.org/p.png"),
        ("<enclosure url='/p.mp3' length='0'/>", None),
    ],
)
def test_pictures_without_a_type_are_known_by_their_names(tmp_path: Path, told: str, image: str | None) -> None:
    (post,) = posts(read(tmp_path, rss(f"<title>T</title><link>/1</link>{told}")))
    assert post.image == image


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"items": [\n{"id": "1" "title": "T"}]}', "line 2, column 12: a comma is missing"),
        ('{"items" []}', "line 1, column 10: a colon is missing"),
        ('{"items": [], id: 1}', "line 1, column 15: a name in double quotes is missing"),
        ('{"items": [], "id": nul}', "line 1, column 21: a value is missing"),
        ('{"items": [], "title": "T}', "line 1, column 24: a text begins here that never ends"),
        ('{"title": "a\nb"}', "line 1, column 13: a text holds a line break or another control character"),
        ('{"title": "\\x"}', "line 1, column 12: a backslash stands where none may stand"),
        ('{"title": "\\u12"}', "line 1, column 13: a backslash stands where none may stand"),
        ('{"items": []} {}', "line 1, column 15: something follows where the feed has ended"),
        ('{"items": [{"id": "1"},', "it ends too early, at line 1, column 24"),
        ('{"items": ' + "[" * 100_000, "its lists and objects stand too deep inside each other"),
        ('{"items": [], "id": ' + "9" * 5000 + "}", "it holds a number with thousands of digits"),
    ],
)
def test_broken_json_is_told_in_words_about_the_feed(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(SourceError) as refused:
        read(tmp_path, text)
    assert str(refused.value).endswith(f": this begins like JSON, but is broken: {reason}.")


def test_broken_xml_gives_what_can_be_had(tmp_path: Path) -> None:
    good = (
        "<title>AT&T < 5 & more</title><link>https://x.example/{}?a=1&b=2</link><description>One <b>two</description>"
    )
    text = rss(good.format(1), good.format(2)).removesuffix("</channel></rss>") + "<item><title>cut"
    first, second, *_ = items(read(tmp_path, text))
    assert first.parse().title == "AT&T < 5 & more"
    assert second.parse().url == "https://x.example/2?a=1&b=2"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Wed, 06 May 2020 07:08:09 GMT", "2020-05-06T07:08:09"),
        ("Wed,06-May-2020 07:08:09 +0200", "2020-05-06T05:08:09"),
        ("Wed, 06 May 2020 07:08:09 CEST", "2020-05-06T05:08:09"),
        ("Wed, 06 May 2020 07:08:09 +0300 (MSK)", "2020-05-06T04:08:09"),
        ("Wed, 06 May 2020 24:00:00 EST", "2020-05-07T05:00:00"),
        ("May 6, 2020 7:08 PM", "2020-05-06T19:08:00"),
        ("5/6/2020 7:08 AM", "2020-05-06T07:08:00"),
        ("26/5/2020", "2020-05-26T00:00:00"),
        ("06.05.2020 07:08", "2020-05-06T07:08:00"),
        ("2020/05/06 07:08", "2020-05-06T07:08:00"),
        ("2020-05-06 07:08:09 UTC", "2020-05-06T07:08:09"),
        ("20200506T070809Z", "2020-05-06T07:08:09"),
        ("2020-05-06T07:08:09.1234567+02:00", "2020-05-06T05:08:09"),
        ("1588748889", "2020-05-06T07:08:09"),
        ("1588748889000", "2020-05-06T07:08:09"),
        ("2020年5月6日 07:08", "2020-05-06T07:08:00"),
        ("2020년 05월 06일", "2020-05-06T00:00:00"),
        ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00"),
        ("2020-février-11", None),
        ("06 Mai 2020 07:08:09", None),
        ("10:00", None),
        ("2020-W19-3", None),
        ("2020-02-31T25:61:00Z", None),
        ("Mon, 01 Jan 0001 00:00:00 +0000", None),
        ("0000-00-00 00:00:00", None),
        ("yesterday", None),
    ],
)
def test_dates_as_they_are_written(tmp_path: Path, written: str, meant: str | None) -> None:
    item = f"<title>T</title><link>https://b.example/1</link><pubDate>{written}</pubDate>"
    (post,) = posts(read(tmp_path, rss(item)))
    assert post.published == (datetime.fromisoformat(meant).replace(tzinfo=UTC) if meant else NOW)


RUSSIAN = "Компания выпустила новую версию программы"
POLISH = "Zażółć gęślą jaźń: nowa wersja systemu już jest"
GERMAN = "Größe und Qualität der Züge: ein Überblick über die nächsten Jahre"
JAPANESE = "新しいソフトウェアの更新が公開されました"


@pytest.mark.parametrize(
    ("title", "written", "declared", "served"),
    [
        (RUSSIAN, "cp1251", "", ""),
        (RUSSIAN, "koi8-r", "", "application/rss+xml"),
        (JAPANESE, "shift_jis", "", ""),
        (JAPANESE, "euc_jp", "", "text/xml"),
        (JAPANESE, "iso-2022-jp", "iso-2022-jp", ""),
        (GERMAN, "cp1252", "", "text/xml"),
        (GERMAN, "cp1252", "utf-8", ""),
        ("Über “Qualität” – heute", "cp1252", "iso-8859-1", ""),
        (RUSSIAN, "cp1251", "windows-1251", "text/xml; charset=ISO-8859-1"),
        (POLISH, "iso-8859-2", "", 'text/xml; charset="ISO-8859-2"'),
        (RUSSIAN, "utf-8", "", "text/xml"),
        (RUSSIAN, "utf-8", "utf-8", "application/rss+xml; charset=ISO-8859-1"),
        (RUSSIAN, "utf-8", "iso-8859-1", ""),
        (RUSSIAN, "utf-8", "utf-16", ""),
        ("A plain one", "utf-8", "utf-16", "text/xml; charset=utf-16"),
        (RUSSIAN, "utf-8-sig", "", "text/xml; charset=us-ascii"),
        (RUSSIAN, "utf-16", "utf-16", "application/xml"),
        (RUSSIAN, "utf-8", "rot13", "text/xml; charset=undefined"),
    ],
)
def test_encodings_that_are_named_wrongly_or_not_at_all(title: str, written: str, declared: str, served: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f"{declaration}<rss><channel><item><title>{title}</title><link>https://e.org/1</link></item></channel></rss>"
    feed = parse_xml(text.encode(written), served, "https://e.org/feed")
    assert feed is not None
    assert [entry.title for entry in feed.entries] == [title]


def test_a_letter_cut_in_two_harms_no_other(tmp_path: Path) -> None:
    item = f"<title>{RUSSIAN}</title><link>https://e.org/1</link><description>Конец"
    broken = rss(item + "@</description>").encode().replace(b"@", "й".encode()[:1])
    (post,) = posts(read(tmp_path, broken))
    assert (post.title, post.body) == (RUSSIAN, "Конец\ufffd")


def test_undated_entries_are_dated_by_when_they_were_first_seen(tmp_path: Path) -> None:
    text = rss("<title>T</title><link>https://x.example/1</link>")
    first = read(tmp_path, text)
    (item,) = items(first)
    source = FeedSource("blog", "feed", (), tmp_path)
    (tmp_path / "feed").write_text(text + "<!-- touched -->")
    (later,) = items(source.read(first.state, NOW + timedelta(days=3)))
    assert item.fingerprint == later.fingerprint
    assert item.parse().published == later.parse().published == NOW


def test_an_entry_of_tomorrow_waits_for_its_day(tmp_path: Path) -> None:
    text = rss("<title>T</title><link>https://x.example/1</link><pubDate>Sun, 03 May 2026 00:00:00 GMT</pubDate>")
    source = FeedSource("blog", "feed", (), tmp_path)
    first = read(tmp_path, text)
    (post,) = posts(first)
    assert (post.state, post.published.day) == (PostState.FUTURE, 3)
    assert source.read(first.state, NOW + timedelta(days=1)).unchanged
    then = source.read(first.state, NOW + timedelta(days=3))
    assert [post.state for post in posts(then)] == [PostState.PUBLISHED]


def test_a_server_that_says_unchanged_is_asked_in_full_once_a_day_has_come(web: WebServer) -> None:
    item = "<title>T</title><link>https://x.example/1</link><pubDate>Sun, 03 May 2026 00:00:00 GMT</pubDate>"
    whole = Answer(body=rss(item).encode(), headers={"ETag": "1"})
    web.pages["/feed"] = lambda asked: Answer(304) if "if-none-match" in asked else whole
    source = FeedSource("blog", web.url("/feed"), (), Path())
    state = source.read(SourceState(), NOW).state
    assert source.read(state, NOW + timedelta(days=1)).unchanged
    assert [post.state for post in posts(source.read(state, NOW + timedelta(days=3)))] == [PostState.PUBLISHED]


def test_guids_that_are_shared_or_missing(tmp_path: Path) -> None:
    text = rss(
        "<title>A</title><link>https://x.example/a</link><guid isPermaLink='false'>1</guid>",
        "<title>B</title><link>https://x.example/b</link><guid isPermaLink='false'>1</guid>",
        "<title>B</title><link>https://x.example/b</link><guid isPermaLink='false'>1</guid>",
        "<title>C</title><link>https://x.example/c</link>",
        "<title>D</title><link>https://x.example/</link>",
        "<title>E</title><link>https://x.example/</link>",
    )
    found = posts(read(tmp_path, text))
    assert [post.title for post in found] == ["A", "B", "C", "D", "E"]
    assert len({post.key for post in found}) == 5


def test_only_the_categories_asked_for(tmp_path: Path) -> None:
    text = rss(
        "<title>A</title><link>https://x.example/a</link><category>Technology</category>",
        "<title>B</title><link>https://x.example/b</link><category>Sports</category>",
        "<title>C</title><link>https://x.example/c</link>",
    )
    assert [post.title for post in posts(read(tmp_path, text, "technology"))] == ["A"]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "http://127.0.0.1/admin", "http://169.254.169.254/", "mailto:a@b.example"]
)
def test_links_that_nobody_should_follow(tmp_path: Path, link: str) -> None:
    reading = read(tmp_path, rss(f"<title>T</title><link>{link}</link>"))
    (item,) = items(reading)
    with pytest.raises(PostError, match="link"):
        item.parse()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Pair &#55357;&#56832; story", "Pair \U0001f600 story"),
        ("Pair &#xD83D;&#xde00; story", "Pair \U0001f600 story"),
        ("Half &#55357; story", "Half \ufffd story"),
        ("Plain &#8217; &#65; story", "Plain \u2019 A story"),
    ],
)
def test_characters_written_as_two_halves(tmp_path: Path, written: str, meant: str) -> None:
    text = rss(
        f"<title>{written}</title><link>https://x.example/1</link>",
        "<title>Another</title><link>https://x.example/2</link>",
    )
    assert [post.title for post in posts(read(tmp_path, text))] == [meant, "Another"]


def test_too_many_entries_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.sources.feed_xml.MOST_ENTRIES", 3)
    reading = read(tmp_path, rss(*(f"<title>No. {n}</title><guid>{n}</guid>" for n in range(5))))
    assert len(items(reading)) == 3
    assert reading.warnings == ["feed: only its first 3 entries are read, not the 2 behind them."]


def test_a_text_of_nothing_but_comments_takes_no_hours(tmp_path: Path) -> None:
    told = "<title>{0}</title><link>https://x.example/{0}</link><description>{1}words</description>"
    text = rss(told.format("A", "&lt;!--" * 100_000), told.format("B", ""))
    began = time.process_time()
    assert [post.title for post in posts(read(tmp_path, text))] == ["A", "B"]
    assert time.process_time() - began < 5


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feed")
    with pytest.raises(SourceError, match="this is no file"):
        FeedSource("blog", "feed", (), tmp_path).read(SourceState(), NOW)


def test_scripts_do_not_come_through(tmp_path: Path) -> None:
    text = rss(
        "<title>&lt;script&gt;alert(1)&lt;/script&gt;T\u202eX</title><link>https://x.example/1</link>"
        '<description>&lt;p onclick="x()"&gt;Hi&lt;script&gt;alert(2)&lt;/script&gt;&lt;/p&gt;</description>'
    )
    (post,) = posts(read(tmp_path, text))
    assert post.title == "TX"
    assert "alert" not in post.body
    assert "onclick" not in post.body


def test_declared_files_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    doctype = f'<!DOCTYPE rss [<!ENTITY a SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    text = rss("<title>x&a;y</title><link>https://x.example/1</link>").replace("<rss", doctype + "<rss", 1)
    (post,) = posts(read(tmp_path, text))
    assert "SECRET" not in post.title + post.body


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "empty"),
        (b"<html><head><link rel='alternate' type='application/atom+xml' href='/feed.xml'></head></html>", "HTML page"),
        (
            b"<?xml version='1.0'?><!-- x --><opml><head></head><body><outline xmlUrl='https://a.example/feed'/></body></opml>",
            r"a list of feeds \(OPML\): name one of those in it, such as https://a\.example/feed",
        ),
        (b"{}", "no JSON Feed"),
        (b'{"items": 3}', "no JSON Feed"),
        (b"{" * 100_000, "broken"),
        (b"just words", "no feed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no feed"),
    ],
)
def test_what_is_no_feed_is_named(tmp_path: Path, document: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(tmp_path, document)


def test_a_page_is_asked_for_its_feed(web: WebServer) -> None:
    page = b'<!doctype html><head><link href="/f.xml?a=1&amp;b=2" type="application/rss+xml" rel="alternate"></head>'
    web.pages["/"] = Answer(body=page, headers={"Content-Type": "text/html"})
    with pytest.raises(SourceError, match="its feed seems to be at") as caught:
        FeedSource("blog", web.url(), (), Path()).read(SourceState(), NOW)
    assert str(caught.value).endswith("/f.xml?a=1&b=2.")


def test_the_server_is_not_asked_before_it_wants_to_be(web: WebServer) -> None:
    web.pages["/feed"] = Answer(429, headers={"Retry-After": "3600"})
    source = FeedSource("blog", web.url("/feed"), (), Path())
    with pytest.raises(SourceError, match="asks not to be asked") as caught:
        source.read(SourceState(), NOW)
    assert caught.value.state is not None
    state = SourceState(caught.value.state)
    web.pages["/feed"] = Answer(body=rss("<title>T</title><link>https://x.example/1</link>").encode())
    with pytest.raises(SourceError, match="asked not to be asked"):
        source.read(state, NOW + timedelta(minutes=59))
    assert len(web.asked) == 1
    reading = source.read(state, NOW + timedelta(minutes=61))
    assert len(posts(reading)) == 1
    assert "not_before" not in reading.state.values


def test_another_configuration_reads_anew(web: WebServer) -> None:
    text = rss("<title>A</title><link>https://x.example/a</link><category>Tech</category>").encode()
    web.pages["/feed"] = lambda asked: (
        Answer(304) if "if-none-match" in asked else Answer(body=text, headers={"ETag": "1"})
    )
    state = FeedSource("blog", web.url("/feed"), ("Other",), Path()).read(SourceState(), NOW).state
    assert FeedSource("blog", web.url("/feed"), ("Other",), Path()).read(state, NOW).unchanged
    assert len(posts(FeedSource("blog", web.url("/feed"), ("Tech",), Path()).read(state, NOW))) == 1


def test_relative_links_are_relative_to_where_the_feed_was(web: WebServer) -> None:
    web.pages |= {
        "/old": Answer(301, headers={"Location": "/new/feed"}),
        "/new/feed": Answer(
            body=b"<rss version='2.0'><channel><item><title>T</title><link>one</link></item></channel></rss>"
        ),
    }
    reading = FeedSource("blog", web.url("/old"), (), Path()).read(SourceState(), NOW)
    assert [post.url for post in posts(reading)] == [web.url("/new/one")]
    assert reading.state.values["moved_to"] == web.url("/new/feed")
    assert "moved for good" in reading.warnings[0]


_PIECES = [
    *("<rss version='2.0'>", "<channel>", "<item>", "<title>", "</title>", "<link>", "https://x.example/", "</link>"),
    *("</item>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "</entry>", "<pubDate>", "Fri, 99 Foo 9999"),
    *("<![CDATA[", "]]>", "<!DOCTYPE x [", "&x;", "{", '"items":', "[", "]", "}", ":", ",", "\x00", "<guid/>"),
    "<?xml version='1.0' encoding='utf-7'?>",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.sampled_from(_PIECES).map(str.encode), st.binary(max_size=20)), max_size=25).map(b"".join))
@example(b"<?xml version='1.0' encoding='nonsense'?><rss><channel><item><title>x</title></item></channel></rss>")
@example(b"\xff\xfe<\x00r\x00s\x00s\x00>\x00")
def test_whatever_a_feed_holds_only_our_errors_come(tmp_path: Path, document: bytes) -> None:
    try:
        for item in read(tmp_path, document).items:
            if isinstance(item, Item):
                item.parse()
    except (SourceError, PostError):
        pass


def test_real_feeds(capsys: pytest.CaptureFixture[str]) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"no real feeds at {SHARED}")
    documents = sorted(path for path in SHARED.rglob("*.xml"))
    made, unlinked, refused = 0, 0, []
    for path in documents:
        try:
            reading = FeedSource("real", path.name, (), path.parent).read(SourceState(), NOW)
        except SourceError as error:
            refused.append(str(error))
            continue
        for item in reading.items:
            try:
                if isinstance(item, Skipped):
                    raise PostError(item.item, item.reason)
                post = item.parse()
                made += 1
            except PostError:
                unlinked += 1
                continue
            assert post.title
            assert post.url.startswith(("http://", "https://", "HTTP://"))
            assert "<" not in excerpt(post, 30)
    with capsys.disabled():
        share = f"{len(documents) - len(refused)} of {len(documents)}"
        print(f"\n{share} real feeds read: {made} posts, {unlinked} entries that no reader could open")
    assert len(refused) <= 1
    assert made >= 40


@pytest.mark.parametrize(
    "items",
    [
        b"<item " + b" ".join(b'a%d="1"' % number for number in range(120_000)) + b"><title>x</title></item>",
        b"<title>& b</title><item " + b" ".join(b'a%d="1"' % number for number in range(60_000)) + b"/>",
        b"<item>" * 50_000,
        b"<x:a xmlns:x='y'>" * 20_000,
    ],
    ids=["attributes", "attributes, and an ampersand that is mended", "depth", "namespaces"],
)
@pytest.mark.parametrize("declared", [b"", b' encoding="rot13"', b' encoding="iso-8859-1"'])
def test_a_feed_that_would_take_minutes_is_refused_at_once(items: bytes, declared: bytes) -> None:
    """Five seconds are a hundred times what it takes, and a hundredth of what feedparser would."""
    began = time.process_time()
    with pytest.raises(SourceError, match="which no feed needs"):
        parse_xml(
            b'<?xml version="1.0"' + declared + b'?><rss version="2.0"><channel>' + items + b"</channel></rss>", "", ""
        )
    assert time.process_time() - began < 5


def test_what_real_feeds_nest_and_name_is_not_too_much() -> None:
    html = b"<div>" * 60 + b"deep" + b"</div>" * 60
    attributes = b" ".join(b'data-%d="1"' % number for number in range(100))
    entry = b"<entry><id>urn:1</id><title>&nbsp;Deep</title><content type='xhtml'>"
    entry += b"<div xmlns='http://www.w3.org/1999/xhtml' " + attributes + b">" + html + b"</div></content></entry>"
    body = b"<feed xmlns='http://www.w3.org/2005/Atom'>" + entry + b"</feed>"
    assert oddity(body) == ""
    found = parse_xml(body, "", "")
    assert found
    assert len(found.entries) == 1


@pytest.mark.parametrize("opened", [b"<![CDATA[", b"<![CDATA[&", b"&<![CDATA[ ]] ", b"<!--", b"&#38;&"])
def test_what_nobody_closes_is_not_looked_for_again_and_again(opened: bytes) -> None:
    """Two hundred kilobytes of it froze the whole process for a quarter of a minute."""
    body = b"<rss version='2.0'><channel><title>a & b</title>" + opened * (1_000_000 // len(opened))
    began = time.process_time()
    parse_xml(body, "", "")
    assert time.process_time() - began < 10
