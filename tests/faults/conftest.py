"""`books`: one database for all tests of a file, for speed: each sends an issue of its own to the same twelve readers.

`both_books`: the same, once on SQLite and once on PostgreSQL, where the ledger itself is concerned.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.store.database import Database
from tests import postgres
from tests.ledger import subscribe
from tests.sending import short_back_off as short_back_off

READERS = 12


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('books') / 'subscribers.db'}")
    subscribe(database, READERS)
    yield database
    database.close()


@pytest.fixture(scope="module")
def postgres_books(request: pytest.FixtureRequest, postgres_server: Path) -> Iterator[Database]:
    with postgres.database(postgres_server, f"books_{request.module.__name__.rpartition('.')[2]}") as url:
        database = Database(url)
        subscribe(database, READERS)
        yield database
        database.close()


@pytest.fixture(
    params=["books", pytest.param("postgres_books", marks=pytest.mark.postgres)], ids=["sqlite", "postgres"]
)
def both_books(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found
