"""Reads a newsletter's sources and stores what is new in them."""

from __future__ import annotations

import dataclasses
import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from newsletter.domain.post import Post, Skipped
from newsletter.errors import Away, PostError, SourceError
from newsletter.services import stories
from newsletter.sources.base import Item, Reading, Source, SourceState
from newsletter.store import posts, source_states
from newsletter.store import stories as store_stories
from newsletter.store.database import Database
from newsletter.text.storable import storable
from newsletter.text.traits import Packed

Progress = Callable[[str, int], None]
_Fresh = tuple[Post, str, Packed | None]  # with its fingerprint and traits

_AT_ONCE = 2000  # posts stored in one transaction: nobody waits long for the database
_TELL_EVERY = 250
_TEXTS = (
    "key",
    "url",
    "title",
    "path",
    "categories",
    "tags",
    "author",
    "excerpt",
    "image",
    "image_alt",
    "slug",
    "body",
)
_SEEN = "seen"  # among what is remembered of a source: how many posts it held
_UNTITLED = "untitled"  # and the keys of those whose title is made from the file's name: a list, as JSON


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one source went. `seen` counts its posts, `updated` those whose content changed (not only their file).

    `error` is a sentence for the user when the source could not be read to its end; `warnings` are what nothing was
    skipped for, but somebody should know.
    """

    name: str
    type: str
    seen: int
    new: int
    updated: int
    skipped: tuple[Skipped, ...]
    error: str | None
    warnings: tuple[str, ...] = ()


def collect(
    database: Database,
    newsletter: str,
    sources: Sequence[Source],
    now: datetime,
    progress: Progress | None = None,
) -> list[SourceReport]:
    """Reads every source, stores new and changed posts, and puts them into stories.

    A source that fails says so in its report and in the database, and stops no other. `now` decides which posts are
    still in the future. `progress` is told a source's name and how many of its items were looked at.
    """
    with _no_garbage():
        reports = [_Collecting(database, newsletter, source, now, progress).run() for source in sources]
        with database.write() as connection:
            names = [source.name for source in sources]
            posts.mark_gone_with_sources(connection, newsletter, names)
            source_states.forget_others(connection, newsletter, names)
            posts.publish_due(connection, newsletter, now)
        stories.assign(database, newsletter, now)
    return reports


def untitled(connection: Connection, newsletter: str, source: str) -> frozenset[str]:
    """The keys of the source's posts that have no title of their own, only one made from the file's name."""
    return _untitled(source_states.remembered(connection, newsletter, source))


def _untitled(values: Mapping[str, str]) -> frozenset[str]:
    return frozenset(json.loads(values.get(_UNTITLED, "[]")))


@contextmanager
def _no_garbage() -> Iterator[None]:
    """So many posts and sketches, and not a cycle among them: looking for one takes a fifth of the time."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


