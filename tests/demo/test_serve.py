"""`newsletter demo --serve`: pages, sender and inbox stay open; a sign-up ends as a mail on the inbox's page."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.long


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Name -> address, as the terminal shows them; the program is ended afterwards, and must end well."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    program = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "demo", "--serve"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    try:
        yield dict(_until_all_are_told(program.stdout.readline))
    finally:
        program.send_signal(signal.SIGTERM)
        _, errors = program.communicate(timeout=60)
    assert program.returncode == 0, errors
    assert "Traceback" not in errors


def _until_all_are_told(readline: object) -> Iterator[tuple[str, str]]:
    assert callable(readline)
    for line in iter(readline, ""):
        if found := re.match(r"\s+(Inbox|Sign up|Archive)\s+(http://\S+)", line):
            yield found[1], found[2]
            if found[1] == "Archive":
                return


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def eventually(address: str, words: str) -> str:
    for _ in range(150):
        if words in (page := get(address)):
            return page
        time.sleep(0.1)
    raise AssertionError(f"{words!r} never came to {address}")


def test_a_sign_up_becomes_a_mail_in_the_inbox(places: dict[str, str]) -> None:
    inbox = places["Inbox"]
    assert "12 messages" in get(inbox)
    wish = json.dumps({"email": "zelda@example.org", "name": "Zelda", "edition": "uk"}).encode()
    asked = urllib.request.Request(places["Sign up"], wish, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 202
    number = re.search(r'zelda@example\.org</td><td><a href="/(mail/\d+)"', eventually(inbox, "zelda@example.org"))
    assert number
    origin = places["Sign up"].removesuffix("/subscribe/tech-decoded")
    assert f"{origin}/confirm/" in get(f"{inbox}{number[1]}/text")


def test_the_pages_answer_and_the_archive_holds_the_issues(places: dict[str, str]) -> None:
    assert "<form" in get(places["Sign up"])
    assert "The phone that lasts nine days" in get(places["Archive"])


def test_every_picture_and_story_of_an_issue_is_there(places: dict[str, str]) -> None:
    origin = places["Archive"].removesuffix("/archive/tech-decoded")
    issue = get(f"{origin}/archive/tech-decoded/1?edition=uk")
    assert "news.example.org" not in issue
    pictures = set(re.findall(r'src="(http[^"]+)"', issue))
    stories = set(re.findall(rf'href="({re.escape(places["Inbox"])}[^"]+)"', issue))
    assert len(pictures) >= 4
    assert all(picture.startswith(f"{origin}/media/") for picture in pictures)
    assert len(stories) >= 9
    for address in pictures | stories:
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.read()
