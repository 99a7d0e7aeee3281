"""Quoted-printable: what needs no encoding is told apart from what does."""

import html
import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.text.plain import one_line
from newsletter.text.quoted import encode, encode_short, is_tame


@given(st.text(st.sampled_from("aZ09 .,:/_@+-=&<>\"'\t\u00e9From"), max_size=90))
@example("From here")
@example(".hidden")
@example("two  spaces")
@example("a " + "b" * 75)
def test_a_tame_value_is_its_own_encoding_and_means_the_same_in_html(value: str) -> None:
    if is_tame(value):
        assert encode(value) == encode_short(value) == value.encode("ascii")
        assert value == html.escape(value) == one_line(value)
    else:
        assert quopri.decodestring(encode_short(value)).decode("utf-8") == value


@pytest.mark.parametrize(
    "value",
    [
        "Thursday, November 26, 2026",
        "26 November 2026",
        "Ann Example",
        "reader+tag@news.example.org",
        "https://example.org/unsubscribe/Nzc3.Y0V1_La8-cYe",
    ],
)
def test_what_most_readers_have_is_tame(value: str) -> None:
    assert is_tame(value)


@pytest.mark.parametrize("value", ["", "From me", ".", " a", "a ", "a\nb", "a=b", "a&b", "O'Hara", "Zoë", "a" * 76])
def test_what_is_not_tame(value: str) -> None:
    assert not is_tame(value)
