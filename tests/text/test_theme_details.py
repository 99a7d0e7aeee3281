"""What a reader would stumble over in a theme: a number left out, a word said twice, a rest under the wrong heading."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.text.render import Rendered
from tests.digests import EDITION, LINKS, digest, renderer, story
from tests.notice_samples import given
from tests.text.test_render import Page
from tests.text.test_themes import NOTE, issue, rendered

SHARED = renderer()


def in_sections(name: ThemeName) -> Rendered:
    """After the lead two stories of one category, and one that is left over."""
    rows = [replace(story(number), category=kind) for number, kind in ((1, "Space"), (2, "Space"), (4, "Rail"))]
    return SHARED.digest(digest(story(0), *rows, edition=replace(EDITION, theme=theme(name), sections=True)), LINKS)


def test_brief_counts_every_story_in_both_parts() -> None:
    made = rendered("brief")
    numbers = re.findall(r'<td class="mark"[^>]*>(\d+)', made.html)
    assert numbers == [str(number) for number in range(1, 11)]
    assert re.findall(r"^(\d+)\. ", made.text, re.MULTILINE) == numbers


@pytest.mark.parametrize("name", THEMES)
def test_a_section_is_named_once_and_the_rest_is_not_taken_for_part_of_it(name: ThemeName) -> None:
    made = in_sections(name)
    for words in (Page(made.html).text, made.text):
        assert words.count("Space") == 1
        assert words.index("Space") < words.index("Also in this issue") < words.index(story(4).title)


@pytest.mark.parametrize("name", ["classic", "magazine"])
def test_a_name_of_many_words_is_set_smaller(name: ThemeName) -> None:
    few, many = (
        int(re.findall(r"<h1[^>]*font-size:(\d+)px", rendered(name, name=words).html)[0])
        for words in ("Tech Decoded", "The Quarterly Review of Distributed Systems")
    )
    assert few > many >= 30


@pytest.mark.parametrize(("note", "short"), [(NOTE, True), (NOTE * 10, False)])
def test_only_a_short_note_of_a_magazine_is_centred_and_slanted(note: str, short: bool) -> None:
    made = SHARED.digest(replace(issue(theme=theme("magazine")), note=note), LINKS)
    opening = re.findall(r"<p[^>]*>(?:<bdi>)?A quiet week", made.html)[0]
    assert ("font-style:italic" in opening) is ("text-align:center" in opening) is short


@pytest.mark.parametrize(("language", "gap"), [("en", " "), ("zh", "")])
def test_chinese_sentences_follow_each_other_without_a_space(language: str, gap: str) -> None:
    made = rendered("classic", language=language)
    assert re.search(rf"[.。](?:</bdi>)*{gap}<a [^>]*>(?:<bdi>)?(?:Switch edition|切换版本)", made.html)
    assert re.search(rf"[.。]{gap}(?:Switch edition|切换版本)", made.text)


def test_a_command_is_broken_between_words_only() -> None:
    page = SHARED.notice("reminder", given("reminder")).html
    assert '<span style="display:inline-block">--edition</span>' in page
    assert "newsletter build tech-decoded --edition uk" in Page(page).text


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("known", ["only_source", "site_name", "newsletter_name"])
def test_the_newsletters_own_stories_are_not_credited_again_and_again(name: ThemeName, known: str) -> None:
    stories = [replace(story(number), source="Harbour Post") for number in range(10)]
    edition = replace(EDITION, theme=theme(name), **{known: "Harbour Post"})
    own, others = (SHARED.digest(digest(*stories, edition=given), LINKS) for given in (edition, issue().edition))
    for part in (
        Page(own.html).text.split("Worth your time?")[0],
        own.text.split("Worth your time?")[0],
    ):  # the footer names it
        assert "Harbour Post" not in part
        assert "min read" in part
        assert "1 other version" in part or "Other versions:" in part or name == "brief"
    assert Page(others.html).text.count("Harbour Post") >= 10
