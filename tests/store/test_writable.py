"""Whether a database can be written to is found by writing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError

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
