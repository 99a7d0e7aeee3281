"""RSS 0.9–2.0, RDF and Atom: feedparser reads them, broken ones too; it is given bytes and never fetches."""

from __future__ import annotations

import calendar
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

import feedparser

from newsletter.domain.post import Markup
from newsletter.errors import SourceError
from newsletter.sources.feed_bounds import oddity
from newsletter.sources.feed_dates import moment, within_reason
from newsletter.sources.feed_encoding import as_utf8
from newsletter.sources.feed_entry import Entry, Feed
from newsletter.text.html import to_text
from newsletter.text.pictures import is_no_picture
from newsletter.text.plain import one_line
from newsletter.text.titles import plain_title

MOST_ENTRIES = 5_000
_UTF8 = "application/xml; charset=utf-8"
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
# The commonest fault of all: "AT&T" and "?a=1&b=2" as they are. CDATA (group 1) may hold them.
_LOOSE_AMPERSAND = re.compile(
    rb"(<!\[CDATA\[.*?(?:\]\]>|\Z))|&(?!#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};|\w{1,31};)", re.DOTALL
)
_REFERENCES = re.compile(rb"(?:&#(?:0*5[5-7]\d{3}|[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2});)+")
_COMMENT, _MOST_COMMENTS = re.compile(rb"(?:<|&lt;|&#0*60;|&#[xX]0*3[cC];)!--"), 20_000
_CODE = re.compile(rb"&#([xX]?[0-9a-fA-F]+);")
_MAILBOX = re.compile(r"[^\s<>()]+@[^\s<>()]+")
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)
_TAGS = re.compile(r"</[a-z][a-z0-9]*\s*>|<(?:br|hr|img|p)\b[^<>]*>", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n\s*\n")
_UNSAID = 600  # pixels: so wide is an article's picture, more or less, and a thumbnail is not
_EMPTY = re.compile(r"^[\s<>(),;:-]+|[\s<>(),;:-]+$")


def parse_xml(body: bytes, content_type: str, base: str) -> Feed | None:
    """The feed that `body` holds, None when it holds none. `base` is the address it came from ("" for a file).

    Broken XML gives what can be had of it. Raises SourceError when feedparser gives up altogether, or would take too
    long.
    """
    told = {"content-location": base} if base else {}
    if (readable := as_utf8(body, content_type)) is not None:
        body, content_type = readable, _UTF8
    if content_type:
        told["content-type"] = content_type
    body = _REFERENCES.sub(_whole_characters, body)
    if len(_COMMENT.findall(body)) > _MOST_COMMENTS:  # feedparser takes hours over a text of nothing else
        body = _COMMENT.sub(b"", body)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # feedparser's own, about old names of fields
            parsed = _parsed(body, told)
            if parsed.get("bozo") and _LOOSE_AMPERSAND.search(body):
                mended = _LOOSE_AMPERSAND.sub(lambda found: found[1] or b"&amp;", body)
                body = mended
                parsed = _parsed(body, told)
            if not base and b"xml:base" in body and (home := _home(parsed.feed)):
                # Without an address to go back to, feedparser takes one entry's base for all that follow.
                parsed = _parsed(body, {**told, "content-location": home})
            if not parsed.get("version") and not parsed.entries and not _ROOT.search(body[:4096]):
                return None
            return _feed(parsed)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        RecursionError,
        LookupError,
        AssertionError,
    ) as error:
        raise SourceError(f"{base or 'the feed'}: it is broken beyond reading ({type(error).__name__}).") from None


def _parsed(body: bytes, told: Mapping[str, str]) -> Any:
    """Raises SourceError for what would take feedparser minutes: meanwhile nothing else of the schedule went out."""
    if odd := oddity(body, "utf-8" if told.get("content-type") == _UTF8 else None):
        raise SourceError(f"{told.get('content-location', 'the feed')}: it has {odd}, which no feed needs.")
    return feedparser.parse(io.BytesIO(body), response_headers=told)


def _whole_characters(found: re.Match[bytes]) -> bytes:
    """A character beyond U+FFFF written as its two UTF-16 halves, as some exporters do, and XML does not know it."""
    codes = [int(number[1:], 16) if number[:1] in b"xX" else int(number) for number in _CODE.findall(found[0])]
    if not any(0xD800 <= code <= 0xDFFF for code in codes):
        return found[0]
    halves = "".join(map(chr, codes)).encode("utf-16", "surrogatepass")
    return "".join(f"&#{ord(char)};" for char in halves.decode("utf-16", "replace")).encode()


def _feed(parsed: Any) -> Feed:
    about = parsed.feed
    atom = str(parsed.get("version", "")).startswith("atom")
    title_of = _atom_title if atom else _rss_title
    inherited = _author(about) if atom else ""
    found = parsed.entries[:MOST_ENTRIES]
    if atom:
        for entry in found:
            _mark_up(entry)
    entries = tuple(_entry(entry, title_of(entry), inherited) for entry in found)
    return Feed(plain_title(_text(about.get("title"))), _home(about), entries, len(parsed.entries) - len(entries))


def _mark_up(entry: Any) -> None:
    """Atom's plain text becomes HTML: what looks like a tag in it is words (RFC 4287 §3.1.1.1).

    Not where tags are closed in it: then it is HTML whose publisher said nothing of it.
    """
    told = [part for part in entry.get("content") or () if isinstance(part, Mapping)]
    told += [entry["summary_detail"]] if isinstance(entry.get("summary_detail"), Mapping) else []
    plain = {_text(part.get("value")) for part in told if part.get("type") == "text/plain"}
    marked = {text: _paragraphs(text) for text in plain if not _TAGS.search(text)}
    for part in entry.get("content") or ():
        part["value"] = marked.get(_text(part.get("value")), part.get("value"))
    if (summary := _text(entry.get("summary"))) in marked:
        entry["summary"] = marked[summary]


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(block)}</p>" for block in _BLANK_LINES.split(text) if block.strip())


