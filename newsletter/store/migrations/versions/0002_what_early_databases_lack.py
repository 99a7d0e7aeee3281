"""What databases of before the first release lack: tables, columns, indexes. From here on each change has its own."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import JSON, Boolean, Column, String, Text, inspect

from newsletter.store.tables import metadata

revision = "0002"
down_revision = "0001"

# The same on SQLite, and on PostgreSQL, whose own indexes of the ledger are no part of its table.
_TRIED = "CREATE INDEX IF NOT EXISTS deliveries_tried ON deliveries (at) WHERE attempts > 0"


def upgrade() -> None:
    bind = op.get_bind()
    metadata.create_all(bind)  # what is there already is left alone
    bind.exec_driver_sql(_TRIED)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in inspect(bind).get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                op.add_column(table.name, _plain(column, bind.dialect.name))
        for index in table.indexes:
            index.create(bind, checkfirst=True)


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
