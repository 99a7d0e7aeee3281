"""Preflight sees the colours and sizes that a browser shows: Chromium is asked about every text of every theme."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, sync_playwright

from newsletter.domain.theme import THEMES, theme
from newsletter.preflight.css import sheet
from newsletter.preflight.modes import DARK, LIGHT, Mode
from newsletter.preflight.page import Page
from newsletter.preflight.painting import Painting, texts
from newsletter.text.message import fill_html, values
from tests.digests import EDITION, LINKS, READER, digest, renderer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]
ASK = """() => [...document.querySelectorAll("*")].map(element => {
  const hex = told => "#" + told.match(/[\\d.]+/g).slice(0, 3).map(n => (+n).toString(16).padStart(2, "0")).join("")
  let behind = element
  while (behind && getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement
  const own = getComputedStyle(element)
  return {
    tag: element.tagName.toLowerCase(),
    text: hex(own.color),
    ground: behind ? hex(getComputedStyle(behind).backgroundColor) : "",
    size: parseFloat(own.fontSize),
    bold: +own.fontWeight >= 600,
    seen: !!element.getClientRects().length,
  }
})"""
HARD = """<!doctype html><style>
 p {color: #123456} .a .b {color: rgb(1, 2, 3) !important} div > p.c {color: hsl(120 100% 20%)} #d {color: #abc}
 .e {background: #eee; font: bold 20px/1.5 Georgia} @media (min-width: 500px) {.f {color: #010203}}
 @media print {.f {color: red}} @media (prefers-color-scheme: dark) {.g {color: #fedcba; background: #222}}
 [title] {color: #445566} p:first-child {color: #665544} b ~ i {color: #999} .h, ::marker {color: #777}
</style><body bgcolor="eeddcc" style="background-color: #fafafa">
<div class=a><p class=b style="color: red">x</p><p class=c id=d>x</p><p class=c>x</p></div>
<div class=e>x<h2>x</h2><small style="font-size: 50%">x</small><b>x</b></div>
<p class=f>x</p><p class=g>x</p><p title=x>x</p><p class=h>x</p>
<table bgcolor=red><tr><td>x<td style="background: none">x<th bgcolor="#00ff00">x</table>
<font color=blue>x</font><a href=x style="color: inherit">x</a><p style="color: currentcolor; font-weight: 600">x</p>
<p style="color: #12; color: nonsense">x</p><p style="color: red; color: inherit">x</p>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def mail(name: str) -> str:
    edition = replace(EDITION, theme=theme(name), sections=True)
    return fill_html(renderer().digest(digest(edition=edition), LINKS).html, values(READER))


def differences(browser: Browser, html: str, mode: Mode) -> tuple[int, list[str]]:
    """How many texts were compared, and where Chromium and we see different things."""
    page = Page(html)
    looks = Painting(page, sheet(page.all("style")).rules).looks(mode)
    opened = browser.new_page(viewport={"width": 600, "height": 800}, color_scheme="dark" if mode is DARK else "light")
    opened.route("**/*", lambda route: route.abort())
    opened.set_content(html, wait_until="commit")
    asked = opened.evaluate(ASK)
    opened.close()
    elements = list(page.root.iter())
    assert [each["tag"] for each in asked] == [element.tag for element in elements]
    found, compared = [], 0
    written = {each.element for each in texts(page)}
    for element, browsers in zip(elements, asked, strict=True):
        look = looks.get(element)
        if element not in written or look is None or look.shown is None or not browsers["seen"]:
            continue
        compared += 1
        ours = {"text": str(look.shown[0]), "ground": str(look.shown[1]), "size": look.size, "bold": look.bold}
        theirs = {name: browsers[name] or ours[name] for name in ("text", "ground", "size")} | {
            "bold": browsers["bold"]
        }
        if ours != theirs:
            found.append(f"{element.tag} {element.attrib} “{element.text}”: we {ours}, Chromium {theirs}")
    return compared, found


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", THEMES)
def test_a_theme_looks_to_us_as_to_a_browser(browser: Browser, name: str, mode: Mode) -> None:
    compared, found = differences(browser, mail(name), mode)
    assert compared > 40
    assert found == []


@pytest.mark.parametrize("mode", [LIGHT, DARK], ids=["light", "dark"])
def test_every_trick_of_the_cascade_looks_the_same(browser: Browser, mode: Mode) -> None:
    compared, found = differences(browser, HARD, mode)
    assert compared > 15
    assert found == []
