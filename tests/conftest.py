"""Fixtures for everyone. `database`: an empty one of ours, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.store.database import Database
from tests import postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """The folder of the socket of a PostgreSQL server; one per process of pytest-xdist."""
    with postgres.server() as folder:
        yield folder


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'subscribers.db'}"


@pytest.fixture
def postgres_url(postgres_server: Path) -> Iterator[str]:
    with postgres.database(postgres_server, f"t{next(_numbers)}") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Path) -> Iterator[str]:
    """The name of a database that has our tables and nothing in them: a copy is made in a tenth of the time."""
    with postgres.database(postgres_server, "furnished") as url:
        Database(url).close()
        yield "furnished"


@pytest.fixture
def furnished_url(postgres_server: Path, postgres_template: str) -> Iterator[str]:
    with postgres.database(postgres_server, f"t{next(_numbers)}", postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """On PostgreSQL with our tables in it already."""
    url: str = request.getfixturevalue("furnished_url" if request.param == "postgres" else "sqlite_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()
