"""What databases of before the first release lack: tables, columns, indexes. From here on each change has its own."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import JSON, Boolean, Column, String, Text, inspect

from newsletter.store.ledger_tables import ON_POSTGRESQL
from newsletter.store.tables import metadata

revision = "0002"
down_revision = "0001"

_TRIED = "CREATE INDEX IF NOT EXISTS deliveries_tried ON deliveries (at) WHERE attempts > 0"
_BODIES = "INSERT INTO bodies (post, body) SELECT id, body FROM posts WHERE id NOT IN (SELECT post FROM bodies)"
_OWN = "UPDATE issues SET own_subject = subject WHERE edited AND state IN ('draft', 'scheduled')"


def upgrade() -> None:
    bind = op.get_bind()
    metadata.create_all(bind)  # what is there already is left alone
    bind.exec_driver_sql(_TRIED)
    if bind.dialect.name == "postgresql":
        _suit_postgresql()
    columns = {column["name"] for column in inspect(bind).get_columns("posts")}
    if "body" in columns:
        op.execute(_BODIES)
        op.drop_column("posts", "body")
    had_own_subjects = "own_subject" in {column["name"] for column in inspect(bind).get_columns("issues")}
    for table in metadata.sorted_tables:
        there = {column["name"] for column in inspect(bind).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                op.add_column(table.name, _plain(column, bind.dialect.name))
        for index in table.indexes:
            index.create(bind, checkfirst=True)
    if not had_own_subjects:
        op.execute(_OWN)


def _suit_postgresql() -> None:
    """What is no part of its tables there, as it is made today."""
    op.execute("DROP INDEX IF EXISTS deliveries_by_state")
    for statement in ON_POSTGRESQL:
        again = statement.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS")
        for kind in ("FUNCTION", "TRIGGER"):
            again = again.replace(f"CREATE {kind}", f"CREATE OR REPLACE {kind}")
        op.get_bind().exec_driver_sql(again.replace("%", "%%"))


def _plain(column: Column[Any], dialect: str) -> Column[Any]:
    """As a column that the rows of before can take."""
    empty = None if column.nullable else _empty(column, dialect)
    return Column(column.name, column.type, nullable=column.nullable, server_default=empty)


def _empty(column: Column[Any], dialect: str) -> str:
    if isinstance(column.type, JSON):
        return "[]"
    if isinstance(column.type, String | Text):
        return ""
    return "false" if isinstance(column.type, Boolean) and dialect == "postgresql" else "0"
