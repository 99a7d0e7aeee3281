"""What a source remembers between two readings, and how the last one went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from newsletter.store.database import insert
from newsletter.store.tables import source_states


def remembered(connection: Connection, newsletter: str, source: str) -> Mapping[str, str]:
    """Empty before the first reading."""
    wanted = select(source_states.c.state).where(
        source_states.c.newsletter == newsletter, source_states.c.source == source
    )
    return dict(connection.scalar(wanted) or {})


def remember(
    connection: Connection, newsletter: str, source: str, values: Mapping[str, str], now: datetime, error: str = ""
) -> None:
    """`error` is the sentence for the user when the source could not be read, else empty."""
    row = {"newsletter": newsletter, "source": source, "state": dict(values), "read_at": now, "error": error}
    statement = insert(connection, source_states).values(row)
    changed = {name: statement.excluded[name] for name in ("state", "read_at", "error")}
    connection.execute(statement.on_conflict_do_update(index_elements=["newsletter", "source"], set_=changed))


def forget_others(connection: Connection, newsletter: str, sources: Sequence[str]) -> None:
    """For sources that the newsletter no longer names; `sources` are those it does."""
    others = (source_states.c.newsletter == newsletter, source_states.c.source.not_in(sources))
    connection.execute(delete(source_states).where(*others))


def errors(connection: Connection, newsletter: str) -> dict[str, str]:
    """The sources whose last reading failed, and why."""
    wanted = select(source_states.c.source, source_states.c.error).where(
        source_states.c.newsletter == newsletter, source_states.c.error != ""
    )
    return {row.source: row.error for row in connection.execute(wanted)}


def known(connection: Connection, newsletter: str | None) -> list[str]:
    """The names of all sources that somebody tried to read; of all newsletters without a name."""
    wanted = select(source_states.c.source).distinct().order_by(source_states.c.source)
    if newsletter is not None:
        wanted = wanted.where(source_states.c.newsletter == newsletter)
    return list(connection.scalars(wanted))
