"""The emails in a browser: no accessibility violation, nothing wider than a phone, dark on a dark screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, sync_playwright

from newsletter.domain.colour import channels
from newsletter.domain.theme import ROLES, THEMES, Palette, ThemeName, theme
from newsletter.text.message import fill_html, values
from newsletter.text.render import Rendered
from tests.digests import EDITION, LINKS, READER, SITE, digest, renderer, story

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1104" height="621"><rect width="100%" height="100%"/></svg>'
SHARED = renderer()
# The links that are blocks of their own, and the colours of every word with that of the nearest ground below it.
HEIGHTS = """[...document.querySelectorAll('a')].filter(link => getComputedStyle(link).display == 'inline-block')
  .map(link => link.getBoundingClientRect().height)"""
COLOURS = """(() => {
  const ground = element => { for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor
    if (colour != 'rgba(0, 0, 0, 0)') return colour } }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = []
  while (walker.nextNode()) { const element = walker.currentNode.parentElement
    const preheader = element.matches('.page > div[style*="max-height"]')
    if (walker.currentNode.data.trim() && element.checkVisibility() && !preheader && !element.closest('style'))
      found.push([getComputedStyle(element).color, ground(element)]) }
  return found })()"""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
# A mail is an article in the page of a mail program, and that page owns the landmarks.
OF_A_MAIL = {"rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def shown(browser: Browser, html: str, width: int, scheme: str) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]

    def answer(route: Route) -> None:
        if route.request.url == "https://mail.example/":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            route.fulfill(body=PICTURE, content_type="image/svg+xml")

    page.route("**/*", answer)
    page.goto("https://mail.example/")
    return page


def sample() -> str:
    return fill_html(renderer().digest(digest(), LINKS).html, values(READER))


def notice() -> str:
    return renderer().notice("confirm", {"edition": EDITION, "confirm_url": f"{SITE}/confirm/c", "days": 7}).html


def themed(name: ThemeName) -> Rendered:
    told = digest(*(story(number) for number in range(10)), edition=replace(EDITION, theme=theme(name)))
    return SHARED.digest(replace(told, note="A quiet week."), LINKS)


def shades(palette: Palette) -> set[str]:
    return {*(getattr(palette, role) for role in ROLES), palette.on_link, palette.on_accent}


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*channels(colour))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mail", [sample, notice], ids=["digest", "notice"])
def test_no_accessibility_violation(browser: Browser, mail: object, scheme: str) -> None:
    page = shown(browser, mail(), 600, scheme)  # type: ignore[operator]
    results = Axe().run(page, options=OF_A_MAIL)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", THEMES)
def test_nothing_is_wider_than_its_place(browser: Browser, name: ThemeName, language: str) -> None:
    """On a small phone and on a desk, with style sheets and without."""
    long = digest(
        replace(story(), title=LONG, long_excerpt=LONG),
        replace(story(1), title=LONG, excerpt=LONG),
        replace(story(3), title=LONG, source=LONG),
        *(replace(story(number), title=LONG, source=LONG, category=LONG) for number in range(7)),
        edition=replace(EDITION, name=LONG, tagline=LONG, language=language, theme=theme(name)),
    )
    page = shown(browser, fill_html(SHARED.digest(replace(long, note=LONG), LINKS).html, values(READER)), 320, "light")
    for styles in ("kept", "dropped"):
        if styles == "dropped":
            page.evaluate("document.querySelectorAll('style').forEach(style => style.remove())")
        for width in (320, 600):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") == width, styles


@pytest.mark.parametrize("name", THEMES)
def test_what_stands_alone_is_large_enough_for_a_thumb(browser: Browser, name: ThemeName) -> None:
    """Links within sentences are not meant, nor headlines: those are targets as wide as the mail (WCAG 2.5.8)."""
    page = shown(browser, fill_html(themed(name).html, values(READER)), 375, "light")
    heights = page.evaluate(HEIGHTS)
    assert len(heights) >= 3
    assert min(heights) >= 44


@pytest.mark.parametrize("name", THEMES)
def test_night_is_night_on_every_screen(browser: Browser, name: ThemeName) -> None:
    """By the screen's own word and by Outlook's: no dark word stays on a dark ground."""
    html = fill_html(themed(name).html, values(READER))
    dark, outlook = shown(browser, html, 600, "dark"), shown(browser, html, 600, "light")
    outlook.evaluate("for (const name of ['data-ogsc', 'data-ogsb']) document.documentElement.setAttribute(name, '')")
    for page in (dark, outlook):
        colours = {colour for pair in page.evaluate(COLOURS) for colour in pair}
        assert colours <= {rgb(colour) for colour in shades(theme(name).dark)}


def test_right_to_left_turns_the_columns_round(browser: Browser) -> None:
    html = renderer().digest(digest(edition=replace(EDITION, language="ar")), LINKS).html
    page = shown(browser, html, 600, "light")
    place = "name => document.querySelector(name).getBoundingClientRect().left"
    assert page.evaluate(place, ".tab") > page.evaluate(place, "h1")
    assert page.evaluate(place, ".thumb") < page.evaluate(place, "h3")


def test_dark_screens_get_a_dark_card(browser: Browser) -> None:
    colours = [
        shown(browser, sample(), 600, scheme).evaluate(
            "getComputedStyle(document.querySelector('.card')).backgroundColor"
        )
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(26, 29, 32)"]


def test_without_styles_it_still_reads(browser: Browser) -> None:
    """Gmail for accounts of others drops every <style>."""
    page = shown(browser, sample(), 375, "light")
    page.evaluate("document.querySelectorAll('style').forEach(style => style.remove())")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily").startswith("Georgia")


def test_outlooks_dark_mode_finds_its_own_rules(browser: Browser) -> None:
    page = shown(browser, sample(), 600, "light")
    page.evaluate("for (const name of ['data-ogsc', 'data-ogsb']) document.documentElement.setAttribute(name, '')")
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(236, 238, 240)"
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(26, 29, 32)"
