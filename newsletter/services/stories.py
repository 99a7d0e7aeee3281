"""Gives every post its story, and keeps a story's identity whatever happens to its posts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.post import Post
from newsletter.services.matching import Matching, Told
from newsletter.store import posts as store_posts
from newsletter.store import stories as store
from newsletter.store.database import Database
from newsletter.text.likeness import likeness
from newsletter.text.traits import Traits, traits

_REWORKED = 0.5  # bodies less alike than this are two wordings
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


def remember(connection: Connection, newsletter: str, source: str, edited: Sequence[Post], now: datetime) -> None:
    """Before `edited` posts are stored over their former versions: keeps those that an issue may have told.

    A story is sent once. It is known again by what it was called when it was sent, whatever its post is called now.
    """
    told = store.in_issues(connection, newsletter, source)
    after = {post.key: post for post in edited if post.key in told}
    before = store_posts.by_keys(connection, newsletter, source, after) if after else {}
    found = [_former(*told[key], old, after[key]) for key, old in before.items()]
    store.keep_former(connection, [former for former in found if former], now)


def _former(post: int, fingerprint: str, old: Post, new: Post) -> store.Former | None:
    """None when the post says under its title what it said before."""
    if old.story is None or (old.title, old.body, old.excerpt) == (new.title, new.body, new.excerpt):
        return None
    before, after = (traits(each.url, each.title, each.body, each.excerpt) for each in (old, new))
    if before.wordings == after.wordings and likeness(before.body, after.body).alike >= _REWORKED:
        return None
    text = old.body if old.body.strip() else old.excerpt
    return store.Former(post, fingerprint, old.story, old.title, old.published, before.pack(), text)


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
    told += [replace(_told(row), former=True) for row in store.former(connection, newsletter)]
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
    return replace(told, story=None)


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
