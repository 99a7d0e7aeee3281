"""Posts put into the database as they are, without a source."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert, update

from newsletter.store.database import Database
from newsletter.store.tables import bodies, posts


def add(database: Database, row: Mapping[str, object]) -> int:
    """`row` has the columns of `posts`, and a `body`."""
    columns = {name: value for name, value in row.items() if name != "body"}
    with database.write() as connection:
        post = int(connection.execute(insert(posts).values(columns)).inserted_primary_key[0])
        connection.execute(insert(bodies).values(post=post, body=row["body"]))
    return post


def change(database: Database, post: int, **values: object) -> None:
    """`body` may be among the columns."""
    body = values.pop("body", None)
    with database.write() as connection:
        connection.execute(update(posts).where(posts.c.id == post).values(**values))
        if body is not None:
            connection.execute(update(bodies).where(bodies.c.post == post).values(body=body))
