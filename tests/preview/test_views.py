"""A copy of a mail for each way in which mail programs show it: changed where it must be, and nowhere else."""

from __future__ import annotations

import pytest

from newsletter.preview import rewriting
from newsletter.preview.views import VIEWS, view
from newsletter.text.message import fill_html, values
from tests.digests import LINKS, READER, digest, renderer

MAIL = (
    '<!doctype html><html lang="en"><head><title>T</title><style>@media (prefers-color-scheme: dark) {.a{color:#fff}}'
    ".b{font-size:16px;line-height:24px}</style></head>"
    '<body><p style="font-size:10px;padding:4px">'
    "Write (prefers-color-scheme: dark) and font-size:10px</p></body></html>"
)
WORDS = "Write (prefers-color-scheme: dark) and font-size:10px"


def copy(key: str, html: str = MAIL) -> str:
    found = view(key)
    assert found
    return found.copy(html)


@pytest.mark.parametrize("one", VIEWS, ids=lambda one: one.key)
def test_no_view_touches_the_words_or_the_mail_that_is_sent(one: object) -> None:
    html = fill_html(renderer().digest(digest(), LINKS).html, values(READER))
    before = str(html)
    assert WORDS in copy(one.key)
    assert copy(one.key, html) != html
    assert html == before


def test_every_view_has_a_key_of_its_own() -> None:
    assert len({one.key for one in VIEWS}) == len(VIEWS)
    assert view("nothing") is None


def test_dark_and_light_do_not_depend_on_the_screen_in_front() -> None:
    assert "@media (min-width:0px) {.a" in copy("dark")
    assert "@media (max-width:0px) {.a" in copy("light")
    assert "color-scheme:dark!important" in copy("dark")


@pytest.mark.parametrize(
    ("condition", "dark"),
    [
        ("(prefers-color-scheme:dark)", "(min-width:0px)"),
        ("( PREFERS-COLOR-SCHEME : light )", "(max-width:0px)"),
        ("not all and (prefers-color-scheme: dark)", "not all and (min-width:0px)"),
        ("(prefers-color-scheme)", "(min-width:0px)"),
        ("(prefers-reduced-motion)", "(prefers-reduced-motion)"),
    ],
)
def test_media_conditions(condition: str, dark: str) -> None:
    html = f"<style>@media {condition} {{}}</style><source media='{condition}'>"
    assert rewriting.in_scheme(html, "dark") == f"<style>@media {dark} {{}}</style><source media='{dark}'>"


def test_outlooks_attributes_stand_on_the_root() -> None:
    assert '<html data-ogsc="" data-ogsb="" lang="en">' in copy("outlook")


def test_without_style_sheets_the_tags_keep_theirs() -> None:
    shown = copy("no-style")
    assert ".b{" not in shown
    assert 'style="font-size:10px;padding:4px"' in shown


def test_larger_type_leaves_boxes_alone() -> None:
    shown = copy("large")
    assert ".b{font-size:32px;line-height:48px}" in shown
    assert 'style="font-size:20px;padding:4px"' in shown


@pytest.mark.parametrize(
    ("style", "larger"),
    [
        ("font:bold 20px/28.5px Georgia", "font:bold 40px/57px Georgia"),
        ("mso-line-height-rule:exactly;letter-spacing:1px", "mso-line-height-rule:exactly;letter-spacing:1px"),
        ("FONT-SIZE : 0px", "FONT-SIZE : 0px"),
        ("line-height:1.5", "line-height:1.5"),
    ],
)
def test_what_counts_as_type(style: str, larger: str) -> None:
    assert rewriting.with_larger_type(f'<p style="{style}">', 2) == f'<p style="{larger}">'


def test_a_page_without_a_head_gets_one() -> None:
    assert rewriting.at_head("<p>Hi", "<base>") == "<head><base></head><p>Hi"
    assert rewriting.at_head("<!doctype html><HTML><p>Hi", "<base>") == "<!doctype html><HTML><head><base></head><p>Hi"
