"""Reads what may go into an issue: few columns of many posts, then all of the few that were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from newsletter.domain.post import PostState
from newsletter.domain.ranking import Version
from newsletter.store.batches import rows_of
from newsletter.store.tables import posts, sketches


@dataclass(frozen=True, slots=True)
class Seen:
    """A post as `why` sees it."""

    key: str
    path: str | None
    state: PostState
    gone: bool
    story: int | None
    version: Version


def told(connection: Connection, newsletter: str, since: datetime, until: datetime) -> list[tuple[int, Version]]:
    """(story, version) of every post published between the two, both included, that its source still has.

    A post that lay in the future when it was read counts from its date on.
    """
    wanted = _light().where(
        posts.c.newsletter == newsletter,
        posts.c.published >= since,
        posts.c.published <= until,
        posts.c.gone.is_(False),
        posts.c.story.is_not(None),
        posts.c.state.in_([PostState.PUBLISHED.value, PostState.FUTURE.value]),
    )
    return [(row.story, _version(row)) for row in connection.execute(wanted)]


def of_stories(connection: Connection, stories: Sequence[int], until: datetime) -> list[tuple[int, Version]]:
    """As `told`, for these stories, however old."""
    wanted = _light().where(
        posts.c.story.in_(bindparam("values", expanding=True)),
        posts.c.published <= until,
        posts.c.gone.is_(False),
        posts.c.state.in_([PostState.PUBLISHED.value, PostState.FUTURE.value]),
    )
    return [(row.story, _version(row)) for row in rows_of(connection, wanted, stories)]


def seen(connection: Connection, newsletter: str) -> list[Seen]:
    """Every post of the newsletter, those too that cannot go anywhere."""
    columns = (posts.c.key, posts.c.path, posts.c.state, posts.c.gone)
    wanted = _light().add_columns(*columns).where(posts.c.newsletter == newsletter)
    return [
        Seen(row.key, row.path, PostState(row.state), row.gone, row.story, _version(row))
        for row in connection.execute(wanted)
    ]


def _light() -> Any:
    has_picture = posts.c.image.is_not(None).label("picture")
    names = ("id", "source", "title", "url", "published", "categories", "featured", "weight", "story")
    return select(
        *(posts.c[name] for name in names), has_picture, (posts.c.excerpt != "").label("own"), sketches.c.words
    ).select_from(posts.outerjoin(sketches, sketches.c.post == posts.c.id))


def _version(row: Any) -> Version:
    return Version(
        post=row.id,
        source=row.source,
        title=row.title,
        url=row.url,
        published=row.published,
        categories=tuple(row.categories),
        words=row.words or 0,
        picture=bool(row.picture),
        excerpt=bool(row.own),
        featured=row.featured,
        weight=row.weight,
    )
