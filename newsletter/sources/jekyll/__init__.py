"""The `jekyll` source: a site's folder, read as Jekyll 4.3 reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path

from newsletter.domain.post import Post, Skipped
from newsletter.errors import SourceError
from newsletter.sources.base import Item, Reading, SourceState
from newsletter.sources.jekyll import walk
from newsletter.sources.jekyll.links import Links
from newsletter.sources.jekyll.post import Resolve, build
from newsletter.sources.jekyll.resolve import Resolver
from newsletter.sources.jekyll.site import Site, read_site
from newsletter.sources.jekyll.walk import Found

_QUIET = (".yml", ".yaml")  # data that lies beside posts; Jekyll makes no post of it
_TEXTS = (".html", ".htm", ".text", ".txt", ".textile")  # a picture among posts is no mistake, one of these is
_ELSEWHERE = "of_other_categories"


class JekyllSource:
    """`root` is the site's folder, `url` overrides its address, `categories` (any case) choose posts; none: all."""

    type = "jekyll"

    def __init__(self, name: str, root: Path, url: str | None = None, categories: tuple[str, ...] = ()) -> None:
        self.name, self.root, self.url = name, root, url
        self.categories = frozenset(category.strip().casefold() for category in categories)

    def read(self, state: SourceState, now: datetime) -> Reading:
        """Raises SourceError when there is no such folder, no post in it, or its _config.yml cannot be used."""
        if not self.root.is_dir():
            raise SourceError(f"{self.root}: there is no such folder; name the site's root in `path`.")
        site = read_site(self.root.resolve(), self.url)
        found, has_folder = walk.find(site)
        if not has_folder:
            raise SourceError(_no_posts(self.root))
        warnings = list(site.warnings)
        resolver = Resolver(site, Links(site, [each for each in found if isinstance(each, Found)], now), warnings)
        after: dict[str, str] = {}
        items = _Items(self, site, now, resolver, set(state.values.get(_ELSEWHERE, "").split()), after)
        return Reading(items.of(found), SourceState(after), complete=True, warnings=warnings)


class _Items:
    """Reads every file (a file's time proves nothing) and hands on what its bytes may make a post."""

    def __init__(
        self,
        source: JekyllSource,
        site: Site,
        now: datetime,
        resolve: Resolve,
        elsewhere: set[str],
        after: dict[str, str],
    ) -> None:
        self.source, self.site, self.now, self.resolve = source, site, now, resolve
        self.elsewhere, self.after = elsewhere, after
        chosen = "\0".join(sorted(source.categories)).encode()
        self.key = blake2b(site.key + chosen, digest_size=32).digest()

    def of(self, found: list[Found | Skipped]) -> Iterator[Item | Skipped]:
        passed_over: list[str] = []
        for each in found:
            if isinstance(each, Skipped):
                yield each
                continue
            try:
                with open(each.full, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open costs a third of the reading
                    raw = file.read()
            except OSError as error:
                yield Skipped(each.path, f"{each.path}: it cannot be read: {error.strerror}")
                continue
            if self.is_no_post(each, raw):
                continue
            mark = blake2b(raw, digest_size=16, key=self.key).hexdigest()
            if mark in self.elsewhere:
                passed_over.append(mark)
            else:
                yield Item(each.path, mark, partial(self.post, each, raw, mark, passed_over))
        self.after[_ELSEWHERE] = " ".join(passed_over)

    def post(self, found: Found, raw: bytes, mark: str, passed_over: list[str]) -> Post | None:
        post = build(self.site, self.source.name, found, raw, self.now, self.resolve)
        chosen = self.source.categories
        if chosen and chosen.isdisjoint(category.casefold() for category in post.categories):
            passed_over.append(mark)
            return None
        return post

    def is_no_post(self, found: Found, raw: bytes) -> bool:
        """Pictures and data among the posts: Jekyll drops them without a word."""
        name = found.full.lower()
        if name.endswith(_QUIET):
            return True
        return b"\0" in raw[:1024] and not name.endswith((*self.site.markdown, *_TEXTS))


def _no_posts(root: Path) -> str:
    if root.resolve().name in ("_posts", "_drafts"):
        return f"{root}: this is a site's {root.resolve().name} folder; name the folder above it in `path`."
    return f"{root}: there is no _posts folder in it or below; name a Jekyll site's root in `path`."
