"""An entry of a feed, whatever kind of feed it is, and the post made of it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from urllib.parse import unquote

from newsletter.domain.post import Markup, Post, PostState
from newsletter.errors import PostError
from newsletter.text.excerpt import excerpt
from newsletter.text.html import to_text
from newsletter.text.links import absolute
from newsletter.text.plain import one_line
from newsletter.text.titles import plain_title

_WORDS = re.compile(r"[-_+]+|\.\w{2,5}$")
_TITLE_WORDS = 12
_LONGEST_SUMMARY = 4_000  # characters; more is the article


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed says of one article. Times are aware; `title`, `author`, `categories` are plain text.

    `body` is the article in `markup`, `summary` what stands beside it (HTML or text).
    """

    ident: str = ""
    link: str = ""
    title: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    body: str = ""
    markup: Markup = Markup.HTML
    summary: str = ""
    author: str = ""
    categories: tuple[str, ...] = ()
    image: str = ""
    image_alt: str = ""

    @property
    def date(self) -> datetime | None:
        return self.published or self.updated


@dataclass(frozen=True, slots=True)
class Feed:
    """A whole feed: `home` is the address of its site, "" when it names none; `left` entries were too many."""

    title: str = ""
    home: str = ""
    entries: tuple[Entry, ...] = ()
    left: int = 0


@dataclass(frozen=True, slots=True)
class Making:
    """All that turns one entry into its post; small and picklable."""

    source: str
    key: str
    base: str
    entry: Entry
    first_seen: datetime
    now: datetime

    def __call__(self) -> Post:
        """The post. Raises PostError when there is nothing that a reader could open."""
        entry = self.entry
        link = f"https://{entry.link}" if entry.link.lower().startswith("www.") else entry.link
        url = absolute(link, self.base) if link else None
        if not url or url.startswith("mailto:"):
            raise PostError(entry.ident or entry.title or self.source, _no_link(entry))
        date = entry.date or self.first_seen
        post = Post(
            source=self.source,
            key=self.key,
            url=url,
            title=entry.title,
            published=date,
            updated=entry.updated if entry.updated and entry.updated != date else None,
            categories=entry.categories,
            author=entry.author or None,
            excerpt=_summary(entry),
            image=absolute(entry.image, self.base) if entry.image else None,
            image_alt=entry.image_alt,
            slug=url.partition("?")[0].rstrip("/").rpartition("/")[2],
            state=PostState.FUTURE if date > self.now else PostState.PUBLISHED,
            markup=entry.markup,
            body=entry.body or entry.summary,
        )
        return post if post.title else replace(post, title=_title(post))


def fingerprint(entry: Entry, now: datetime) -> str:
    """Of all that the post is made from; the moment of reading counts only as "not before its date"."""
    waits = bool(entry.date and entry.date > now)
    return hashlib.sha256(repr((astuple(entry), waits)).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _title(post: Post) -> str:
    """For an entry without one: how its text begins, else the words of its address. Raises PostError without either."""
    words = excerpt(post, _TITLE_WORDS) or _WORDS.sub(" ", unquote(post.slug)).strip().capitalize()
    if not post.body or not words:
        raise PostError(post.url, "this entry has neither title nor text")
    return plain_title(words)


def _no_link(entry: Entry) -> str:
    if not entry.link:
        return "this entry has no link that a reader could open"
    return f"its link {entry.link[:120]!r} is no public web address"


def _summary(entry: Entry) -> str:
    """The summary as the author's own excerpt: not when it is all there is, the article itself, or its beginning."""
    if not entry.summary or not entry.body or len(entry.summary) > _LONGEST_SUMMARY:
        return ""
    summary = one_line(to_text(entry.summary))
    return "" if summary == one_line(to_text(entry.body[: 3 * _LONGEST_SUMMARY])) else summary
