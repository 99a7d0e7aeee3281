"""`sink`: a mail server. `desk`: a folder whose configuration names it, with a draft; a file's own `desk` may add."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.smtp_sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, sink: Sink) -> Desk:
    desk = Desk(tmp_path, sink.port).furnish()
    desk.call("build", "harbour", "--edition", "near")
    return desk
