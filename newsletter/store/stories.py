"""Stories, the sketches that tell them apart, and the ledger of what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, literal, or_, select, text, update

from newsletter.domain.issue import IssueState
from newsletter.store import database
from newsletter.store.batches import rows_of, write_all
from newsletter.store.tables import bodies, former_versions, issues, posts, sent_stories, sketches, stories
from newsletter.text.traits import Packed


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says."""

    post: int
    fingerprint: str
    url: str
    title: str
    body: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Sketched:
    """A post as it is compared; `wordings` and `body` are packed, `placed` is False until it stands in its story."""

    post: int
    source: str
    title: str
    published: datetime
    gone: bool
    story: int | None
    page: str
    wordings: bytes
    body: bytes
    placed: bool


@dataclass(frozen=True, slots=True)
class Former:
    """What a post of a story said before it was edited; `traits` are of that."""

    post: int
    fingerprint: str
    story: int
    title: str
    published: datetime
    traits: Packed
    text: str


def alone(connection: Connection, newsletter: str) -> None:
    """Keeps two processes from placing the posts of one newsletter at once. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"stories {newsletter}"})


def unsketched(connection: Connection, newsletter: str) -> list[int]:
    """Posts without a sketch of their present content."""
    wanted = (
        select(posts.c.id)
        .select_from(posts.outerjoin(sketches, sketches.c.post == posts.c.id))
        .where(posts.c.newsletter == newsletter)
        .where(or_(sketches.c.post.is_(None), sketches.c.fingerprint != posts.c.fingerprint))
    )
    return sorted(connection.execute(wanted).scalars())


def contents(connection: Connection, ids: Sequence[int]) -> list[Content]:
    """What the posts say, in no order."""
    columns = (posts.c.id, posts.c.fingerprint, posts.c.url, posts.c.title, bodies.c.body, posts.c.excerpt)
    wanted = select(*columns).join_from(posts, bodies).where(posts.c.id.in_(bindparam("values", expanding=True)))
    rows: Iterable[Any] = rows_of(connection, wanted, ids)
    return [Content(*row) for row in rows]


def save_sketches(connection: Connection, rows: Iterable[tuple[int, str, Packed]]) -> None:
    """The traits of posts with the fingerprints they were made from; former ones are replaced, none is placed yet."""
    wanted = database.insert(connection, sketches)
    columns = ("fingerprint", *Packed._fields, "placed")
    wanted = wanted.on_conflict_do_update(
        index_elements=["post"], set_={name: wanted.excluded[name] for name in columns}
    )
    write_all(connection, wanted, ("post", *columns), [(post, mark, *packed, False) for post, mark, packed in rows])


def anything_to_place(connection: Connection, newsletter: str) -> bool:
    return connection.execute(_of(newsletter).where(_unplaced()).limit(1)).first() is not None


def sketched(connection: Connection, newsletter: str) -> list[Sketched]:
    """Every post of the newsletter, oldest first, those gone from their source too: the ledger must know them again."""
    return [Sketched(*row) for row in connection.execute(_of(newsletter).order_by(posts.c.id))]


def body(connection: Connection, post: int) -> str:
    """Of a former version, when the number is below zero."""
    if post < 0:
        return str(connection.execute(select(former_versions.c.text).where(former_versions.c.id == -post)).scalar_one())
    row = connection.execute(
        select(bodies.c.body, posts.c.excerpt).join_from(posts, bodies).where(posts.c.id == post)
    ).one()
    return str(row.body if row.body.strip() else row.excerpt)


def in_issues(connection: Connection, newsletter: str, source: str) -> dict[str, tuple[int, str]]:
    """The posts of a source whose story was sent or stands in an unsent issue: key -> (id, fingerprint)."""
    unsent = connection.execute(_unsent(newsletter, issues.c.stories)).scalars()
    held = {story["story"] for told in unsent for story in told} | sent_anywhere(connection, newsletter)
    columns = (posts.c.key, posts.c.id, posts.c.fingerprint)
    wanted = select(*columns).where(posts.c.story.in_(bindparam("values", expanding=True)), posts.c.source == source)
    return {row.key: (row.id, row.fingerprint) for row in rows_of(connection, wanted, sorted(held))}


def keep_former(connection: Connection, rows: Iterable[Former], now: datetime) -> None:
    """What was kept before is only said to have been replaced later."""
    wanted = database.insert(connection, former_versions)
    again = {"replaced_at": wanted.excluded.replaced_at}
    wanted = wanted.on_conflict_do_update(index_elements=["post", "fingerprint"], set_=again)
    columns = ("post", "fingerprint", "story", "title", "published", "page", "wordings", "body", "text", "replaced_at")
    values = [
        (row.post, row.fingerprint, row.story, row.title, row.published, *row.traits[:3], row.text, now) for row in rows
    ]
    write_all(connection, wanted, columns, values)


def former(connection: Connection, newsletter: str) -> list[Sketched]:
    """What was so when an issue that was sent with the story was built, or later; each with its id below zero."""
    columns = (posts.c.source, former_versions.c.title, former_versions.c.published, posts.c.gone)
    traits = (former_versions.c.page, former_versions.c.wordings, former_versions.c.body)
    wanted = (
        select(-former_versions.c.id, *columns, former_versions.c.story, *traits, literal(True))
        .distinct()
        .join_from(former_versions, posts, posts.c.id == former_versions.c.post)
        .join(sent_stories, sent_stories.c.story == former_versions.c.story)
        .join(issues, issues.c.id == sent_stories.c.issue)
        .where(posts.c.newsletter == newsletter, former_versions.c.replaced_at > issues.c.built_at)
    )
    return [Sketched(*row) for row in connection.execute(wanted)]


def create(connection: Connection, newsletter: str, count: int, now: datetime) -> list[int]:
    """Ids of `count` new stories."""
    if not count:
        return []
    row = {"newsletter": newsletter, "created_at": now}
    found = connection.execute(insert(stories).returning(stories.c.id), [row] * count)
    return sorted(found.scalars())


def place(connection: Connection, newsletter: str, story_of: Mapping[int, int]) -> None:
    """Puts posts into stories; from now on every sketched post of the newsletter counts as placed."""
    if story_of:
        wanted = update(posts).where(posts.c.id == bindparam("post")).values(story=bindparam("into"))
        write_all(connection, wanted, ("post", "into"), story_of.items())
    mine = select(posts.c.id).where(posts.c.newsletter == newsletter)
    connection.execute(
        update(sketches).where(sketches.c.placed.is_(False), sketches.c.post.in_(mine)).values(placed=True)
    )


def sent_anywhere(connection: Connection, newsletter: str) -> set[int]:
    """Stories that went to any edition."""
    wanted = select(sent_stories.c.story).where(sent_stories.c.newsletter == newsletter).distinct()
    return set(connection.execute(wanted).scalars())


def merge(connection: Connection, newsletter: str, story: int, into: int) -> None:
    """Makes two stories one. Posts, the ledger and unsent issues follow; if either was sent, both are."""
    for table in (posts, former_versions):
        connection.execute(update(table).where(table.c.story == story).values(story=into))
    for row in connection.execute(select(sent_stories).where(sent_stories.c.story == story)).mappings().all():
        known = database.insert(connection, sent_stories).values({**row, "story": into})
        connection.execute(known.on_conflict_do_nothing())
    connection.execute(delete(sent_stories).where(sent_stories.c.story == story))
    _rename_in_issues(connection, newsletter, story, into)
    connection.execute(delete(stories).where(stories.c.id == story))


def _rename_in_issues(connection: Connection, newsletter: str, story: int, into: int) -> None:
    for issue, held in connection.execute(_unsent(newsletter, issues.c.id, issues.c.stories)).all():
        if any(item["story"] == story for item in held):
            renamed = [{**item, "story": into if item["story"] == story else item["story"]} for item in held]
            connection.execute(update(issues).where(issues.c.id == issue).values(stories=renamed))


def _unsent(newsletter: str, *columns: Any) -> Any:
    states = (IssueState.DRAFT.value, IssueState.SCHEDULED.value)
    return select(*columns).where(issues.c.newsletter == newsletter, issues.c.state.in_(states))


def _of(newsletter: str) -> Any:
    columns = (posts.c.id, posts.c.source, posts.c.title, posts.c.published, posts.c.gone, posts.c.story)
    return (
        select(*columns, sketches.c.page, sketches.c.wordings, sketches.c.body, sketches.c.placed)
        .select_from(posts.join(sketches, sketches.c.post == posts.c.id))
        .where(posts.c.newsletter == newsletter)
    )


def _unplaced() -> Any:
    return or_(posts.c.story.is_(None), sketches.c.placed.is_(False))
