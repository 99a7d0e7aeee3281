"""An issue on the web: what was for one reader is left out, all else stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.text.public import for_everybody, on_top
from newsletter.text.slots import used
from tests.digests import EDITION, LINKS, digest, renderer, story
from tests.mails import sample

MARKS = ("<!--you-->", "<!--/you-->")


def mailed(name: ThemeName, language: str = "en-GB") -> str:
    edition = replace(EDITION, theme=theme(name), language=language)
    return renderer().digest(replace(sample(), edition=edition), LINKS).html


@pytest.mark.parametrize("language", ["en-GB", "de", "ar", "zh"])
@pytest.mark.parametrize("name", THEMES)
def test_nothing_is_left_that_is_true_for_one_reader_only(name: ThemeName, language: str) -> None:
    before = mailed(name, language)
    after = for_everybody(before)
    assert used(before) == {"since", "unsubscribe_url", "preferences_url"}
    assert used(after) == set()
    assert LINKS.online in before
    assert LINKS.online not in after
    assert all(mark not in after for mark in MARKS)
    assert EDITION.postal_address in after
    assert all(after.count(told.url) == before.count(told.url) for told in sample().stories)


@pytest.mark.parametrize("name", THEMES)
def test_the_marks_cost_a_mail_next_to_nothing(name: ThemeName) -> None:
    html = mailed(name)
    assert html.count(MARKS[0]) == html.count(MARKS[1])
    assert sum(html.count(mark) * len(mark) for mark in MARKS) < 48


def test_a_post_cannot_bring_the_marks() -> None:
    told = replace(story(), title="<!--you-->Secret", excerpt="All of it<!--/you-->", long_excerpt="")
    made = for_everybody(renderer().digest(digest(told), LINKS).html)
    assert "Secret" in made
    assert "All of it" in made


def test_what_has_no_marks_stays_as_it_is() -> None:
    html = "<body><p>Frozen long ago</p><!--you-->never closed</body>"
    assert for_everybody(html) == html


@pytest.mark.parametrize("body", ["<body>", '<BODY style="margin:0" class="page">'])
def test_the_bar_comes_first(body: str) -> None:
    assert on_top(f"<html>{body}<p>a</p></body>", r"<nav>\1</nav>") == rf"<html>{body}<nav>\1</nav><p>a</p></body>"
