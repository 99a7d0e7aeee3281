"""The emails in a browser: no accessibility violation, nothing wider than a phone, dark on a dark screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, sync_playwright

from newsletter.text.message import fill_html, values
from tests.digests import EDITION, LINKS, READER, SITE, digest, renderer, story

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1104" height="621"><rect width="100%" height="100%"/></svg>'
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mail", [sample, notice], ids=["digest", "notice"])
def test_no_accessibility_violation(browser: Browser, mail: object, scheme: str) -> None:
    page = shown(browser, mail(), 600, scheme)  # type: ignore[operator]
    results = Axe().run(page, options=OF_A_MAIL)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_is_wider_than_a_phone(browser: Browser, language: str) -> None:
    long = digest(
        replace(story(), title=LONG, long_excerpt=LONG),
        replace(story(1), title=LONG, excerpt=LONG),
        replace(story(3), title=LONG, source=LONG),
        edition=replace(EDITION, name=LONG, tagline=LONG, language=language),
    )
    html = fill_html(renderer().digest(long, LINKS).html, values(READER))
    page = shown(browser, html, 375, "light")
    assert page.evaluate("document.documentElement.scrollWidth") == 375


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
