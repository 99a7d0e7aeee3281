"""The notices in a browser: every kind in every theme passes axe, fits a phone, and has one button for a thumb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.text.render import NOTICES
from tests.browser.test_email import CHROMIUM, OF_A_MAIL, shown
from tests.digests import EDITION, renderer
from tests.notice_samples import BLOCKED, BROKEN, EMPTY, given, hard

SHARED = renderer()
CASES = {"blocked": BLOCKED, "empty": EMPTY, "broken": BROKEN}

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


def made(kind: str, look: ThemeName = "classic", language: str = "en-GB", **changed: object) -> str:
    edition = replace(EDITION, theme=theme(look), language=language)
    return SHARED.notice(kind, given(kind, edition, **changed)).html


def faults(browser: Browser, html: str, scheme: str) -> str:
    page = shown(browser, html, 600, scheme)
    results = Axe().run(page, options=OF_A_MAIL)
    page.close()
    return str(results.generate_report()) if results.violations_count else ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", THEMES)
def test_no_accessibility_violation_in_any_theme(browser: Browser, look: ThemeName, scheme: str) -> None:
    assert faults(browser, made("confirm", look), scheme) == ""


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_accessibility_violation_in_any_notice(browser: Browser, scheme: str) -> None:
    mails = {kind: made(kind) for kind in NOTICES} | {name: made("reminder", **case) for name, case in CASES.items()}
    assert [name for name, html in mails.items() if faults(browser, html, scheme)] == []


@pytest.mark.parametrize("styles", [True, False], ids=["with styles", "without"])
def test_nothing_is_wider_than_a_phone_and_the_button_is_one_for_a_thumb(browser: Browser, styles: bool) -> None:
    for kind in NOTICES:
        page = shown(browser, SHARED.notice(kind, given(kind, hard())).html, 375, "light")
        if not styles:
            page.evaluate("document.querySelectorAll('style').forEach(style => style.remove())")
        assert page.evaluate("document.documentElement.scrollWidth") == 375, kind
        heights = page.evaluate("[...document.querySelectorAll('a.go')].map(a => a.getBoundingClientRect().height)")
        assert len(heights) == 1, kind
        assert heights[0] >= 44, kind
        page.close()


def test_right_to_left_turns_it_round(browser: Browser) -> None:
    page = shown(browser, made("confirm", language="ar"), 600, "light")
    place = "name => document.querySelector(name).getBoundingClientRect().right"
    assert page.evaluate(place, ".tab") > 550
    assert page.evaluate(place, ".go") > 550