class _Collecting:
    """One source, one time."""

    def __init__(
        self, database: Database, newsletter: str, source: Source, now: datetime, progress: Progress | None
    ) -> None:
        self.database, self.newsletter, self.source, self.now = database, newsletter, source, now
        self.tell = progress or (lambda _name, _done: None)
        self.skipped: list[Skipped] = []
        self.seen: set[str] = set()
        self.untitled: set[str] = set()
        self.posts = self.new = self.updated = self.looked_at = 0

    def run(self) -> SourceReport:
        name = self.source.name
        with self.database.read() as connection:
            before = SourceState(source_states.remembered(connection, self.newsletter, name))
            self.known = posts.fingerprints(connection, self.newsletter, name)
        self.untitled_before = _untitled(before.values)
        reading: Reading | None = None
        error = None
        try:
            reading = self.source.read(before, self.now)
            self._take(reading)
            if reading.unchanged:  # it holds what it held: nothing was read to count
                self.posts = int(before.values.get(_SEEN, 0))
                self.untitled |= self.untitled_before
        except SourceError as failure:
            error = str(failure)
            before = before if failure.state is None else SourceState(failure.state)
        except Away:  # no fault of the source
            raise
        except Exception as failure:  # whatever a source does, the others are read
            error = f"{name}: it cannot be read: {type(failure).__name__}: {failure}"
        self._finish(reading, before, error)
        warnings = tuple(reading.warnings) if reading else ()
        counts = (self.posts, self.new, self.updated)
        return SourceReport(name, self.source.type, *counts, tuple(self.skipped), error, warnings)

    def _take(self, reading: Reading) -> None:
        fresh: list[_Fresh] = []
        for item in reading.items:
            self.looked_at += 1
            if self.looked_at % _TELL_EVERY == 0:
                self.tell(self.source.name, self.looked_at)
            if isinstance(item, Skipped):
                self.skipped.append(item)
                self.seen.add(storable(item.item))
            elif (key := storable(item.key)) not in self.seen:
                self._look(item, key, fresh)
            if len(fresh) >= _AT_ONCE:
                self._save(fresh)
                fresh = []
        self._save(fresh)
        self.tell(self.source.name, self.looked_at)

    def _look(self, item: Item, key: str, fresh: list[_Fresh]) -> None:
        if self.known.get(key) == item.fingerprint:
            self.seen.add(key)
            self.posts += 1
            self.untitled |= self.untitled_before & {key}
            return
        try:
            post = item.parse()
        except PostError as error:
            # Its former version, if there is one, stays: a slip while editing is no reason to lose a post.
            self.seen.add(key)
            self.untitled |= self.untitled_before & {key}
            self.skipped.append(Skipped(item.key, str(error)))
            return
        if post is not None:
            self.seen.add(key)
            self.posts += 1
            if not post.titled:
                self.untitled.add(key)
            fresh.append((_storable(post), item.fingerprint, item.traits))

    def _save(self, fresh: Sequence[_Fresh]) -> None:
        if not fresh:
            return
        with self.database.write() as connection:
            changed = [post.key for post, *_ in fresh if post.key in self.known]
            stored = posts.by_keys(connection, self.newsletter, self.source.name, changed) if changed else {}
            stories.remember(connection, self.newsletter, self.source.name, [post for post, *_ in fresh], self.now)
            rows = [(post, mark) for post, mark, _ in fresh]
            ids = posts.save(connection, self.newsletter, self.source.name, rows, self.now)
            known = [(ids[post.key], mark, traits) for post, mark, traits in fresh if traits]
            store_stories.save_sketches(connection, known)
        self.new += len(fresh) - len(changed)
        self.updated += sum(
            1 for post, *_ in fresh if (old := stored.get(post.key)) and post.key in self.known and not _same(old, post)
        )

    def _finish(self, reading: Reading | None, before: SourceState, error: str | None) -> None:
        with self.database.write() as connection:
            if reading and reading.complete and not reading.unchanged and error is None:
                vanished = self.known.keys() - self.seen
                posts.mark_gone(connection, self.newsletter, self.source.name, sorted(vanished))
            values = before.values
            if reading and error is None:
                values = {**reading.state.values, _SEEN: str(self.posts)}
                if self.untitled:
                    values[_UNTITLED] = json.dumps(sorted(self.untitled))
            source_states.remember(
                connection, self.newsletter, self.source.name, values, self.now, storable(error or "")
            )


def _storable(post: Post) -> Post:
    """A post that a database takes, whatever its source let through."""
    changed: dict[str, Any] = {}
    for name in _TEXTS:
        value = getattr(post, name)
        clean = tuple(map(storable, value)) if isinstance(value, tuple) else value and storable(value)
        if clean != value:
            changed[name] = clean
    return dataclasses.replace(post, **changed) if changed else post


def _same(old: Post, new: Post) -> bool:
    """Whether a reader would see the same; which story it is in is not the source's matter."""
    return dataclasses.replace(old, story=None) == new
