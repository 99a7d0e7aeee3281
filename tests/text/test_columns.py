"""Lines of a text part: as full as they may be, no word lost, none cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text.columns import underline, width, wrap

WORDS = st.lists(st.text("abc.,-:/?=", min_size=1, max_size=30), max_size=40)
INDENTS = st.sampled_from(["", "  ", "     "])


@given(WORDS, INDENTS, st.integers(12, 80))
def test_lines_are_as_full_as_they_may_be(words: list[str], indent: str, columns: int) -> None:
    lines = wrap("  ".join(words), indent, columns).split("\n")
    assert [word for line in lines for word in line.split()] == words
    for before, line in pairwise(lines):
        assert line.startswith(indent)
        assert width(before) + 1 + width(line.split()[0]) > columns
    assert all(width(line) <= columns or len(line.split()) == 1 for line in lines)


@given(st.text("ab 字é中。—", max_size=200), INDENTS, st.integers(12, 80))
def test_other_scripts_lose_nothing_and_keep_to_the_columns(text: str, indent: str, columns: int) -> None:
    lines = wrap(text, indent, columns).split("\n")
    assert "".join("".join(line.split()) for line in lines) == "".join(text.split())
    assert all(width(line) <= columns or len(line.split()) == 1 for line in lines)


@given(WORDS, INDENTS, st.integers(12, 80))
def test_plain_letters_break_where_any_others_would(words: list[str], indent: str, columns: int) -> None:
    """They have a quicker way of their own."""
    accented = [word.replace("a", "á") for word in words]
    assert wrap(" ".join(accented), indent, columns).replace("á", "a") == wrap(" ".join(words), indent, columns)


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("", 0),
        ("abc", 3),
        ("中文", 4),
        ("é", 1),
        ("e\u0301", 1),
        ("👩\u200d🚀", 4),
        ("ab\nabcd", 4),
        ("a" * 300, 72),
    ],
)
def test_an_underline_is_as_wide_as_its_longest_line(text: str, wide: int) -> None:
    assert underline(text, "=") == "=" * wide
