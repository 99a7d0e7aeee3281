"""Whether a database can be written to is found by writing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from newsletter.errors import StoreError
from newsletter.store.database import Database, prove_writable, signing_key
from newsletter.store.tables import settings


def test_it_changes_nothing(database: Database) -> None:
    key = signing_key(database)
    with database.write() as connection:
        prove_writable(connection)
    with database.read() as connection:
        assert connection.scalars(select(settings.c.value).where(settings.c.key == "signing_key")).all() == [key]


def test_a_file_that_may_only_be_read_is_found_out(tmp_path: Path) -> None:
    whole = Database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    signing_key(whole)
    whole.close()
    locked = create_engine(f"sqlite:///file:{tmp_path / 'subscribers.db'}?mode=ro&uri=true")
    with pytest.raises(OperationalError, match="readonly"), locked.begin() as connection:
        prove_writable(connection)
    locked.dispose()


def test_another_programs_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"theirs\.db: it holds tables of something else"):
        Database(f"sqlite:///{path}")
    assert path.read_bytes() == before


@pytest.mark.parametrize("revision", ["9999", "abc"])
def test_a_database_of_a_newer_version_is_told_with_its_remedy(sqlite_url: str, revision: str) -> None:
    database = Database(sqlite_url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    database.close()
    with pytest.raises(StoreError, match="by a newer version of newsletter than this one"):
        Database(sqlite_url)
