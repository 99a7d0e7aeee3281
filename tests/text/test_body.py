"""A post's body as HTML, whatever it is written in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from newsletter.domain.post import Markup, Post
from newsletter.text.body import body_html


def post(markup: Markup, body: str) -> Post:
    return Post(
        "blog", "k", "https://blog.example.org/a/", "T", datetime(2026, 1, 1, tzinfo=UTC), markup=markup, body=body
    )


@pytest.mark.parametrize(
    ("markup", "body", "expected"),
    [
        (Markup.MARKDOWN, "A *word*.\n{: .lead}", "<p>A <em>word</em>.</p>"),
        (Markup.HTML, '<p onclick="x()">A <a href="../b">link</a></p>', 'href="https://blog.example.org/b"'),
        (Markup.TEXT, "1 < 2\n\nNext", "<p>1 &lt; 2</p>\n<p>Next</p>"),
    ],
)
def test_each_markup_becomes_clean_html(markup: Markup, body: str, expected: str) -> None:
    found = body_html(post(markup, body))
    assert expected in found
    assert "onclick" not in found
    assert "{:" not in found


def test_script_is_gone() -> None:
    assert "script" not in body_html(post(Markup.MARKDOWN, "Hello <script>alert(1)</script> there"))
