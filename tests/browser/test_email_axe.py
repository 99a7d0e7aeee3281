"""axe-core finds nothing in any mail: every theme and notice, by day and by night, wide and narrow."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from newsletter.domain.theme import THEMES
from newsletter.text.render import NOTICES
from tests.mail_program import OUTLOOK_DARK, PARTLY_INVERTED, Look, MailProgram
from tests.mails import every_mail, issue_mail

# A mail is an article in the page of a mail program, and that page owns the landmarks.
WHOLE = {"rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}}
CONTRAST = {"runOnly": ["color-contrast"]}
# The colour of all letters, grounds and edges that are shown.
COLOURS = """() => [...document.querySelectorAll('body, body *')].filter(it => it.checkVisibility()).map(it => {
  const style = getComputedStyle(it)
  const says = [...it.childNodes].some(part => part.nodeType === Node.TEXT_NODE && part.data.trim())
  const edges = ['Top', 'Right', 'Bottom', 'Left'].filter(side => parseFloat(style[`border${side}Width`]))
  return [it.tagName, says && style.color, style.backgroundColor, ...edges.map(side => style[`border${side}Color`])]
})"""
LOOKS = [Look(600), Look(375, "dark")]


def violations(page: Page, options: dict[str, object]) -> list[str]:
    """The rules that are broken, each with the elements that break it."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes']]}" for one in found]


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.width}-{look.scheme}")
@pytest.mark.parametrize("name", THEMES)
def test_no_accessibility_violation_in_a_theme(program: MailProgram, name: str, look: Look) -> None:
    assert violations(program.show(every_mail()[name].html, look), WHOLE) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", NOTICES)
def test_no_accessibility_violation_in_a_notice(program: MailProgram, kind: str) -> None:
    html = every_mail()[kind].html
    assert violations(program.show(html, Look(375)), WHOLE) == []
    assert violations(program.show(html, Look(600, "dark")), CONTRAST) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", THEMES)
def test_colours_that_gmail_changes_can_be_read(program: MailProgram, name: str) -> None:
    """Those that it turns round all at once keep their distance; those that it changes one by one may not."""
    assert violations(program.show(every_mail()[name].html, Look(program=PARTLY_INVERTED)), CONTRAST) == []


@pytest.mark.parametrize("name", THEMES)
def test_outlook_shows_the_colours_of_the_night(program: MailProgram, name: str) -> None:
    html = every_mail()[name].html
    night = program.show(html, Look(scheme="dark")).evaluate(COLOURS)
    day = program.show(html, Look()).evaluate(COLOURS)
    outlook = program.show(html, Look(program=OUTLOOK_DARK)).evaluate(COLOURS)
    assert outlook == night != day


def test_a_pale_word_is_found(program: MailProgram) -> None:
    html = issue_mail("classic").html.replace("color:#595f66", "color:#bbbbbb")
    assert violations(program.show(html, Look()), CONTRAST)
