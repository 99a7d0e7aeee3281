"""docs/mjml.md tells of every difference that the comparison forgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.harmless import ELEMENTS

DOC = Path(__file__).parent.parent.parent / "docs" / "mjml.md"


@pytest.mark.parametrize("name", [*ELEMENTS, "the rules of accordion and carousel", "style elements", "comments"])
def test_a_harmless_difference_is_documented(name: str) -> None:
    assert f"| {name} |" in DOC.read_text("utf-8")
