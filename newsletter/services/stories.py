"""Gives every post its story, and keeps a story's identity whatever happens to its posts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from newsletter.services.matching import Matching, Told
from newsletter.store import stories as store
from newsletter.store.database import Database
from newsletter.text.traits import Traits, traits

_AT_ONCE = 500  # posts sketched between two short writes: nobody waits long for the database


def assign(database: Database, newsletter: str, now: datetime) -> None:
    """Puts every new or changed post into a story: that of the posts that tell the same, else one of its own.

    A post is never taken out of a story that was sent; out of an unsent one only when it was rewritten and tells
    something else now. When a post shows two stories to be one, the older id stays and the ledger follows.
    """
    _sketch(database, newsletter)
    with database.read() as connection:
        if not store.anything_to_place(connection, newsletter):
            return
    with database.write() as connection:
        store.alone(connection, newsletter)
        _place(connection, newsletter, now)


def _sketch(database: Database, newsletter: str) -> None:
    """Stores what new and changed posts are compared by, as far as it did not come with them."""
    with database.read() as connection:
        wanted = store.unsketched(connection, newsletter)
    for start in range(0, len(wanted), _AT_ONCE):
        with database.read() as connection:
            found = store.contents(connection, wanted[start : start + _AT_ONCE])
        made = [
            (item.post, item.fingerprint, traits(item.url, item.title, item.body, item.excerpt).pack())
            for item in found
        ]
        with database.write() as connection:
            store.save_sketches(connection, made)


def _place(connection: Connection, newsletter: str, now: datetime) -> None:
    rows = store.sketched(connection, newsletter)
    fresh = [row.post for row in rows if row.story is None or not row.placed]
    told = [_told(row) for row in rows]
    posts = _free_the_rewritten(connection, newsletter, told, set(fresh))
    groups = _Groups(posts)
    matching = Matching(posts, lambda post: store.body(connection, post))
    for one, other in matching.pairs(fresh, groups.of):
        groups.unite(one, other)
    homeless = groups.without_story(fresh)
    ids = store.create(connection, newsletter, len(homeless), now)
    groups.settle(dict(zip(homeless, ids, strict=True)))
    for story, into in groups.merged():
        store.merge(connection, newsletter, story, into)
    before = {row.post: row.story for row in rows}
    moved = {post: groups.story(post) for post in fresh}
    store.place(connection, newsletter, {post: story for post, story in moved.items() if before[post] != story})


def _free_the_rewritten(
    connection: Connection, newsletter: str, posts: Sequence[Told], fresh: set[int]
) -> Sequence[Told]:
    """A changed post leaves a story of several that nobody was sent; if it still fits, it comes back by itself."""
    members: dict[int, int] = defaultdict(int)
    for told in posts:
        if told.story is not None:
            members[told.story] += 1
    if not any(told.story is not None and told.post in fresh and members[told.story] > 1 for told in posts):
        return posts
    sent = store.sent_anywhere(connection, newsletter)
    return [_free(told, fresh, members, sent) for told in posts]


def _free(told: Told, fresh: set[int], members: dict[int, int], sent: set[int]) -> Told:
    story = told.story
    if story is None or told.post not in fresh or story in sent or members[story] < 2:
        return told
    members[story] -= 1  # the last one stays and keeps the story's id
    return Told(told.post, told.source, told.title, told.published, told.gone, None, told.traits)


class _Groups:
    """Which posts belong together: a forest whose roots carry the stories that met there."""

    def __init__(self, posts: Iterable[Told]) -> None:
        self._up: dict[int, int] = {}
        self._stories: dict[int, set[int]] = {}
        first: dict[int, int] = {}
        for told in posts:
            self._up[told.post] = told.post
            self._stories[told.post] = set()
            if told.story is not None:
                self._stories[told.post] = {told.story}
                self.unite(first.setdefault(told.story, told.post), told.post)

    def unite(self, one: int, other: int) -> None:
        a, b = self.of(one), self.of(other)
        if a != b:
            self._up[b] = a
            self._stories[a] |= self._stories.pop(b)

    def without_story(self, posts: Iterable[int]) -> list[int]:
        """One post (the root) of each group that has no story yet, in the order given."""
        roots = dict.fromkeys(self.of(post) for post in posts)
        return [root for root in roots if not self._stories[root]]

    def settle(self, made: dict[int, int]) -> None:
        for root, story in made.items():
            self._stories[root] = {story}

    def story(self, post: int) -> int:
        return min(self._stories[self.of(post)])

    def merged(self) -> list[tuple[int, int]]:
        """(younger, oldest) of the stories that turned out to be one."""
        return [(story, min(held)) for held in self._stories.values() for story in sorted(held)[1:]]

    def of(self, post: int) -> int:
        """The root of a post's group."""
        while self._up[post] != post:
            self._up[post] = post = self._up[self._up[post]]
        return post


def _told(row: store.Sketched) -> Told:
    known = Traits.unpack(row.page, row.wordings, row.body)
    return Told(row.post, row.source, row.title, row.published, row.gone, row.story, known)
