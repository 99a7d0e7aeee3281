"""Fixtures for everyone. `database`: an empty one of ours, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.store.database import Database
from tests import postgres
from tests.compiled import compiled_once

_numbers = itertools.count(1)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A quarter of the time a test waits for a server, a clock or a child; the long ones want a processor at once."""
    return (os.cpu_count() or 1) + (config.option.markexpr != "long")


def pytest_collection_finish() -> None:
    """Thousands of tests are a million objects, which the collector would walk through again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost`, and its key, in one folder."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        [*command.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """The folder of the socket of a PostgreSQL server; one per process of pytest-xdist."""
    with postgres.server() as folder:
        yield folder


@pytest.fixture(scope="session")
def sqlite_furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has our tables and nothing in them: a copy is made in a tenth of the time."""
    file = tmp_path_factory.mktemp("furnished") / "subscribers.db"
    Database(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_furnished: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_furnished, tmp_path)}"


@pytest.fixture
def postgres_url(postgres_server: Path) -> Iterator[str]:
    with postgres.database(postgres_server, f"t{next(_numbers)}") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_furnished(postgres_server: Path) -> Iterator[str]:
    """The address of a database that has our tables and nothing in them; one per process."""
    with postgres.database(postgres_server, "furnished") as url:
        Database(url).close()
        postgres.keep(postgres_server, "furnished")
        yield url


@pytest.fixture
def furnished_url(postgres_server: Path, postgres_furnished: str) -> Iterator[str]:
    """The same for one test after the other, emptied in between: who changes tables asks for `postgres_url`."""
    yield postgres_furnished
    postgres.restore(postgres_server, "furnished")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """With our tables in it already."""
    url: str = request.getfixturevalue("furnished_url" if request.param == "postgres" else "sqlite_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()
