"""What mail programs show: the table, which features a message uses, and what is said of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from newsletter.domain.clients import Clients
from newsletter.preflight.css import sheet
from newsletter.preflight.features import used
from newsletter.preflight.known import Known
from newsletter.preflight.page import Page
from newsletter.preflight.rules.support import not_everywhere, only_in_style_block, score, style_too_long
from newsletter.preflight.support import ENOUGH, mean, table
from tests.digests import LINKS, digest, renderer
from tests.preflight.judging import examined, issue, said

EVERYBODY = Clients()
TARGET = 95  # for the mean of what a message of ours hangs on


def keys(html: str, bears: bool) -> set[str]:
    page = Page(html)
    return {use.row.key for use in used(page, sheet(page.all("style"))) if use.bears is bears}


def test_the_table_says_where_it_is_from_and_has_a_score_for_each_family() -> None:
    made = table()
    assert re.fullmatch(r"npm caniemail \d+\.\d+\.\d+", made.package)
    assert made.facts_of >= "2026-05-13"
    assert len(made.rows) > 300
    assert {len(row.scores) for row in made.rows.values()} == {len(EVERYBODY.shares)}
    assert all(score is None or 0 <= score <= 100 for row in made.rows.values() for score in row.scores)


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        ("html-table", 100, 100),
        ("css-padding", 96, 98),
        ("css-padding/cell", 100, 100),
        ("css-border-radius", 90, 95),
        ("css-display", 84, 87),
        ("html-style", 72, 79),
        ("css-margin", 71, 73),
        ("css-margin/plain", 100, 100),
        ("css-at-media-prefers-color-scheme", 50, 54),
        ("css-overflow", 47, 49),
        ("css-position", 25, 35),
        ("image-svg", 72, 77),
    ],
)
def test_scores_are_near_those_that_others_computed(key: str, low: float, high: float) -> None:
    assert low <= table().rows[key].score(EVERYBODY) <= high


def test_a_note_that_is_obeyed_never_lowers_a_score() -> None:
    rows = table().rows
    narrower = [key for key in rows if "/" in key]
    assert len(narrower) > 25
    for key in narrower:
        assert rows[key].score(EVERYBODY) >= rows[key.partition("/")[0]].score(EVERYBODY), key


def test_who_reads_decides() -> None:
    grid = table().rows["css-position"]
    assert grid.score(Clients(1, 0, 0, 0, 0, 0)) > grid.score(EVERYBODY) > grid.score(Clients(0, 1, 0, 0, 0, 0)) == 0


@pytest.mark.parametrize(
    ("html", "key", "bears"),
    [
        ("<table><td>x</table>", "html-table", True),
        ('<table><td style="padding:4px">x</table>', "css-padding/cell", True),
        ('<p style="padding:4px">x</p>', "css-padding", True),
        ('<div style="display:flex">x</div>', "css-display-flex", True),
        ('<p style="display:inline-block">x</p>', "css-display/box", True),
        ('<p style="font-size:1.2rem">x</p>', "css-unit-rem", True),
        ('<p style="font-size:1.2rem">x</p>', "css-font-size", True),
        ('<p style="font-size:18px">x</p>', "css-font-size/fixed", True),
        ('<p style="color:var(--ink)">x</p>', "css-variables", True),
        ('<p style="width:calc(100% - 4px)">x</p>', "css-unit-calc", True),
        ('<p style="margin:-4px 0">x</p>', "css-margin", True),
        ('<p style="margin:0 auto">x</p>', "css-margin/auto", True),
        ('<p style="margin:4px 0">x</p>', "css-margin/plain", True),
        ('<p style="text-align:start">x</p>', "css-text-align/flow", True),
        ('<p style="text-align:center">x</p>', "css-text-align/plain", True),
        ('<p style="color:rgb(1,2,3)">x</p>', "css-rgb/commas", True),
        ('<p style="color:rgb(1 2 3)">x</p>', "css-rgb", True),
        ('<p style="border-top:1px solid red">x</p>', "css-border/thin", True),
        ('<p style="border-radius:4px">x</p>', "css-border-radius/plain", False),
        ('<p style="letter-spacing:1px">x</p>', "css-letter-spacing/small", False),
        ('<img src="https://news.example.org/a.WEBP?x=1">', "image-webp", True),
        ('<img src="a.jpeg">', "image-jpg", True),
        ('<img src="data:image/png;base64,AAAA">', "image-base64", True),
        ("<ul><li>x</ul>", "html-lists/plain", True),
        ('<ol reversed="reversed"><li>x</ol>', "html-lists", True),
        ("<section>x</section>", "html-semantics", False),
        ("<picture><img src=a.png></picture>", "html-picture", False),
        ('<table role="presentation"><tr><td>x</table>', "html-role/table", True),
        ("<style>.a{display:flex}</style>", "html-style", False),
        ("<style>.a>b{color:red}</style>", "css-selector-child", False),
        ("<style>a:hover{color:red}</style>", "css-pseudo-class-hover", False),
        ("<style>@media (prefers-color-scheme:dark){a{color:red !important}}</style>", "css-important", False),
        (
            "<style>@media (prefers-color-scheme:dark){a{color:red}}</style>",
            "css-at-media-prefers-color-scheme",
            False,
        ),
        ("<style>@supports (display:grid){a{color:red}}</style>", "css-at-supports", False),
    ],
)
def test_a_feature_is_found_and_known_to_bear_the_layout_or_not(html: str, key: str, bears: bool) -> None:
    assert key in keys(html, bears)
    assert key not in keys(html, not bears)


def test_what_is_hidden_on_purpose_bears_nothing() -> None:
    html = '<div style="display:none;max-width:0;position:absolute">Preheader</div>'
    assert "css-position" in keys(html, False)
    assert "css-position" not in keys(html, True)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<div style="display:flex">x</div>', "display:flex: 84 of 100 readers"),
        ('<div style="position:absolute">x</div>', "not in Gmail"),
        ('<p style="color:var(--ink)">x</p>', "CSS Variables"),
        ('<img src="https://news.example.org/a.svg" alt="">', "SVG image format"),
        ("<svg><path/></svg>", "Embedded <svg> image"),
    ],
)
def test_what_the_layout_hangs_on_and_too_few_see(html: str, words: str) -> None:
    assert words in said(not_everywhere, examined(html=html))


@pytest.mark.parametrize(
    "html",
    [
        "<style>@media (min-width:480px){.a{display:flex}}</style><p class=a>x</p>",
        '<p style="border-radius:4px;box-shadow:0 0 1px #000">x</p>',
        '<img src="https://news.example.org/a.png" alt="">',
    ],
)
def test_what_merely_improves_may_be_missing_somewhere(html: str) -> None:
    assert said(not_everywhere, examined(html=html)) == ""


def test_readers_programs_come_from_the_configuration() -> None:
    html = '<div style="display:flex">x</div>'
    apple_only = Known(clients=Clients(1, 0, 0, 0, 0, 0))
    assert said(not_everywhere, examined(html=html, known=apple_only)) == ""


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<style>.x{color:#345}</style><p class=x>x</p>", "`color` of `.x`"),
        ("<style>.x{padding-left:4px}</style><p class=x>x</p>", "`padding-left` of `.x`"),
        ("<style>.x{background:#eee}</style><p class=x>x</p>", "`background` of `.x`"),
    ],
)
def test_what_stands_in_a_style_block_alone(html: str, words: str) -> None:
    assert words in said(only_in_style_block, examined(html=html))


@pytest.mark.parametrize(
    "html",
    [
        "<style>.x{color:#345 !important}</style><p class=x style='color:#345'>x</p>",
        "<style>.x{background:#eee}</style><table><td class=x bgcolor='#eeeeee'>x</table>",
        "<style>.x{padding-left:4px}</style><p class=x style='padding:0'>x</p>",
        "<style>@media (max-width:479px){.x{width:80px}}</style><p class=x>x</p>",
        "<style>[data-ogsc] .x{color:#eee}</style><p class=x>x</p>",
        "<style>.nobody{color:#eee} p{margin:13px 0} .x{border-radius:4px}</style><p class=x>x</p>",
    ],
)
def test_what_stands_elsewhere_too_or_for_one_mode_only(html: str) -> None:
    assert said(only_in_style_block, examined(html=html)) == ""


def test_gmail_drops_long_style() -> None:
    rule = ".a{color:#123456}\n"
    assert said(style_too_long, examined(html=f"<style>{rule * 800}</style>")) == ""
    assert "16 KB" in said(style_too_long, examined(html=f"<style>{rule * 1200}</style>"))


def test_the_sample_scores_as_our_emails_should(record_property: pytest.RecordProperty) -> None:
    reached = score(examined())
    record_property("support", round(reached, 1))
    print(f"the layout of the sample hangs on what mail programs show to {reached:.1f} of 100")
    assert reached >= TARGET
    assert said(not_everywhere, examined()) == ""
    assert said(only_in_style_block, examined()) == ""


def test_a_score_is_the_mean_of_features_each_counted_once() -> None:
    rows = table().rows
    twice = [rows["html-table"], rows["html-table"], rows["css-position"]]
    assert mean(twice, EVERYBODY) == (100 + rows["css-position"].score(EVERYBODY)) / 2
    assert mean([], EVERYBODY) == 100
    assert score(replace(examined(), raw=b"")) == 100
    assert ENOUGH < TARGET


def test_right_to_left_costs_nothing() -> None:
    made = renderer().digest(digest(edition=replace(examined().edition, language="ar")), LINKS)
    page = Page(made.html)
    assert mean((use.row for use in used(page, sheet(page.all("style"))) if use.bears), EVERYBODY) >= TARGET
    assert issue().html != made.html
