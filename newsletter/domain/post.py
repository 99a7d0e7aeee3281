"""A post: one article as its source gave it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PostState(StrEnum):
    PUBLISHED = "published"
    DRAFT = "draft"
    UNPUBLISHED = "unpublished"
    FUTURE = "future"


class Markup(StrEnum):
    """How `Post.body` is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Post:
    """One article. Identity: `source` + `key`; every datetime is aware and in UTC.

    `body` is the article in `markup`, Liquid already resolved; it is rendered only when somebody reads it.
    `excerpt` is the author's own (plain text), "" where the author wrote none.
    `state` FUTURE is decided by the source's own rule at the moment of reading.
    `titled` is False when a source just read it and made its title from the file's name; `services.collect` remembers
    that beside the posts, so one from the store does not say.
    """

    source: str
    key: str
    url: str
    title: str
    published: datetime
    path: str | None = None
    updated: datetime | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    author: str | None = None
    excerpt: str = ""
    image: str | None = None
    image_alt: str = ""
    slug: str = ""
    state: PostState = PostState.PUBLISHED
    markup: Markup = Markup.MARKDOWN
    body: str = ""
    featured: bool = False
    weight: float = 0.0
    story: int | None = None
    titled: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item of a source that is no post, and why; `item` is its path below the site, or its id in a feed."""

    item: str
    reason: str


def is_called(asked: str, path: str) -> bool:
    """Whether somebody means the post at `path` (below its site): by all of it, by its end, or from further up."""
    name = asked.removeprefix("./").strip("/")
    return bool(path) and (name == path or name.endswith(f"/{path}") or path.endswith(f"/{name}"))
