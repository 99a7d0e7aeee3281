"""One installed reference for all of these tests."""

from __future__ import annotations

import pytest

from tests.parity.reference import Reference, reference


@pytest.fixture(scope="session")
def mjml_of_npm() -> Reference:
    return reference()
