"""Bulk import: a batch of readers is staged in a temporary table, and a few statements take it from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    case,
    literal,
    select,
    text,
    true,
)
from sqlalchemy import insert as plain_insert

from newsletter.domain.subscriber import SubscriptionState
from newsletter.store.database import insert
from newsletter.store.tables import Id, Instant, lists, subscribers, subscriptions, suppressions

_AT_ONCE = 10_000  # rows in one INSERT, values in one IN: a statement costs more than a row
_metadata = MetaData()
_kinds = Table(
    "kinds",
    _metadata,
    Column("kind", Integer, primary_key=True),
    Column("tags", JSON, nullable=False),
    Column("edition", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    prefixes=["TEMPORARY"],
)
_staged = Table(
    "staged",
    _metadata,
    Column("email", String(320), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Integer, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,  # kept in the order of addresses, which is the order of the index to be filled
)

Staged = tuple[str, str, int]
"""A reader of one newsletter to be: address, name, and the number of their Kind. A plain tuple: a million pass here."""


class Kind(NamedTuple):
    """What many readers of one list have in common; `edition` "" is the list's own."""

    tags: tuple[str, ...]
    edition: str
    state: str
    since: datetime


class Known(NamedTuple):
    """What is stored of a staged address; `edition` and `state` are None without a subscription to the newsletter."""

    email: str
    subscriber: int
    name: str
    tags: list[str]
    edition: str | None
    state: str | None


def new_list(connection: Connection, origin: str, words: str, now: datetime) -> int:
    """Records that a list came in, and who vouches for it; returns its number."""
    row = {"origin": origin, "words": words, "at": now}
    return int(connection.execute(plain_insert(lists).values(row).returning(lists.c.id)).scalar_one())


def open_stage(connection: Connection, kinds: Mapping[Kind, int], rows: Iterable[Staged], edition: str) -> None:
    """Fills temporary tables with these rows, whose addresses differ; `close_stage` takes them away.

    `edition` is for the kinds that name none.
    """
    if _sqlite(connection):
        connection.execute(text("PRAGMA cache_size=-32000"))  # KiB: indexes are filled in no order
        connection.execute(text("PRAGMA wal_autocheckpoint=50000"))  # pages: each is copied home once, not 50 times
    _metadata.create_all(connection, checkfirst=False)
    written = [
        {
            "kind": number,
            "tags": list(kind.tags),
            "edition": kind.edition or edition,
            "state": kind.state,
            "since": kind.since,
        }
        for kind, number in kinds.items()
    ]
    connection.execute(plain_insert(_kinds), written)
    mark = "(?,?,?)" if _sqlite(connection) else "(%s,%s,%s)"
    remaining = iter(rows)
    while part := list(islice(remaining, _AT_ONCE)):
        statement = f"INSERT INTO staged VALUES {','.join([mark] * len(part))}"  # noqa: S608 - marks only
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))


def close_stage(connection: Connection) -> None:
    """Leaves the connection as it was."""
    _metadata.drop_all(connection, checkfirst=False)
    if _sqlite(connection):
        connection.execute(text("PRAGMA cache_size=-2000"))
        connection.execute(text("PRAGMA wal_autocheckpoint=1000"))


def known(connection: Connection, newsletter: str) -> list[Known]:
    """The staged addresses that are stored already."""
    theirs = (subscriptions.c.subscriber == subscribers.c.id) & (subscriptions.c.newsletter == newsletter)
    rows = connection.execute(
        select(subscribers, subscriptions.c.edition, subscriptions.c.state)
        .outerjoin(subscriptions, theirs)
        .where(subscribers.c.email.in_(select(_staged.c.email)))
    )
    return [Known(row.email, row.id, row.name, row.tags, row.edition, row.state) for row in rows]


def any_suppressed(connection: Connection) -> bool:
    return connection.execute(select(suppressions.c.person).limit(1)).first() is not None


def suppressed(connection: Connection, people: Mapping[bytes, str]) -> dict[str, str]:
    """Which of these people (keyed hash to address) are never mailed: address to reason."""
    found: dict[str, str] = {}
    hashes = list(people)
    for start in range(0, len(hashes), _AT_ONCE):
        part = suppressions.c.person.in_(hashes[start : start + _AT_ONCE])
        for row in connection.execute(select(suppressions.c.person, suppressions.c.reason).where(part)):
            found[people[row.person]] = row.reason
    return found


def unstage(connection: Connection, emails: Iterable[str]) -> None:
    if rows := [(email,) for email in emails]:
        mark = "?" if _sqlite(connection) else "%s"
        connection.exec_driver_sql(f"DELETE FROM staged WHERE email = {mark}", rows)  # noqa: S608 - a mark only


def add_staged(connection: Connection, newsletter: str, came_with: tuple[int, int], now: datetime) -> None:
    """Makes subscribers and subscriptions of all that is staged.

    `came_with` are the numbers of the lists that stand for their consent: of those who come in, of those who have left.
    """
    together = _staged.join(_kinds, _kinds.c.kind == _staged.c.kind)
    people = (
        select(_staged.c.email, _staged.c.name, _kinds.c.tags, literal(now, Instant()))
        .select_from(together)
        .where(true())  # SQLite would take ON CONFLICT for the ON of a join
        .order_by(_staged.c.email)
    )
    fill = insert(connection, subscribers).from_select(["email", "name", "tags", "created_at"], people)
    connection.execute(fill.on_conflict_do_nothing())
    kind = _kinds.c
    its_id = select(subscribers.c.id).where(subscribers.c.email == _staged.c.email).scalar_subquery()
    comes, left = (literal(number, Id) for number in came_with)
    its_list = case((kind.state == SubscriptionState.UNSUBSCRIBED.value, left), else_=comes)
    theirs = select(its_id, literal(newsletter), kind.edition, kind.state, kind.since, its_list).select_from(together)
    columns = ["subscriber", "newsletter", "edition", "state", "since", "list"]
    connection.execute(plain_insert(subscriptions).from_select(columns, theirs))


def _sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
