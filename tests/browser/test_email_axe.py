"""axe-core finds nothing in any theme, by day and by night, wide and narrow; notices: test_notices.py."""

from __future__ import annotations

from dataclasses import fields

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from newsletter.domain.colour import channels
from newsletter.domain.theme import THEMES, Palette, ThemeName, theme
from tests.mail_program import OUTLOOK_DARK, PARTLY_INVERTED, Look, MailProgram
from tests.mails import every_mail, issue_mail

# A mail is an article in the page of a mail program, and that page owns the landmarks.
WHOLE = {"rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}}
CONTRAST = {"runOnly": ["color-contrast"]}
# The colours of all letters and of what lies below them, and of edges.
COLOURS = """() => [...document.querySelectorAll('body *')].filter(it => it.checkVisibility()
    && !it.closest('[style*="max-height:0"]')).flatMap(it => {
  const style = getComputedStyle(it)
  const says = [...it.childNodes].some(part => part.nodeType === Node.TEXT_NODE && part.data.trim())
  const edges = ['Top', 'Right', 'Bottom', 'Left'].filter(side => parseFloat(style[`border${side}Width`]))
  const colours = [says && style.color, style.backgroundColor, ...edges.map(side => style[`border${side}Color`])]
  return colours.filter(colour => colour && colour !== 'rgba(0, 0, 0, 0)')
})"""
LOOKS = [Look(600), Look(375, "dark")]


def violations(page: Page, options: dict[str, object]) -> list[str]:
    """The rules that are broken, each with the elements that break it."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes']]}" for one in found]


@pytest.mark.parametrize(
    "look", [pytest.param(LOOKS[0], id="600-light"), pytest.param(LOOKS[1], id="375-dark", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("name", THEMES)
def test_no_accessibility_violation_in_a_theme(program: MailProgram, name: str, look: Look) -> None:
    assert violations(program.show(every_mail()[name].html, look), WHOLE) == []


@pytest.mark.long
@pytest.mark.parametrize("name", THEMES)
def test_colours_that_gmail_changes_can_be_read(program: MailProgram, name: str) -> None:
    """Those that it turns round all at once keep their distance; those that it changes one by one may not."""
    assert violations(program.show(every_mail()[name].html, Look(program=PARTLY_INVERTED)), CONTRAST) == []


@pytest.mark.parametrize("name", THEMES)
def test_night_is_night_on_every_screen(program: MailProgram, name: ThemeName) -> None:
    """By the screen's own word and by Outlook's: the palette's colours of the night, and no other."""
    html = issue_mail(name).html
    night, day = ({rgb(colour) for colour in shades(side)} for side in (theme(name).dark, theme(name).light))
    assert set(program.show(html, Look()).evaluate(COLOURS)) <= day
    assert set(program.show(html, Look(scheme="dark")).evaluate(COLOURS)) <= night
    assert set(program.show(html, Look(program=OUTLOOK_DARK)).evaluate(COLOURS)) <= night


def shades(palette: Palette) -> set[str]:
    return {*(getattr(palette, field.name) for field in fields(palette)), palette.on_link, palette.on_accent}


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*channels(colour))


def test_a_pale_word_is_found(program: MailProgram) -> None:
    html = issue_mail("classic").html.replace("color:#595f66", "color:#bbbbbb")
    assert violations(program.show(html, Look()), CONTRAST)
