"""Pictures that travel with mails: kept with the issues that show them, so that every machine sends the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from newsletter.errors import StoreError
from newsletter.store.database import insert
from newsletter.store.tables import pictures


def keep(connection: Connection, files: Mapping[str, bytes]) -> None:
    """By their names, which are made from their content: what is there already is the same."""
    if files:
        rows = [{"name": name, "data": data} for name, data in files.items()]
        connection.execute(insert(connection, pictures).on_conflict_do_nothing(), rows)


def get(connection: Connection, names: Collection[str]) -> dict[str, bytes]:
    """In the order of `names`. Raises StoreError when one is not there."""
    if not names:
        return {}
    wanted = select(pictures.c.name, pictures.c.data).where(pictures.c.name.in_(list(names)))
    found = {row.name: bytes(row.data) for row in connection.execute(wanted)}
    if missing := [name for name in names if name not in found]:
        raise StoreError(f"the picture {missing[0]} of this issue is not in the database; build the issue again.")
    return {name: found[name] for name in names}


def find(connection: Connection, name: str) -> bytes | None:
    data = connection.scalar(select(pictures.c.data).where(pictures.c.name == name))
    return None if data is None else bytes(data)
