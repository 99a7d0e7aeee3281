"""The demo's inbox on a phone: it fits, with large letters too, and a row is a link for a thumb."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.demo.inbox import Inbox, Mail
from newsletter.demo.page import Pages
from tests.demo.test_inbox import message
from tests.mail_program import LARGE_TEXT, PLAIN, Look, MailProgram, Program

READER = "augusta.ada.king.countess.of.lovelace@analytical-engine.example.org"
SUBJECTS = ("Hi", "Please confirm: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    mails = []
    for number, subject in enumerate(SUBJECTS, 1):
        file = tmp_path / f"{number}.eml"
        file.write_bytes(message(subject).as_bytes())
        mails.append(Mail(number, "hello@example.org", READER, file))
    links = (("Sign up", "http://127.0.0.1:8000/subscribe/tech-decoded"), ("Archive", "http://127.0.0.1:8000/archive"))
    return Pages(Inbox(tmp_path, 0, mails), tmp_path, links)


@pytest.mark.parametrize("path", ["/", "/mail/2"])
@pytest.mark.parametrize("program_of", [PLAIN, LARGE_TEXT], ids=lambda one: one.name)
@pytest.mark.parametrize("width", [320, 360, 900])
def test_it_is_no_wider_than_the_screen(
    program: MailProgram, pages: Pages, width: int, program_of: Program, path: str
) -> None:
    page = program.show(pages.answer(path).body.decode(), Look(width, program=program_of))
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [360, 900])
def test_a_whole_row_is_the_link(program: MailProgram, pages: Pages, width: int) -> None:
    page = program.show(pages.answer("/").body.decode(), Look(width))
    rows = page.locator("tbody tr").all()
    assert rows
    for row in rows:
        box = row.bounding_box()
        assert box
        assert box["height"] >= 44
        href = row.locator("a").get_attribute("href")
        for x in (4, box["width"] / 2, box["width"] - 4):
            for y in (4, box["height"] - 4):
                hit = "([x, y]) => document.elementFromPoint(x, y).closest('a')?.getAttribute('href')"
                assert page.evaluate(hit, [box["x"] + x, box["y"] + y]) == href
    for way in page.locator("p a").all():
        box = way.bounding_box()
        assert box
        assert box["height"] >= 44
