"""What an operator is told of a message: its parts, its headers, its line in the inbox, its size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jinja2 import FileSystemLoader

from newsletter.domain.finding import warn
from newsletter.preview.fields import _UNKNOWN, explained
from newsletter.preview.inbox import inbox_line
from newsletter.preview.page import Look, Onlooker, PreviewPage, Surroundings
from newsletter.preview.scale import Scale, scale
from newsletter.text.message import (
    Content,
    compile_message,
    fill_html,
    fill_text,
    issue_headers,
    notice_headers,
    values,
)
from newsletter.text.opened import Opened
from tests.digests import DATE, EDITION, READER, TEMPLATES, issue

SOMEBODY = replace(EDITION, reply_to="answers@example.org")


def message(subject: str = "Hello", html: str = "<p>Hi</p>", text: str = "Hi") -> Opened:
    compiled = compile_message(Content(subject, html, text), issue_headers(SOMEBODY, 12, DATE))
    return Opened(b"".join(compiled.fill(READER)))


def test_the_parts_come_back_as_they_were_put_in() -> None:
    sample = issue()
    found = message(sample.subject, sample.html, sample.text)
    assert found.html == fill_html(sample.html, values(READER))
    assert found.text == fill_text(sample.text, values(READER))
    assert found.header_block.startswith("To: Ada Whitlock <ada@example.org>\n")
    assert found.source(3) == "To:"


def test_a_message_that_could_not_be_made_is_empty() -> None:
    found = Opened(b"")
    assert (found.html, found.text, found.field("Subject")) == ("", "", "")
    assert inbox_line(found).snippet == ""


def test_every_header_of_ours_is_explained_and_decoded() -> None:
    notice = Opened(b"".join(compile_message(Content("é", "", ""), notice_headers(SOMEBODY, DATE)).fill(READER)))
    for one in (message("Grüße, 世界"), notice):
        assert [field.name for field in explained(one) if field.meaning == _UNKNOWN] == []
    assert ("Subject", "Grüße, 世界") in [(field.name, field.value) for field in explained(message("Grüße, 世界"))]


@pytest.mark.parametrize(
    ("html", "snippet", "padded"),
    [
        ("<div>Also: a mill</div><p>Good morning", "Also: a mill Good morning", False),
        (f"<div>Also: a mill{'&#847;&zwnj;&nbsp;' * 40}</div><p>Good morning", "Also: a mill", True),
        (f"<div>Also{'&shy;' * 20}</div><p>Good", "Also", True),
        ("<div>A soft&shy;hyphen, e&#847;</div>", "A soft\u00adhyphen, e\u034f", False),
        ("<style>p{}</style><!-- no --><script>no</script><title>no</title><p>Yes", "Yes", False),
        ("", "", False),
    ],
)
def test_the_first_words_are_what_an_inbox_shows(html: str, snippet: str, padded: bool) -> None:
    found = inbox_line(message(html=html))
    assert (found.snippet, found.padded) == (snippet, padded)


def test_the_sample_shows_its_preheader_and_no_more() -> None:
    sample = issue()
    found = inbox_line(message(sample.subject, sample.html, sample.text))
    assert (found.sender, found.subject, found.initial) == ("Tech Decoded", sample.subject, "T")
    assert found.snippet == sample.preheader


@pytest.mark.parametrize(
    ("kb", "word"), [(27, "Well below"), (81, "gets long"), (96, "Very near"), (103, "cuts it off at")]
)
def test_the_size_is_judged(kb: int, word: str) -> None:
    assert word in Scale(kb * 1024, 0, 0).verdict


def test_sizes_are_those_after_decoding() -> None:
    found = scale(message(html="é" * 100, text="=" * 10))
    assert (found.html, found.text) == (200, 10)
    assert found.message > 600


def test_a_message_with_many_pictures_in_it_is_not_shown_whole() -> None:
    sample = issue()
    look = Look(sample, EDITION, Opened(b"A" * 300 * 1024), Onlooker("", "", is_chosen=False), ())
    assert len(look.source) == 256 * 1024
    assert look.source_left == 44 * 1024
    assert look.among([]).others == []


def test_the_page_shows_code_as_code() -> None:
    """Wherever words of ours stand: what was found, what is wrong with a reader's copy, why there is no message."""
    said = "`site.url` is not https"
    page = PreviewPage(FileSystemLoader(TEMPLATES))
    surroundings = Surroundings(frame=lambda _: ("srcdoc", ""), issue=str, files=[])
    reader = Onlooker("ada@example.org", "", is_chosen=True, remark=said)
    look = Look(issue(), SOMEBODY, Opened(b""), reader, [warn("`here`", said, said)], trouble=said)
    html = page.html(look, surroundings).partition("</style>")[2]
    assert "<code>site.url</code> is not https" in html
    assert "`" not in html
