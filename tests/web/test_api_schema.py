"""Schemathesis: whatever the OpenAPI description allows, and much that it does not, is answered as it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from newsletter.app import App
from newsletter.web import create_app
from tests.web.site import make_app, write_issue

if TYPE_CHECKING:
    import schemathesis  # takes seconds: only the process that runs this file waits for it


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("api")
    app = make_app(folder, limit=1_000_000)
    write_issue(app)
    yield app
    app.database.close()


def test_the_api_keeps_its_word(served: App) -> None:
    import schemathesis

    schema = schemathesis.openapi.from_asgi("/api/openapi.json", create_app(served))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.path for operation in operations} >= {"/api/v1/status", "/api/v1/newsletters/{newsletter}"}
    for operation in operations:
        for generation in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            _call(operation, generation)


def _call(operation: schemathesis.APIOperation, generation: schemathesis.GenerationMode) -> None:
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    @given(case=operation.as_strategy(generation_mode=generation), there_is_one=st.booleans())
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def answers(case: schemathesis.Case, there_is_one: bool) -> None:
        if there_is_one and "newsletter" in case.path_parameters:
            case.path_parameters["newsletter"] = "tech"
        case.call_and_validate(excluded_checks=[positive_data_acceptance])  # no schema says what an address is

    with suppress(Unsatisfiable):  # where nothing can be wrong about a call
        answers()
