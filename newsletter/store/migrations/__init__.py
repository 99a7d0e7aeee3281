"""The schema's history, by Alembic. A new database is made from `tables` at once and stamped with HEAD."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from newsletter.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0002"


def current(connection: Connection) -> str | None:
    """The revision the database stands at; None for an empty one. Raises StoreError for somebody else's."""
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if "alembic_version" not in names or "subscriptions" not in names:
        raise StoreError("it holds tables of something else; name an empty database in `database`.")
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def upgrade(connection: Connection) -> None:
    """Runs what is missing, inside the caller's transaction. Raises StoreError for a database newer than we are."""
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(connection), "head")
    except CommandError:
        remedy = "Install that version again, or name another database in `database`"
        raise StoreError(f"it was written by a newer version of newsletter than this one. {remedy}.") from None


def stamp(connection: Connection) -> None:
    """What `alembic stamp head` writes, without the cost of loading Alembic at a first start."""
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
