"""Why a site's file is no post of ours: asked about one path or address."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter.domain.post import Post, Skipped, is_called
from newsletter.domain.urls import canonical
from newsletter.sources.jekyll.items import Items
from newsletter.sources.jekyll.walk import Found

_FRONT = 4000  # bytes in which a file that is not named after its address says what it is
_DATED = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/")
_NAME = re.compile(r"(?:\d+-\d+-\d+-)?(.*?)(?:\.[^.]+)?", re.DOTALL)


def left_out(items: Items, shown: Collection[str], asked: str, of_others: Callable[[Post], str]) -> str | None:
    """What is said of the source's first file of that path, or at that address, that it gives no post of.

    `shown` are the paths within the site's limit, `of_others` says which categories a post is of instead.
    """
    page = canonical(asked) if "://" in asked else ""
    slug = _slug(page)
    guess = None
    for each in items.found:
        name = each.item if isinstance(each, Skipped) else each.path
        if not (_may_be_at(each, name, slug) if page else is_called(asked, name)):
            continue
        post = items.whole(each)
        if isinstance(post, Skipped):
            told = f"its source {items.source} skips it: {_said(post)}"
            if not page:
                return told
            guess = guess or (told if _is_named_after(name, page) else None)
        elif not page or canonical(post.url) == page:
            return _why_not(items, shown, name, post, of_others)
    return guess


def _why_not(
    items: Items, shown: Collection[str], path: str, post: Post, of_others: Callable[[Post], str]
) -> str | None:
    if not items.chosen(post):
        return of_others(post)
    if path not in shown:
        return f"its site shows only the newest posts: `limit_posts: {items.site.limit_posts}` in _config.yml"
    return None


def _said(skipped: Skipped) -> str:
    """As `collect` prints it."""
    return skipped.reason if skipped.item in skipped.reason else f"{skipped.item}: {skipped.reason}"


def _may_be_at(each: Found | Skipped, name: str, slug: str) -> bool:
    """Seen without making every post of the site: its name or its front matter holds the address's last part."""
    if not slug or slug in name.casefold():
        return bool(slug)
    if isinstance(each, Skipped):
        return False
    try:
        with Path(each.full).open("rb") as file:
            return slug in file.read(_FRONT).decode("utf-8", "replace").casefold()
    except OSError:
        return False


def _is_named_after(name: str, page: str) -> bool:
    """Whether a file that cannot be read, and so has no address, would be at this one."""
    dated = _DATED.search(page)
    return _stem(name) == _slug(page) and (dated is None or "-".join(dated.groups()) in name)


def _slug(page: str) -> str:
    """The last part of an address that says something."""
    return _stem(unquote(urlsplit(page).path).rstrip("/")) if page else ""


def _stem(path: str) -> str:
    found = _NAME.fullmatch(path.rpartition("/")[2])
    return found[1].casefold() if found else ""
