"""How SQLite goes about what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, event

from newsletter.store.database import Database


def plans(database: Database, ask: Callable[[Connection], object], table: str) -> Iterator[str]:
    """The plan of every statement about that table by which `ask` is answered."""
    asked: list[tuple[str, object]] = []
    with database.write() as connection:
        event.listen(connection, "before_cursor_execute", lambda c, cur, sql, values, *_: asked.append((sql, values)))
        ask(connection)
    with database.read() as connection:
        for sql, values in [one for one in asked if table in one[0]]:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            yield "; ".join(str(row[3]) for row in rows)
