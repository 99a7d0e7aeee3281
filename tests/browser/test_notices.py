"""The notices in a browser: every kind in every theme passes axe, fits a phone, and has one button for a thumb."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.text.render import NOTICES
from tests.browser.test_email_axe import CONTRAST, WHOLE, violations
from tests.digests import EDITION, renderer
from tests.mail_program import NO_STYLE, PLAIN, Look, MailProgram, Program, Scheme
from tests.notice_samples import BLOCKED, BROKEN, EMPTY, given, hard

SHARED = renderer()
CASES = {"blocked": BLOCKED, "empty": EMPTY, "broken": BROKEN}


def made(kind: str, look: ThemeName = "classic", language: str = "en-GB", **changed: object) -> str:
    edition = replace(EDITION, theme=theme(look), language=language)
    return SHARED.notice(kind, given(kind, edition, **changed)).html


def faults(program: MailProgram, html: str, scheme: Scheme) -> list[str]:
    """By night only the colours are others."""
    return violations(program.show(html, Look(600, scheme)), WHOLE if scheme == "light" else CONTRAST)


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", THEMES)
def test_no_accessibility_violation_in_any_theme(program: MailProgram, look: ThemeName, scheme: Scheme) -> None:
    assert faults(program, made("confirm", look), scheme) == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_no_accessibility_violation_in_any_notice(program: MailProgram, scheme: Scheme) -> None:
    mails = {kind: made(kind) for kind in NOTICES} | {name: made("reminder", **case) for name, case in CASES.items()}
    assert [name for name, html in mails.items() if faults(program, html, scheme)] == []


@pytest.mark.parametrize("used", [PLAIN, NO_STYLE], ids=lambda used: used.name)
def test_nothing_is_wider_than_a_phone_and_the_button_is_one_for_a_thumb(program: MailProgram, used: Program) -> None:
    for kind in NOTICES:
        page = program.show(SHARED.notice(kind, given(kind, hard())).html, Look(375, program=used))
        assert page.evaluate("document.documentElement.scrollWidth") == 375, kind
        heights = page.evaluate("[...document.querySelectorAll('a.go')].map(a => a.getBoundingClientRect().height)")
        assert len(heights) == 1, kind
        assert heights[0] >= 44, kind


def test_right_to_left_turns_it_round(program: MailProgram) -> None:
    page = program.show(made("confirm", language="ar"), Look())
    place = "name => document.querySelector(name).getBoundingClientRect().right"
    assert page.evaluate(place, ".tab") > 550
    assert page.evaluate(place, ".go") > 550
