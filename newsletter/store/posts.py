"""Posts as their sources gave them. What vanishes from its source stays, marked gone: the ledger may know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, bindparam, func, select, update

from newsletter.domain.post import Markup, Post, PostState
from newsletter.store.batches import rows_of, write_all
from newsletter.store.database import insert
from newsletter.store.tables import bodies, posts

_IDENTITY = ("newsletter", "source", "key")
_FROM_POST = (
    *("path", "url", "title", "published", "updated", "categories", "tags", "author", "excerpt"),
    *("image", "image_alt", "slug", "state", "markup", "featured", "weight"),
)
_WRITTEN = (*_IDENTITY, "fingerprint", *_FROM_POST, "first_seen", "gone")
_READ = [*(posts.c[name] for name in ("id", "source", "key", *_FROM_POST, "story")), bodies.c.body]
_POSTS: Select[Any] = select(*_READ).join_from(posts, bodies)


def fingerprints(connection: Connection, newsletter: str, source: str) -> dict[str, str]:
    """What is stored of a source and still in it: key -> fingerprint."""
    wanted = select(posts.c.key, posts.c.fingerprint).where(*_of(newsletter, source), posts.c.gone.is_(False))
    return {row.key: row.fingerprint for row in connection.execute(wanted)}


def fingerprints_of(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Of the stored posts among `ids`, by id."""
    wanted = select(posts.c.id, posts.c.fingerprint).where(_among(posts.c.id))
    return {row.id: row.fingerprint for row in rows_of(connection, wanted, ids)}


def save(
    connection: Connection, newsletter: str, source: str, rows: Sequence[tuple[Post, str]], now: datetime
) -> dict[str, int]:
    """Stores a source's posts with their fingerprints; one that is known by its key is overwritten. Gives key -> id."""
    statement = insert(connection, posts)
    replaced = {name: statement.excluded[name] for name in ("fingerprint", *_FROM_POST, "gone")}
    statement = statement.on_conflict_do_update(index_elements=list(_IDENTITY), set_=replaced)
    values = (_row(newsletter, post, fingerprint, now) for post, fingerprint in rows)
    write_all(connection, statement, _WRITTEN, values)
    wanted = select(posts.c.key, posts.c.id).where(*_of(newsletter, source), _among(posts.c.key))
    ids = {row.key: row.id for row in rows_of(connection, wanted, [post.key for post, _ in rows])}
    _save_bodies(connection, {ids[post.key]: post.body for post, _ in rows})
    return ids


def _save_bodies(connection: Connection, body_of: Mapping[int, str]) -> None:
    statement = insert(connection, bodies)
    statement = statement.on_conflict_do_update(index_elements=["post"], set_={"body": statement.excluded.body})
    write_all(connection, statement, ("post", "body"), body_of.items())


def by_keys(connection: Connection, newsletter: str, source: str, keys: Iterable[str]) -> dict[str, Post]:
    """The stored posts of a source among `keys`, gone ones too."""
    wanted = _POSTS.where(*_of(newsletter, source), _among(posts.c.key))
    return {row.key: _post(row) for row in rows_of(connection, wanted, list(keys))}


def by_ids(connection: Connection, ids: Iterable[int]) -> dict[int, Post]:
    wanted = _POSTS.where(_among(posts.c.id))
    return {row.id: _post(row) for row in rows_of(connection, wanted, list(ids))}


def newest(connection: Connection, newsletter: str, until: datetime) -> datetime | None:
    """When the newest post that its source still has was published, of those not after `until`."""
    wanted = select(func.max(posts.c.published)).where(
        posts.c.newsletter == newsletter,
        posts.c.published <= until,
        posts.c.gone.is_(False),
        posts.c.state.in_([PostState.PUBLISHED.value, PostState.FUTURE.value]),
    )
    found: datetime | None = connection.scalar(wanted)
    return found


def are_there(connection: Connection, newsletter: str) -> bool:
    """Whether its sources have any post, be it a draft or one to come."""
    wanted = select(posts.c.id).where(posts.c.newsletter == newsletter, posts.c.gone.is_(False)).limit(1)
    return connection.execute(wanted).first() is not None


def listing(connection: Connection, newsletter: str) -> list[Post]:
    """Every post still in its source, newest first."""
    wanted = _POSTS.where(posts.c.gone.is_(False), posts.c.newsletter == newsletter)
    return [_post(row) for row in connection.execute(wanted.order_by(posts.c.published.desc(), posts.c.id))]


def mark_gone(connection: Connection, newsletter: str, source: str, keys: Iterable[str]) -> None:
    """For posts that a complete reading of their source did not hold."""
    gone = update(posts).where(*_of(newsletter, source), posts.c.key == bindparam("vanished")).values(gone=True)
    rows = [{"vanished": key} for key in keys]
    if rows:
        connection.execute(gone, rows)


def mark_gone_with_sources(connection: Connection, newsletter: str, sources: Sequence[str]) -> None:
    """For the posts of sources that the newsletter no longer names; `sources` are those it does."""
    others = (posts.c.newsletter == newsletter, posts.c.source.not_in(sources), posts.c.gone.is_(False))
    connection.execute(update(posts).where(*others).values(gone=True))


def publish_due(connection: Connection, newsletter: str, now: datetime) -> None:
    """A post of the future whose time has come is published, though its file did not change."""
    due = (posts.c.newsletter == newsletter, posts.c.state == PostState.FUTURE.value, posts.c.published <= now)
    connection.execute(update(posts).where(*due).values(state=PostState.PUBLISHED.value))


def _among(column: Column[Any]) -> ColumnElement[bool]:
    """In the values that `rows_of` gives."""
    return column.in_(bindparam("values", expanding=True))


def _of(newsletter: str, source: str) -> tuple[Any, Any]:
    return posts.c.newsletter == newsletter, posts.c.source == source


def _row(newsletter: str, post: Post, fingerprint: str, now: datetime) -> tuple[object, ...]:
    """In the order of _WRITTEN."""
    return (
        *(newsletter, post.source, post.key, fingerprint),
        *(post.path, post.url, post.title, post.published, post.updated, post.categories, post.tags, post.author),
        *(post.excerpt, post.image, post.image_alt, post.slug, post.state.value, post.markup.value),
        *(post.featured, post.weight, now, False),
    )


def _post(row: Row[Any]) -> Post:
    return Post(
        source=row.source,
        key=row.key,
        url=row.url,
        title=row.title,
        published=row.published,
        path=row.path,
        updated=row.updated,
        categories=tuple(row.categories),
        tags=tuple(row.tags),
        author=row.author,
        excerpt=row.excerpt,
        image=row.image,
        image_alt=row.image_alt,
        slug=row.slug,
        state=PostState(row.state),
        markup=Markup(row.markup),
        body=row.body,
        featured=row.featured,
        weight=row.weight,
        story=row.story,
    )
