"""The editor's note: what of a Markdown file becomes words, and what an error says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import NoteError
from newsletter.text.note import MOST, MOST_BYTES, pieces, read_note, spelled_out

NOTE = b"""\xef\xbb\xbf<!-- For the editor:
write below. -->
# Dear *all*

We went to see [the **new** ferry](https://example.org/a_(b)?x=1)
and wrote to <hello@example.org>.

- one
- two

3. three

> `code` with \\[a\\](https://example.org/no-link)
"""


def test_words_and_links_are_kept() -> None:
    assert read_note(NOTE, "note.md").split("\n\n") == [
        "Dear all",
        "We went to see [the new ferry](https://example.org/a_%28b%29?x=1) and wrote to "
        "[hello@example.org](mailto:hello@example.org).",
        "• one",
        "• two",
        "3. three",
        "code with [a] (https://example.org/no-link)",
    ]


def test_a_text_part_spells_links_out() -> None:
    paragraph = read_note(NOTE, "note.md").split("\n\n")[1]
    told = "We went to see the new ferry (https://example.org/a_%28b%29?x=1) and wrote to hello@example.org."
    assert spelled_out(paragraph) == told
    assert pieces(paragraph)[1] == ("the new ferry", "https://example.org/a_%28b%29?x=1")


@pytest.mark.parametrize("empty", [b"", b" \n\n", b"<!-- nothing\n\nyet -->\n", b"\xef\xbb\xbf", b"***\n"])
def test_nothing_to_say(empty: bytes) -> None:
    assert read_note(empty, "note.md") == ""


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"one\ntwo ![a cat](cat.png)\n", 2, "picture"),
        (b"one\n\n<div>x</div>\n", 3, "HTML"),
        (b"<!-- a\nb -->\none <b>two</b>\n", 3, "HTML"),
        (b"\n[here](about.html)\n", 2, "https://"),
        (b"[here](https://)\n", 1, "https://"),
        (b"one\n\n\ntwo \xff\n", 4, "UTF-8"),
        (b"word " * MOST, 1, "4,000"),
        (b"a" * (MOST_BYTES + 1), None, "64 KB"),
    ],
)
def test_what_a_note_cannot_hold_is_told_with_its_line(data: bytes, line: int | None, words: str) -> None:
    with pytest.raises(NoteError) as caught:
        read_note(data, "notes/next.md")
    assert caught.value.line == line
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"notes/next.md:{line}: " if line else "notes/next.md: ")


@pytest.mark.parametrize("href", ["javascript:alert(1)", "//example.org/x", "ftp://example.org/", "data:text/html,x"])
def test_a_link_that_no_mail_may_hold_is_never_one(href: str) -> None:
    try:
        words = read_note(f"[x]({href})".encode(), "note.md")
    except NoteError:
        return
    assert all(not address for _, address in pieces(words))


MARKS = st.sampled_from([*"[]()*_`~<>!#-+|\\:&\n\t ", "](", "https://example.org/", "\n\n", "1. ", "\ufdd0", "é", "中"])


@settings(max_examples=300, deadline=None)
@given(st.lists(MARKS | st.text(max_size=8), max_size=30).map("".join))
def test_any_file_becomes_words_or_an_error_with_its_place(text: str) -> None:
    try:
        words = read_note(text.encode("utf-8", "surrogatepass"), "note.md")
    except NoteError:
        return
    assert "\ufdd0" not in words
    for paragraph in words.split("\n\n") if words else []:
        assert paragraph == " ".join(paragraph.split())
        assert paragraph
        for shown, address in pieces(paragraph):
            assert shown
            assert not address or address.startswith(("https://", "http://", "mailto:"))


@settings(max_examples=200, deadline=None)
@given(st.text("ab[]()!", max_size=12), st.integers(0, 3))
def test_a_link_survives_whatever_stands_around_it(noise: str, blanks: int) -> None:
    quiet = noise.translate(str.maketrans({sign: f"\\{sign}" for sign in "[]()!"}))
    source = f"{'x' * blanks}{quiet} [words](https://example.org/a) {quiet}"
    found = [piece for piece in pieces(read_note(source.encode(), "note.md")) if piece[1]]
    assert found == [("words", "https://example.org/a")]
