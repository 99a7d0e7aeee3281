"""CSS is taken apart as mail programs do it; what is broken, endless or hostile ends, and soon."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.preflight.cascade import matches
from newsletter.preflight.css import inline, media_matches, sheet
from newsletter.preflight.features import used
from newsletter.preflight.modes import LIGHT
from newsletter.preflight.page import Page, words
from newsletter.preflight.painting import Painting
from newsletter.preflight.rules import RULES
from tests.preflight.judging import examined
from tests.preflight.test_contrast import message


def parsed(css: str, media: str = "") -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    page = Page(f'<style media="{media}">{css}</style>')
    return [(rule.selector, rule.conditions) for rule in sheet(page.all("style")).rules]


def test_rules_know_what_is_around_them() -> None:
    css = "a{color:red} @media (max-width:9px){b{color:red} @supports (x:y){c{color:red}}}"
    narrow = ("media", "(max-width:9px)")
    assert parsed(css) == [("a", ()), ("b", (narrow,)), ("c", (narrow, ("supports", "(x:y)")))]
    assert parsed("a{color:red}", "print") == [("a", (("media", "print"),))]


def test_what_cannot_be_read_is_left_out_and_the_rest_stays() -> None:
    assert [each.name for each in inline("color:red;;:x;nonsense;font-size:12px;/*x*/margin:0!important")] == [
        "color",
        "font-size",
        "margin",
    ]
    assert parsed("a{color:red} }} b{{x} c{color:blue}")[0] == ("a", ())


@pytest.mark.parametrize(
    ("query", "wide", "narrow", "dark"),
    [
        ("", True, True, True),
        ("screen", True, True, True),
        ("print", False, False, False),
        ("only screen and (min-width:480px)", True, False, True),
        ("(max-width:479px)", False, True, False),
        ("(max-width: 30em)", False, True, False),
        ("(prefers-color-scheme: dark)", False, False, True),
        ("screen and (prefers-color-scheme:light)", True, True, False),
        ("print, (prefers-color-scheme:dark)", False, False, True),
        ("not print", True, True, True),
        ("not screen", False, False, False),
        ("(min-width:calc(1px))", False, False, False),
        ("(orientation:portrait)", False, False, False),
        (")(", False, False, False),
    ],
)
def test_media_queries(query: str, wide: bool, narrow: bool, dark: bool) -> None:
    light = {"prefers-color-scheme": "light"}
    assert media_matches(query, light, 600) is wide
    assert media_matches(query, light, 375) is narrow
    assert media_matches(query, {"prefers-color-scheme": "dark"}, 600) is dark


def test_comments_are_gone_and_what_stood_around_them_stays() -> None:
    page = Page("<p>a<!-- b -->c<b>d</b><!-- e -->f</p><!--[if mso]><p>g</p><![endif]-->")
    assert words(page.root) == "ac d f"
    assert all(isinstance(element.tag, str) for element in page.root.iter())


_CSS = st.text(alphabet="a1.#:;{}()[]@'\"\\/*-,%! \n\x00é", max_size=60)


@settings(deadline=None)  # other work on the machine is no fault
@given(_CSS, _CSS)
def test_any_css_is_read_or_left_out(style: str, block: str) -> None:
    page = Page(f"<style>{block}</style>")
    page.root.set("style", style)
    parsed = sheet(page.all("style"))
    assert all(isinstance(each.value, str) for each in inline(style))
    assert media_matches(style, {}, 600) in (True, False)
    assert all(use.row.title for use in used(page, parsed))
    assert Painting(page, parsed.rules).looks(LIGHT)


HOSTILE = {
    "deep tags": "<div>" * 1500 + "deep",
    "deep tables": "<table><tr><td>" * 400 + "deep",
    "deep brackets": f'<style>a{{color:{"(" * 20000}</style><p style="color:{"[" * 5000}">x</p>',
    "deep at-rules": f"<style>{'@media screen{' * 2000}a{{color:red}}</style><a href=x>x</a>",
    "deep selectors": f"<style>{':not(' * 3000}a{')' * 3000}{{color:red}}</style><a href=x>x</a>",
    "long selectors": f"<style>{'* ' * 60}x{{color:red}}</style>" + "<b>" * 100 + "x",
    "many steps": "<style>" + "* * * * * *{color:red}" * 200 + "</style>" + "<div>" * 150 + "x",
    "many rules": "<style>" + "*{color:red}" * 1500 + "</style>" + "<b>x</b>" * 1000,
    "siblings": "<style>b ~ b ~ b ~ b ~ i{color:red}</style>" + "<b>x</b>" * 4000 + "<i>x</i>",
    "has": "<style>" + ":has(b:has(b)){color:red}" * 50 + "</style>" + "<b>" * 300 + "x",
    "half a block": "<style>a{color:red <p>x</p>",
    "no end": "<style>/* <p>x</p>",
    "null": "<style>\0a\0{color\0:\0red}</style><p style='\0'>\0x</p>",
    "big values": "<p style='font-size:9e999px;line-height:-1e400;padding:9e309px;color:rgb(1e400,0,0'><a href=x>x</a>",
    "odd addresses": "<img src='https://[::1' srcset=', ,'><a href='https://[x'>x</a>",
    "strange tags": "<a:b href=x><ns:img src=x><x-y style='color:red'>x</x-y>",
    "foreign": "<svg><style>a{color:red}</style><foreignObject><p>x</p></foreignObject></svg><math><mi>x</mi></math>",
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_no_message_stops_the_rules(html: str) -> None:
    what = replace(examined(), raw=message(f"<html><body>{html}</body></html>"))
    for rule in RULES:
        list(rule(what))


def test_rules_that_cost_too_much_to_try_are_not_tried() -> None:
    page = Page("<style>" + "*{color:red}" * 1000 + ".x{color:blue}</style>" + "<b class=x>x</b>" * 1000)
    rules = sheet(page.all("style")).rules
    assert len(rules) == 1001
    assert 0 < max(len(each) for each in matches(page, rules).values()) < 1000
