"""`sink`: a mail server. `desk`: a folder whose configuration names it, with a draft; a file's own `desk` may add."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.smtp_sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each `desk` is a copy of: to build the draft anew takes a third of a second."""
    desk = Desk(tmp_path_factory.mktemp("built")).furnish()
    desk.call("build", "harbour", "--edition", "near")
    return desk.folder


@pytest.fixture
def desk(tmp_path: Path, sink: Sink, built: Path) -> Desk:
    desk = Desk(tmp_path, sink.port)
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    desk.configure()
    return desk
