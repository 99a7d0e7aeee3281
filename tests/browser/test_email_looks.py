"""The mails in every mail program: nothing cut, nothing lost, nothing asked of a stranger, on any screen."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from _pytest.mark import ParameterSet

from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.text.render import NOTICES
from tests.browser.conftest import Eye
from tests.digests import EDITION, LINKS, digest, renderer, story
from tests.mail_program import (
    INVERTED,
    LARGE_TEXT,
    NO_PICTURES,
    NO_STYLE,
    OUTLOOK_DARK,
    PARTLY_INVERTED,
    Look,
    MailProgram,
)
from tests.mails import LONG_WORD, TONGUES, endless_mail, every_mail, filled, issue_mail, notice_mail, turned_mail

WIDE, NARROW, NARROWEST = Look(600), Look(375), Look(320)
LOOKS = {
    "wide": WIDE,
    "narrowest": NARROWEST,
    "dark": Look(scheme="dark"),
    "inverted": Look(program=INVERTED),
    "partly-inverted": Look(program=PARTLY_INVERTED),
    "outlook-dark": Look(program=OUTLOOK_DARK),
    "no-pictures": Look(375, program=NO_PICTURES),
    "no-style": Look(375, program=NO_STYLE),
    "large-text": Look(375, program=LARGE_TEXT),
}
DARK = ["dark", "inverted", "partly-inverted", "outlook-dark"]
MAILS = [*THEMES, *NOTICES]


def seen(*looks: str) -> list[ParameterSet]:
    """Of each mail the looks that tell something: notices share one template, so one stands for all in most.

    Themes and that notice, wide, narrow and dark, are looked at in every run; the rest is long.
    """
    return [
        pytest.param(mail, look, marks=[] if whole and look in ("wide", "narrowest", "dark") else [pytest.mark.long])
        for mail in MAILS
        for look in looks
        if (whole := mail in (*THEMES, "confirm")) or look in ("wide", "narrowest")
    ]


BUTTON = 44  # px, what a thumb needs


@pytest.mark.parametrize(("mail", "look"), seen(*LOOKS))
def test_nothing_is_cut_or_lost_and_nothing_but_pictures_is_asked_for(eye: Eye, mail: str, look: str) -> None:
    """Every word, in the same order: Gmail drops each <style> in accounts of others, many see no pictures."""
    html = every_mail()[mail].html
    seen = eye(html, LOOKS[look])
    assert seen.width == LOOKS[look].width
    assert seen.cut == []
    assert seen.words == eye(html, WIDE).words
    assert len(seen.words) > 20
    assert seen.asked == set(re.findall(r'<img\b[^>]*\bsrc="([^"]*)"', html))


@pytest.mark.parametrize(("mail", "look"), seen(*DARK))
def test_a_dark_screen_gets_a_dark_mail(eye: Eye, mail: str, look: str) -> None:
    """By the reader's wish, by Outlook's marks, and where Gmail turns colours round."""
    html = every_mail()[mail].html
    assert eye(html, WIDE).brightness > 0.8
    assert eye(html, LOOKS[look]).brightness < 0.25


@pytest.mark.parametrize(("mail", "look"), seen("wide", "narrowest", "no-style"))
def test_links_of_their_own_are_big_enough_for_a_thumb(eye: Eye, mail: str, look: str) -> None:
    targets = eye(every_mail()[mail].html, LOOKS[look]).targets
    assert targets or mail == "moved"
    assert [target for target in targets if target[1] < BUTTON] == []


@pytest.mark.parametrize(("mail", "look"), seen("narrowest", "no-style"))
def test_letters_are_large_and_lines_apart(eye: Eye, mail: str, look: str) -> None:
    letters = eye(every_mail()[mail].html, LOOKS[look]).letters
    assert len(letters) > 5
    assert [text for text, size, _ in letters if size < 14] == []
    assert [text for text, size, line in letters if line < (1.3 if size < 19 else 1.05)] == []


@pytest.mark.parametrize("name", THEMES)
def test_every_picture_has_its_size_and_words_or_none(eye: Eye, name: ThemeName) -> None:
    pictures = eye(issue_mail(name).html, LOOKS["no-pictures"]).pictures
    assert pictures or name == "brief"
    for alt, width, height in pictures:
        assert alt is not None
        assert int(width or 0) > 0
        assert int(height or 0) > 0


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("name", ["classic", "magazine"])  # the widest blocks
def test_every_tongue_fits_a_small_phone(eye: Eye, name: ThemeName, tongue: str) -> None:
    seen = eye(issue_mail(name, tongue).html, NARROWEST)
    assert seen.width == 320
    assert seen.cut == []
    assert seen.tongue == [[tongue, "rtl" if tongue == "ar" else "ltr"]] * 2  # webmail keeps nothing above the body


# How many lines the date and the way to the browser take, on top of a mail.
_LINES = """() => {
  const lines = it => new Set([...it.getClientRects()].map(box => Math.round(box.bottom))).size
  const range = document.createRange(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode() && !/20\\d\\d/.test(walker.currentNode.data));
  range.selectNodeContents(walker.currentNode)
  const link = document.createRange()
  link.selectNodeContents(document.querySelector('a[href*="/archive/"]').querySelector('bdi'))
  return [lines(range), lines(link)]
}"""


@pytest.mark.parametrize("width", [320, 360, 375, 600])
@pytest.mark.parametrize("name", ["classic", "magazine"])
def test_date_and_way_to_the_browser_stay_whole_on_phones(program: MailProgram, name: ThemeName, width: int) -> None:
    """In the languages whose days and months have the longest names, too."""
    for language in ("en-GB", "de", "nl", "pt", "ar"):
        edition = replace(EDITION, language=language, theme=theme(name))
        told = replace(digest(story(), edition=edition), date=datetime(2026, 11, 25, 8, tzinfo=UTC))
        html = filled(renderer().digest(told, LINKS)).html
        assert program.show(html, Look(width)).evaluate(_LINES) == [1, 1], language


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(WIDE, id="wide", marks=pytest.mark.long),
        pytest.param(NARROWEST, id="narrowest"),
        pytest.param(Look(320, program=NO_STYLE), id="no-style", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("way", ["en", "ar"])
@pytest.mark.parametrize("name", THEMES)
def test_one_endless_word_everywhere_breaks(eye: Eye, name: ThemeName, way: str, look: Look) -> None:
    seen = eye(endless_mail(name, way).html, look)
    assert seen.width == look.width
    assert seen.cut == []


@pytest.mark.parametrize("look", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", THEMES)
def test_right_to_left_is_its_mirror(eye: Eye, name: ThemeName, look: Look) -> None:
    """The same words from the other side: what begins at the left edge begins at the right one."""
    left = eye(issue_mail(name).html, look).lefts
    right = eye(turned_mail(name).html, look).rights
    assert len(left) == len(right) > 10
    assert [pair for pair in zip(left, right, strict=True) if abs(pair[0] - pair[1]) > 1] == []


def test_a_notice_in_arabic_fits_a_small_phone(eye: Eye) -> None:
    seen = eye(notice_mail("confirm", tongue="ar").html, NARROWEST)
    assert (seen.width, seen.cut) == (320, [])
    assert seen.tongue == [["ar", "rtl"]] * 2


@pytest.mark.parametrize("style", ["", "overflow:hidden;width:200px"], ids=["outside", "hidden"])
def test_what_is_cut_is_seen_to_be(eye: Eye, style: str) -> None:
    """So that the tests above can fail."""
    assert eye(f"<body><p style='{style}'>{LONG_WORD}</p><div><a href='#'>a</a></div>", NARROWEST).cut
