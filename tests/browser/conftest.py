"""One Chromium for a module of browser tests, one mail program in it, and each look of a mail taken once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.mail_program import CHROMIUM, Look, MailProgram, launch, mail_program
from tests.mail_seen import Seen, see
from tests.scenes import scene

Eye = Callable[[str, Look], Seen]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    without = pytest.mark.skip(reason="needs Chromium: apt-get install chromium")
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(without)


# For a module, not for longer: playwright keeps an event loop running, which what others open must not meet.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def program(browser: Browser) -> MailProgram:
    return mail_program(browser, scene)


@pytest.fixture(scope="module")
def eye(program: MailProgram) -> Eye:
    """What is seen of a mail; asked twice, it looks once."""
    known: dict[tuple[str, Look], Seen] = {}

    def look_at(html: str, look: Look) -> Seen:
        if (html, look) not in known:
            known[html, look] = see(program, html, look)
        return known[html, look]

    return look_at
