"""A Jekyll document as a post of ours: plain text, absolute links, and whether the site shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from newsletter.domain.post import Markup, Post, PostState
from newsletter.errors import PostError
from newsletter.sources.jekyll import document
from newsletter.sources.jekyll.document import Document
from newsletter.sources.jekyll.site import Site
from newsletter.sources.jekyll.walk import Found
from newsletter.text import ruby
from newsletter.text.excerpt import MORE
from newsletter.text.titles import plain_title

Resolve = Callable[[Document, str], str]  # a document and a text with Liquid in it -> the text without

_HEAVIEST = 1e6
_HTML = (".html", ".htm", ".xhtml", ".xml")


def build(site: Site, source: str, found: Found, raw: bytes, now: datetime, resolve: Resolve) -> Post:
    """Raises PostError. `now` decides what is still in the future."""
    doc = document.read(site, found, raw, now, modified(found))
    data = doc.data
    title = plain_title(doc.title)
    titled = bool(title) and ruby.truthy(data.get("title"))
    image, alt = _image(site, data)
    return Post(
        source=source,
        key=found.path,
        url=site.absolute(_clean(doc.url)),
        title=title or plain_title(ruby.titleize(doc.slug)),
        published=doc.date,
        path=found.path,
        updated=_updated(site, found, data, now),
        categories=tuple(each for each in map(plain_title, doc.categories) if each),
        tags=tuple(each for each in dict.fromkeys(map(plain_title, doc.tags)) if each),
        author=_author(data),
        excerpt=_excerpt(doc, resolve),
        image=image,
        image_alt=alt,
        slug=doc.slug,
        state=state(site, doc, now),
        markup=_markup(site, doc.extension),
        body=_body(site, doc, resolve),
        featured=_flag(data.get("featured")),
        weight=_number(data.get("weight")),
        titled=titled,
    )


def modified(found: Found) -> datetime | None:
    """Only drafts are dated by their file, and no fingerprint knows of it."""
    if found.relative.startswith("_posts") or "/_posts" in found.relative:
        return None
    return datetime.fromtimestamp(int(Path(found.full).stat().st_mtime), UTC)


def state(site: Site, doc: Document, now: datetime) -> PostState:
    if doc.draft and not site.show_drafts:
        return PostState.DRAFT
    if not ruby.truthy(doc.data.get("published", True)) and not site.unpublished:
        return PostState.UNPUBLISHED
    if doc.date > now and not site.future:
        return PostState.FUTURE
    return PostState.PUBLISHED


def _clean(path: str) -> str:
    """Letters of any script stay; what would break a link is encoded."""
    return re.sub(r"[\x00-\x20\x7f\"<>\\^`{|}]", lambda found: quote(found[0]), path)


def _markup(site: Site, extension: str) -> Markup:
    low = extension.lower()
    if low in site.markdown:
        return Markup.MARKDOWN
    return Markup.HTML if low in _HTML else Markup.TEXT


def _body(site: Site, doc: Document, resolve: Resolve) -> str:
    body = doc.body
    separator = doc.data.get("excerpt_separator")
    separator = ruby.text(separator) if ruby.truthy(separator) else site.excerpt_separator
    if separator and separator.strip():
        head, found, tail = body.partition(separator)
        if found and head.strip() and tail.strip():
            body = f"{head}\n\n{MORE}\n\n{tail}"
    if ("{%" in body or "{{" in body) and doc.data.get("render_with_liquid") is not False:
        body = resolve(doc, body)
    return body


def _excerpt(doc: Document, resolve: Resolve) -> str:
    """The author's own words, as plain text."""
    for key in ("excerpt", "description", "summary"):
        value = doc.data.get(key)
        if isinstance(value, str) and value.strip():
            value = resolve(doc, value) if "{%" in value or "{{" in value else value
            if plain := plain_title(_without_markdown(value)):
                return plain
    return ""


_MARKS = re.compile(r"!?\[([^\]\[]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)|(\*\*|__)(?=\S)(.+?)(?<=\S)\2|`([^`]+)`")


def _without_markdown(text: str) -> str:
    """Links, bold and code lose their marks: an excerpt of the author's is often a line of Markdown."""
    if not any(mark in text for mark in "[*_`"):
        return text
    return _MARKS.sub(lambda found: found[1] or found[3] or found[4] or "", text)


def _author(data: dict[Any, Any]) -> str | None:
    for key in ("author", "authors"):
        names = _names(data.get(key))
        if names:
            return plain_title(", ".join(names)) or None
    return None


def _names(value: object) -> list[str]:
    if isinstance(value, list):
        return [name for each in value for name in _names(each)]
    if isinstance(value, dict):
        found = next((value[key] for key in ("name", "display_name", "title", "login") if value.get(key)), None)
        return [ruby.text(found)] if found is not None else []
    return [ruby.text(value)] if ruby.truthy(value) and ruby.text(value).strip() else []


def _image(site: Site, data: dict[Any, Any]) -> tuple[str | None, str]:
    """Address and alternative text: `image` says both, or `image_alt` beside it."""
    value, alt = data.get("image"), _words(data.get("image_alt"))
    if isinstance(value, dict):
        alt = _words(value.get("alt")) or alt or _words(value.get("caption"))
        value = next((value[key] for key in ("path", "url", "src", "feature") if value.get(key)), None)
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str) or not value.strip():
        return None, ""
    return absolute(site, value.strip()), alt


def _words(value: object) -> str:
    return plain_title(ruby.text(value)) if isinstance(value, (str, int, float)) and ruby.truthy(value) else ""


_SITE = re.compile(r"\{\{-?\s*site\.(url|baseurl)\s*-?\}\}")


def absolute(site: Site, address: str) -> str | None:
    """A picture's address as written in front matter (relative to the site's root), made absolute."""
    address = _SITE.sub(lambda found: site.url if found[1] == "url" else site.baseurl, address)
    address = _clean(address)
    if address.startswith("//"):
        return f"https:{address}"
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        return None
    if scheme:
        return address if scheme in ("http", "https") else None
    path = "/" + address.lstrip("/")
    if site.baseurl and path.startswith(f"{site.baseurl}/"):
        return site.url + path
    return site.absolute(path)


def _updated(site: Site, found: Found, data: dict[Any, Any], now: datetime) -> datetime | None:
    for key in ("last_modified_at", "updated", "last_modified"):
        value = data.get(key)
        if ruby.truthy(value):
            try:
                return document.moment(site, found, value, now)
            except PostError:
                return None
    return None


def _flag(value: object) -> bool:
    return value.strip().lower() in ("true", "yes", "on", "1") if isinstance(value, str) else bool(value)


def _number(value: object) -> float:
    """0 for what is no number; "5" is one. One past all reason is as large as may be."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return 0.0
    try:
        number = float(value)
    except OverflowError:
        number = _HEAVIEST if int(value) > 0 else -_HEAVIEST
    except ValueError:
        return 0.0
    return max(-_HEAVIEST, min(_HEAVIEST, number)) if number == number else 0.0
