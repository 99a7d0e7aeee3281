"""Procrastinate's own tables, beside ours and apart from Alembic: it brings its schema and its migrations itself.

`settings` keeps which version of Procrastinate the schema is of, and the name of the last migration that was run. After
an upgrade the files behind it are run in the order of their names; workers of the older version are to be stopped
before.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text

from newsletter.errors import StoreError
from newsletter.store.extras import lacks_postgres
from newsletter.store.tables import settings

KEYS = _VERSION, _MIGRATION = "queue_version", "queue_migration"
"""Under which `settings` keeps what is of the database that it stands in, and of no other."""

_STAMP = "\n;UPDATE settings SET value = '{name}' WHERE key = 'queue_migration';"


def is_current(connection: Connection) -> bool:
    """Whether nothing is to be done. Raises StoreError when Procrastinate is not installed."""
    return _kept(connection, _VERSION) == _installed()


def bring_up_to_date(connection: Connection) -> None:
    """Makes the schema in the caller's transaction, or upgrades it beside that: its steps need commits of their own.

    Raises StoreError when the schema is of a newer version than the one installed, or is somebody else's.
    """
    from procrastinate.schema import SchemaManager

    kept, installed = _kept(connection, _VERSION), _installed()
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    if kept is None and connection.scalar(select(func.to_regclass("procrastinate_jobs"))) is not None:
        raise StoreError("that database has a queue (Procrastinate) of something else; name another in `database`.")
    if kept is None:
        _driver(connection).execute(SchemaManager.get_schema())
        keep(connection, _MIGRATION, files[-1].name)
    elif _numbers(kept) > _numbers(installed):
        raise StoreError(
            f"the queue in that database is Procrastinate {kept}'s, and {installed} is installed; upgrade it."
        )
    else:
        done = _kept(connection, _MIGRATION) or ""
        _run(connection, [file for file in files if file.name > done])
    keep(connection, _VERSION, installed)


def keep(connection: Connection, key: str, value: str) -> None:
    connection.execute(settings.delete().where(settings.c.key == key))
    connection.execute(settings.insert().values(key=key, value=value))


def _run(connection: Connection, files: list[Path]) -> None:
    """Each file, and the note that it was run, in one transaction: an enum's new word needs a commit before its use.

    The caller's transaction waits, however long that takes.
    """
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    with connection.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        for file in files:
            _driver(own).execute(file.read_text("utf-8") + _STAMP.format(name=file.name))


def _kept(connection: Connection, key: str) -> str | None:
    kept: str | None = connection.scalar(select(settings.c.value).where(settings.c.key == key))
    return kept


def _installed() -> str:
    try:
        return version("procrastinate")
    except PackageNotFoundError:
        raise StoreError(lacks_postgres()) from None


def _numbers(told: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", told)[:3])


def _driver(connection: Connection) -> Any:
    """psycopg's own connection: only it takes many statements at once."""
    return connection.connection.driver_connection
