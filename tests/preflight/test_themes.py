"""Every theme and every notice: readable in every mode, well built, and shown by mail programs."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from newsletter.domain.clients import Clients
from newsletter.domain.theme import THEMES, theme
from newsletter.preflight.examined import Examined
from newsletter.preflight.modes import MODES
from newsletter.preflight.painting import texts
from newsletter.preflight.rules import contrast, requests, structure, support, targets, twin
from newsletter.services.preflight import examine
from newsletter.text.message import issue_headers
from newsletter.text.render import NOTICES
from tests.digests import DATE, EDITION, LINKS, READER, TEMPLATES, digest, issue, renderer
from tests.notice_samples import given
from tests.preflight.judging import examined, said
from tests.preflight.test_contrast import message

TARGET = 95  # of 100, for what the layout hangs on
STYLE = (
    contrast.hard_to_read,
    structure.no_language,
    structure.no_title,
    structure.no_colour_scheme,
    structure.headings,
    structure.tables_of_layout,
    structure.lists,
    support.not_everywhere,
    support.only_in_style_block,
    support.style_too_long,
    requests.active_content,
    requests.style_from_elsewhere,
    requests.third_party,
)


@cache
def made(name: str, language: str) -> Examined:
    edition = replace(EDITION, theme=theme(name), language=language, sections=True)
    frozen = issue(renderer().digest(digest(edition=edition), LINKS))
    return examine(frozen, edition, issue_headers(edition, 12, DATE), READER)


@cache
def notice(kind: str, name: str) -> Examined:
    rendered = renderer().notice(kind, given(kind, replace(EDITION, theme=theme(name))))
    return replace(examined(), raw=message(rendered.html))


@pytest.mark.parametrize("language", ["en-GB", pytest.param("de", marks=pytest.mark.long), "ar"])
@pytest.mark.parametrize("name", THEMES)
def test_a_theme_passes_every_rule_of_style(name: str, language: str) -> None:
    what = made(name, language)
    assert [told for rule in (*STYLE, targets.hard_to_hit) if (told := said(rule, what))] == []


@pytest.mark.parametrize("name", THEMES)
def test_a_lone_source_leaves_every_link_high_enough_for_a_thumb(name: str) -> None:
    stories = digest().stories
    edition = replace(EDITION, theme=theme(name), only_source=stories[0].source)
    told = digest(*(replace(one, source=stories[0].source) for one in stories), edition=edition)
    what = examine(issue(renderer().digest(told, LINKS)), edition, issue_headers(edition, 12, DATE), READER)
    assert said(targets.hard_to_hit, what) == ""


@pytest.mark.parametrize("name", THEMES)
def test_the_guides_own_block_passes_in_every_theme(name: str) -> None:
    guide = (TEMPLATES.parent / "docs" / "guide" / "templates.md").read_text("utf-8")
    html, text = re.findall(r"^```jinja\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    edition = replace(EDITION, theme=theme(name))
    by = renderer(email__digest_dot_mjml=html, email__digest_dot_txt=text)
    frozen = issue(by.digest(digest(edition=edition), LINKS))
    what = examine(frozen, edition, issue_headers(edition, 12, DATE), READER)
    assert "Send a friend here" in what.page.said
    assert "Send a friend here" in what.text
    rules = (*STYLE, twin.link_missing_in_text, twin.link_missing_in_html, twin.long_line)
    assert [told for rule in rules if (told := said(rule, what))] == []


@pytest.mark.long
@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_passes_every_rule_of_style(kind: str, name: str) -> None:
    assert [told for rule in STYLE if (told := said(rule, notice(kind, name)))] == []


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_is_shown_by_mail_programs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    reached = support.score(made(name, "en-GB"))
    with capsys.disabled():
        print(f"\n{name}: mail programs show {reached:.1f} of 100 of what its layout hangs on")
    assert reached >= TARGET


@pytest.mark.parametrize("name", THEMES)
def test_no_family_of_mail_programs_is_left_behind(name: str) -> None:
    for family in range(len(Clients().shares)):
        alone = Clients(*(float(each == family) for each in range(len(Clients().shares))))
        what = made(name, "en-GB")
        assert support.score(replace(what, known=replace(what.known, clients=alone))) >= 90


@pytest.mark.parametrize("name", THEMES)
def test_every_text_of_a_theme_is_looked_at_in_every_mode(name: str) -> None:
    """A theme whose texts were all taken for hidden, or for lying on a picture, would pass unseen."""
    what = made(name, "en-GB")
    for mode in MODES:
        looks = what.painting.looks(mode)
        seen = [each for each in texts(what.page) if (look := looks.get(each.element)) and look.shown]
        assert len({each.element for each in seen}) > 40
        assert any(each.text == what.issue.stories[-1].title for each in seen)
