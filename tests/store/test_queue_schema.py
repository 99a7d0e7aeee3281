"""Procrastinate's tables beside ours: made with the database, upgraded with the library; SQLite has none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import create_engine, text

from newsletter.errors import StoreError
from newsletter.store import migrations, queue_schema, tables
from newsletter.store.database import Database

ROOT = Path(__file__).parents[2]
_SHAPE = """
SELECT 'function', proname::text, pg_get_function_identity_arguments(oid) FROM pg_proc
  WHERE proname LIKE 'procrastinate%'
UNION SELECT 'column', table_name || '.' || column_name, data_type FROM information_schema.columns
  WHERE table_name LIKE 'procrastinate%'
UNION SELECT 'index', tablename::text, indexname::text FROM pg_indexes WHERE tablename LIKE 'procrastinate%'
"""


def shape(url: str) -> set[tuple[str, ...]]:
    database = Database(url)
    with database.read() as connection:
        found = {tuple(row) for row in connection.execute(text(_SHAPE))}
    database.close()
    return found


def older(url: str, last: str) -> None:
    """A database of ours whose queue is of an older Procrastinate: of its migrations, those up to `last`."""
    engine = create_engine(url)
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        migrations.stamp(connection)
        queue_schema.keep(connection, "queue_version", "2.0.3")
        queue_schema.keep(connection, "queue_migration", last)
        driver: Any = connection.connection.driver_connection
        for file in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")):
            if file.name <= last:
                driver.execute(file.read_text("utf-8"))
    engine.dispose()


@pytest.mark.postgres
def test_an_older_queue_becomes_what_a_new_one_is(postgres_url: str, postgres_server: Path) -> None:
    from tests import postgres

    older(postgres_url, "02.00.03_01_add_job_priority.sql")
    with postgres.database(postgres_server, "fresh") as fresh:
        new = shape(fresh)
    upgraded = shape(postgres_url)
    assert ("function", "procrastinate_fetch_job_v2") in {row[:2] for row in new}
    assert not new - upgraded  # some former functions stay, for workers of the version before
    assert {row for row in upgraded - new if row[0] != "function"} == set()


@pytest.mark.postgres
def test_a_queue_of_a_newer_version_is_refused(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.write() as connection:
        connection.execute(text("UPDATE settings SET value = '99.0.0' WHERE key = 'queue_version'"))
    database.close()
    with pytest.raises(StoreError, match=r"Procrastinate 99\.0\.0"):
        Database(postgres_url)


@pytest.mark.postgres
def test_opening_a_second_time_changes_nothing(postgres_url: str) -> None:
    assert shape(postgres_url) == shape(postgres_url)


def test_sqlite_loads_nothing_of_it(tmp_path: Path) -> None:
    script = (
        "import sys; from newsletter.store.database import Database; from newsletter.services import steer; "
        "import newsletter.sender; from tests.ledger import NOW, draft, subscribe; "
        f"database = Database('sqlite:///{tmp_path}/s.db'); subscribe(database, 3); draft(database); "
        "steer.start(database, 1, NOW); steer.resume(database, 1); "
        "sys.exit(any(name.split('.')[0] in ('procrastinate', 'psycopg') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
