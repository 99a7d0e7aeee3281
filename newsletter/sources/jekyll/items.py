"""A site's files as items: read, fingerprinted, and parsed when somebody asks for the post."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from newsletter.domain.post import Post, Skipped
from newsletter.errors import PostError
from newsletter.sources.base import Item
from newsletter.sources.jekyll import parallel
from newsletter.sources.jekyll.links import Links
from newsletter.sources.jekyll.post import build
from newsletter.sources.jekyll.resolve import Resolver
from newsletter.sources.jekyll.site import Site
from newsletter.sources.jekyll.walk import Found
from newsletter.text.traits import Packed, traits

_DATA = (".yml", ".yaml")  # lies beside posts; Jekyll makes no post of it
_TEXTS = (".html", ".htm", ".text", ".txt", ".textile")  # a picture among posts is no mistake, one of these is
_ELSEWHERE, _SITE = "of_other_categories", "site"  # what is remembered from one reading to the next
_AT_ONCE = 250  # files that one process takes at a time
_WORTH_IT = 2000  # files below which starting processes costs more than it saves


_FIELDS = tuple(field.name for field in fields(Post))


class _Outcome(NamedTuple):
    """A post as it travels between processes: its fingerprint, fields and traits; none when its category is another."""

    mark: str
    fields: tuple[Any, ...] = ()
    traits: Packed | None = None


class Items:
    """`warnings` grows while items are parsed."""

    def __init__(
        self, source: str, categories: frozenset[str], site: Site, found: list[Found | Skipped], now: datetime
    ) -> None:
        self.source, self.categories, self.site, self.found, self.now = source, categories, site, found, now
        self.warnings = list(site.warnings)
        files = [each for each in found if isinstance(each, Found)]
        self.resolve = Resolver(site, Links(site, files, now), self.warnings)
        chosen = "\0".join((source, *sorted(categories))).encode()
        self.key = blake2b(site.key + chosen, digest_size=32).digest()
        self.passed_over: list[str] = []

    def read(self, before: Mapping[str, str], after: dict[str, str]) -> Iterator[Item | Skipped]:
        """`before` and `after` are what is remembered; `after` is complete when the last item was taken."""
        elsewhere = set(before.get(_ELSEWHERE, "").split())
        if before.get(_SITE) != self.key.hex() and len(self.found) >= _WORTH_IT and parallel.possible():
            yield from self._ahead()
        else:
            yield from self._one_by_one(self.found, elsewhere)
        after[_ELSEWHERE] = " ".join(self.passed_over)
        after[_SITE] = self.key.hex()

    def _one_by_one(self, found: list[Found | Skipped], elsewhere: set[str]) -> Iterator[Item | Skipped]:
        """Every file is read: its time proves nothing."""
        for each in found:
            if isinstance(each, Skipped):
                yield each
                continue
            raw = self._bytes(each)
            if isinstance(raw, Skipped):
                yield raw
            elif raw is not None:
                mark = self._mark(raw)
                if mark in elsewhere:
                    self.passed_over.append(mark)
                else:
                    yield Item(each.path, mark, partial(self._post, each, raw, mark))

    def _ahead(self) -> Iterator[Item | Skipped]:
        """Nothing is known of any of them: other processes parse them ahead."""
        chunks = [self.found[start : start + _AT_ONCE] for start in range(0, len(self.found), _AT_ONCE)]
        for chunk, parsed in zip(chunks, parallel.in_processes(self._parsed, chunks), strict=True):
            for each, outcome in zip(chunk, parsed, strict=True):
                if isinstance(each, Skipped) or outcome is None:
                    yield from self._one_by_one([each], set())
                elif outcome.fields:
                    yield Item(each.path, outcome.mark, partial(Post, *outcome.fields), outcome.traits)
                else:
                    self.passed_over.append(outcome.mark)

    def _parsed(self, chunk: list[Found | Skipped]) -> list[_Outcome | None]:
        """In another process: nothing but its answer comes back."""
        return [self._outcome(each) for each in chunk]

    def _outcome(self, each: Found | Skipped) -> _Outcome | None:
        """None for what needs more words (a fault, a warning): it is read once more, by the one who speaks."""
        self.warnings.clear()
        self.resolve.said.clear()
        raw = None if isinstance(each, Skipped) else self._bytes(each)
        if isinstance(each, Skipped) or not isinstance(raw, bytes):
            return None
        mark = self._mark(raw)
        try:
            post = self._post(each, raw, mark)
        except (PostError, ValueError, RecursionError):
            return None
        if self.warnings:
            return None
        if post is None:
            return _Outcome(mark)
        known = traits(post.url, post.title, post.body, post.excerpt).pack()
        return _Outcome(mark, tuple([getattr(post, name) for name in _FIELDS]), known)

    def whole(self, each: Found | Skipped) -> Post | Skipped:
        """The post of one file, whatever its categories."""
        if isinstance(each, Skipped):
            return each
        raw = self._bytes(each)
        if isinstance(raw, Skipped):
            return raw
        if raw is None:
            return Skipped(each.path, "this is a picture or data; Jekyll makes no post of it")
        try:
            return build(self.site, self.source, each, raw, self.now, self.resolve)
        except PostError as error:
            return Skipped(each.path, str(error))
        except (ValueError, RecursionError) as error:  # whatever is odd in this one, the others can be read
            return Skipped(each.path, f"{each.path}: it cannot be read: {error}")

    def _bytes(self, each: Found) -> bytes | Skipped | None:
        """None for pictures and data among the posts: Jekyll drops them without a word."""
        try:
            with open(each.full, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open costs a third of the reading
                raw = file.read()
        except OSError as error:
            return Skipped(each.path, f"{each.path}: it cannot be read: {error.strerror}")
        name = each.full.lower()
        if name.endswith(_DATA) or (b"\0" in raw[:1024] and not name.endswith((*self.site.markdown, *_TEXTS))):
            return None
        return raw

    def _mark(self, raw: bytes) -> str:
        return blake2b(raw, digest_size=16, key=self.key).hexdigest()

    def _post(self, found: Found, raw: bytes, mark: str) -> Post | None:
        post = build(self.site, self.source, found, raw, self.now, self.resolve)
        if self.chosen(post):
            return post
        self.passed_over.append(mark)
        return None

    def chosen(self, post: Post) -> bool:
        return not self.categories or not self.categories.isdisjoint(each.casefold() for each in post.categories)
