from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from newsletter.app import App
from newsletter.web import create_app
from tests.web.site import make_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = make_app(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def web(app: App) -> Iterator[TestClient]:
    with TestClient(create_app(app), client=("192.0.2.7", 1234)) as client:
        yield client