def _home(about: Any) -> str:
    """The site's address, else the feed's own."""
    own = (_text(link.get("href")) for link in about.get("links") or () if link.get("rel") == "self")
    return _text(about.get("link")) or next(own, "")


def _entry(entry: Any, title: str, inherited_author: str) -> Entry:
    content = _content(entry)
    summary = _text(entry.get("summary"))
    published, updated = (_moment(entry, name) for name in ("published", "updated"))
    picture = _picture(entry)
    return Entry(
        ident=_text(entry.get("id")),
        link=_link(entry),
        title=title,
        published=published or updated or _moment(entry, "created"),
        updated=updated,
        body=content or summary,
        markup=Markup.HTML,
        summary=summary if content else "",
        author=_author(entry) or _author(_origin(entry)) or inherited_author,
        categories=_categories(entry),
        image=picture[0],
        image_alt=picture[1],
    )


def _rss_title(entry: Any) -> str:
    return plain_title(_text(entry.get("title")))


def _atom_title(entry: Any) -> str:
    """Atom says whether a title is text: then `<b>` in it is no markup."""
    told = entry.get("title_detail") or {}
    return one_line(_text(entry.get("title"))) if told.get("type") == "text/plain" else _rss_title(entry)


def _content(entry: Any) -> str:
    """The richest of the contents: HTML before text, then the longest."""
    found = [part for part in entry.get("content") or () if isinstance(part, Mapping) and _text(part.get("value"))]
    if not found:
        return ""
    best = max(found, key=lambda part: ("html" in _text(part.get("type")), len(_text(part.get("value")))))
    return _text(best.get("value"))


def _link(entry: Any) -> str:
    """The article's own address (not the one that counts clicks), else that of what is enclosed."""
    if origin := _text(entry.get("feedburner_origlink")):
        return origin
    links = [link for link in entry.get("links") or () if _text(link.get("href"))]
    for relation in ("alternate", "guid", "enclosure", "related", "via"):
        if relation == "guid" and entry.get("guidislink") and (permanent := _text(entry.get("link"))):
            return permanent  # a podcast's page, rather than its file
        for link in links:
            if link.get("rel", "alternate") == relation and (
                relation != "alternate" or "html" in link.get("type", "html")
            ):
                return _text(link["href"])
    return _text(entry.get("link")) or (_text(entry.get("id")) if _text(entry.get("id")).startswith("http") else "")


def _origin(entry: Any) -> Any:
    """The feed that an entry was taken from; its author goes before the present one's (RFC 4287 §4.2.1)."""
    source = entry.get("source")
    return source if isinstance(source, Mapping) else {}


def _author(thing: Any) -> str:
    """Names rather than addresses: a reader has no use for the latter."""
    names = [_text(person.get("name")) for person in thing.get("authors") or () if isinstance(person, Mapping)]
    names = names if any(names) else [_text(thing.get("author"))]
    shown = [_EMPTY.sub("", _MAILBOX.sub("", plain_title(name))) for name in names]
    return ", ".join(dict.fromkeys(name for name in shown if name))[:200]


def _categories(entry: Any) -> tuple[str, ...]:
    tags = (plain_title(_text(tag.get("label")) or _text(tag.get("term"))) for tag in entry.get("tags") or ())
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _picture(entry: Any) -> tuple[str, str]:
    """The largest picture that the entry itself names: media:content, media:thumbnail, an enclosure, itunes:image."""
    found = [picture for picture in _pictures(entry) if not is_no_picture(picture[1])]
    best = max(found, key=lambda picture: picture[0], default=(0, "", ""))
    return best[1], one_line(to_text(best[2])) if best[2] else ""


def _pictures(entry: Any) -> Iterator[tuple[int, str, str]]:
    alternative = _text(entry.get("media_description"))
    for media in entry.get("media_content") or ():
        if _shows(media, media.get("url")):
            yield _width(media) or _UNSAID, _text(media.get("url")), alternative
    for media in entry.get("media_thumbnail") or ():
        yield _width(media) - 1, _text(media.get("url")), alternative
    for enclosure in entry.get("enclosures") or ():
        if _shows(enclosure, enclosure.get("href")):
            yield _UNSAID, _text(enclosure.get("href")), ""
    if isinstance(entry.get("image"), Mapping):
        yield 0, _text(entry["image"].get("href")), ""


def _shows(media: Mapping[str, Any], address: object) -> bool:
    """Whether it is a picture: by what is said of it, and where nothing is, by its name."""
    told = _text(media.get("medium")) or _text(media.get("type"))
    return told.startswith("image") if told else bool(_PICTURE.search(_text(address)))


def _width(media: Mapping[str, Any]) -> int:
    width = _text(media.get("width"))
    return int(width) if width.isdecimal() and len(width) < 6 else 0


def _moment(entry: Any, name: str) -> datetime | None:
    written = _text(dict.get(entry, name))  # feedparser's own look-up would answer with another field
    if found := moment(written):
        return found
    parsed = dict.get(entry, f"{name}_parsed")
    if not parsed or written.isascii() or written[0].isdigit():  # where feedparser sees dates that are none
        return None
    try:
        return within_reason(datetime.fromtimestamp(calendar.timegm(parsed), UTC))
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
