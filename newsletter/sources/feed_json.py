"""JSON Feed 1 and 1.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from newsletter.domain.post import Markup
from newsletter.errors import SourceError
from newsletter.sources.feed_dates import moment
from newsletter.sources.feed_encoding import as_utf8
from newsletter.sources.feed_entry import Entry, Feed
from newsletter.sources.feed_xml import MOST_ENTRIES
from newsletter.text.titles import plain_title

# How json.JSONDecodeError begins -> what that means for whoever writes the feed.
_BROKEN = {
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting property name": "a name in double quotes is missing",
    "Expecting value": "a value is missing",
    "Unterminated string": "a text begins here that never ends",
    "Invalid control character": "a text holds a line break or another control character",
    "Invalid \\": "a backslash stands where none may stand",
    "Extra data": "something follows where the feed has ended",
    "Illegal trailing comma": "a comma too many",
}


def parse_json(body: bytes, place: str) -> Feed:
    """The feed. Raises SourceError when this is JSON of another kind, or none."""
    try:
        told = json.loads((as_utf8(body, "") or body).decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{place}: this begins like JSON, but is broken: {_what(error)}.") from None
    if not isinstance(told, dict) or not isinstance(told.get("items"), list):
        raise SourceError(f"{place}: this is JSON, but no JSON Feed: it has no list of `items`.")
    inherited = _author(told)
    items = [item for item in told["items"][:MOST_ENTRIES] if isinstance(item, Mapping)]
    return Feed(
        plain_title(_text(told.get("title"))),
        _text(told.get("home_page_url")) or _text(told.get("feed_url")),
        tuple(_entry(item, inherited) for item in items),
        max(len(told["items"]) - MOST_ENTRIES, 0),
    )


def _what(error: ValueError | RecursionError) -> str:
    """What is wrong with the feed and where, not what Python says of it."""
    if isinstance(error, RecursionError):
        return "its lists and objects stand too deep inside each other"
    if not isinstance(error, json.JSONDecodeError):
        return "it holds a number with thousands of digits"
    where = f"line {error.lineno}, column {error.colno}"
    if error.pos >= len(error.doc.rstrip()):
        return f"it ends too early, at {where}"
    reasons = (words for begin, words in _BROKEN.items() if error.msg.startswith(begin))
    return f"{where}: {next(reasons, 'this cannot be read')}"


def _entry(item: Mapping[str, Any], inherited_author: str) -> Entry:
    html, text = _text(item.get("content_html")), _text(item.get("content_text"))
    summary = _text(item.get("summary"))
    updated = moment(_text(item.get("date_modified")))
    tags = [plain_title(_text(tag)) for tag in _list(item.get("tags"))]
    return Entry(
        ident=_ident(item.get("id")),
        link=_link(item),
        title=plain_title(_text(item.get("title"))),
        published=moment(_text(item.get("date_published"))) or updated,
        updated=updated,
        body=html or text or summary,
        markup=Markup.HTML if html else Markup.TEXT,
        summary=summary if html or text else "",
        author=_author(item) or inherited_author,
        categories=tuple(dict.fromkeys(tag for tag in tags if tag)),
        image=_text(item.get("image")) or _text(item.get("banner_image")) or _attached(item, "image/"),
    )


def _link(item: Mapping[str, Any]) -> str:
    """The article's own address, else that of what is attached."""
    named = _text(item.get("url")) or _text(item.get("external_url")) or _web(_ident(item.get("id")))
    return named or _attached(item)


def _attached(item: Mapping[str, Any], kind: str = "") -> str:
    for attachment in _list(item.get("attachments")):
        if isinstance(attachment, Mapping) and _text(attachment.get("mime_type")).startswith(kind):
            return _text(attachment.get("url"))
    return ""


def _author(thing: Mapping[str, Any]) -> str:
    people = [*_list(thing.get("authors")), thing.get("author")]
    names = [plain_title(_text(person.get("name"))) for person in people if isinstance(person, Mapping)]
    return ", ".join(dict.fromkeys(name for name in names if name))[:200]


def _ident(value: object) -> str:
    """Numbers, which the first version allowed, count as their digits."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _text(value)


def _web(ident: str) -> str:
    return ident if ident.startswith(("http://", "https://")) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
