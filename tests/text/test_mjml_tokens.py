"""Where a tag ends, whatever stands around it; a second reader, letter by letter, must find the same."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from newsletter.text.compiling import compile_mjml
from newsletter.text.mjml_tokens import TAG

_SIGNS = ["<", "</", ">", "/>", " ", "\n", "a", "p", "=", "'", '"', "é", "\\"]
_PIECES = [*_SIGNS, 'a="b"', "c='d\"e'", "<p b='x'>", "</p>"]


def tags(source: str) -> list[str]:
    """The first < of the file that begins a tag, to its >; then the first behind that."""
    found, start = [], 0
    while begun := re.compile(r"</?[A-Za-z][\w:-]*").search(source, start):
        quote, start = "", begun.start() + 1
        for place in range(begun.end(), len(source)):
            sign = source[place]
            if quote:
                quote = "" if sign == quote else quote
            elif sign in "'\"":
                quote = sign
            elif sign in "<>":
                if sign == ">":
                    found.append(source[begun.start() : place + 1])
                    start = place + 1
                break
    return found


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_a_tag_ends_at_its_bracket(source: str) -> None:
    assert [tag[0] for tag in TAG.finditer(source)] == tags(source)


def test_what_stands_between_tags_stays_as_it_is() -> None:
    """With possessive repeats Python 3.11.2 ran on from a tag with other letters than ASCII to the last of all."""
    source = '<p lang="fr" class="é">one</p>\n  <p>two</p>\n  <p class="c">three</p>'
    html = compile_mjml(
        "x",
        f"<mjml><mj-body><mj-section><mj-column><mj-text>{source}</mj-text></mj-column></mj-section></mj-body></mjml>",
    )
    assert '<p lang="fr" class="é">one</p><p>two</p><p class="c">three</p>' in html
