"""`newsletter demo`: a real SMTP conversation, without a network, that ends by itself."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

OFFLINE = """
import socket, sys
real = socket.socket.connect
def connect(self, address):
    assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), f"the demo goes to {address}"
    return real(self, address)
def resolve(host, *arguments, **options):
    assert host in ("127.0.0.1", "::1", "localhost", None), f"the demo asks for {host}"
    return lookup(host, *arguments, **options)
socket.socket.connect, lookup, socket.getaddrinfo = connect, socket.getaddrinfo, resolve
from newsletter.cli import main
sys.argv = ["newsletter", *sys.argv[1:]]
main()
"""


def demo(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **variables}
    return subprocess.run(
        [sys.executable, "-c", OFFLINE, "demo", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("somewhere")
    return folder, demo(folder, "--out", "look")


def test_it_delivers_to_every_reader_and_says_so(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, result = done
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "delivered 12 messages" in result.stdout
    mails = sorted((folder / "look" / "outbox").glob("*.eml"))
    assert len(mails) == 12
    for mail in mails:
        assert str(mail.read_bytes().split(b"\r\n\r\n", 1)[0]).count("List-Unsubscribe:") == 1
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        assert not message.defects
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_it_tells_of_the_traits_of_real_blogs(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, result = done
    assert re.search(r"skipped.*tidal-clock-keeps-better-time\.md:\d+", result.stdout)
    assert "refused line 9" in result.stdout
    assert "hugo.marchetti at example.com" in result.stdout


def test_the_editions_differ_and_tell_each_story_once(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = done
    uk, world = ((folder / "look" / key / "message.html").read_text("utf-8") for key in ("uk", "world"))
    assert uk != world
    assert "Rowing club" in uk
    assert "Rowing club" not in world
    for page in (uk, world):
        assert len(re.findall(r"<h[23][^>]*>(?:(?!</h).)*Ferry line grounds", page, re.DOTALL)) == 1
        for held_back in ("Tidal clock", "names the servers", "air map", "What the tide teaches"):
            assert held_back not in page
        assert "Sign up for our" not in page
        assert "Outside the UK?" not in page


def test_the_readme_shows_what_it_prints(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (shown,) = re.findall(r"<!-- demo -->\n```text\n(.*?)```", readme, re.DOTALL)
    assert sorted(_told(shown)) == sorted(_told(done[1].stdout))  # eight sessions deliver in any order


def _told(text: str) -> list[str]:
    """Without what differs from run to run: dates, the port, how long it took, who was first, and where it worked."""
    text = text.partition("Go on:")[0].replace("demo-out/", "look/")
    text = re.sub(r"\d{4}-\d\d-\d\d|(?<=port )\d+|[\d.]+ s(?= after)|(?<=/001-)\S+", "…", text)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")]


def test_its_pictures_are_there_without_a_network(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    page = done[0] / "look" / "uk" / "message.html"
    pictures = re.findall(r'<img[^>]+src="([^"]+)"', page.read_text("utf-8"))
    assert len(pictures) >= 3
    assert all((page.parent / picture).resolve().is_file() for picture in pictures)


@pytest.mark.long
def test_what_it_leaves_behind_can_be_played_with(done: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = done
    program = [sys.executable, "-m", "newsletter", "--config", str(folder / "look" / "config.yaml")]
    posts = subprocess.run([*program, "posts", "--json"], capture_output=True, text=True, check=True, cwd=folder)
    states = Counter(post["state"] for post in json.loads(posts.stdout))
    assert {"published", "draft", "unpublished", "future"} == set(states)
    again = subprocess.run(
        [*program, "build", "tech-decoded", "--json"], capture_output=True, text=True, check=True, cwd=folder
    )
    sent = (folder / "look" / "uk" / "message.html").read_text("utf-8")
    for issue in json.loads(again.stdout)["issues"]:
        assert all(f">{story['title']}<" not in sent for story in issue["stories"])


@pytest.mark.long
def test_json_counts_what_the_table_shows(tmp_path: Path) -> None:
    result = demo(tmp_path, "--json")
    told = json.loads(result.stdout)
    assert told["delivered"] == len(told["messages"]) == 12
    assert Counter(message["edition"] for message in told["messages"]) == {"uk": 7, "world": 5}
    assert {issue["state"] for issue in told["issues"]} == {"sent"}
    assert all((tmp_path / message["file"]).is_file() for message in told["messages"])
    assert told["readers"] == {"added": 12, "refused": 1}


@pytest.mark.long
def test_it_runs_again_in_the_same_folder_whatever_the_environment_says(tmp_path: Path) -> None:
    for _ in range(2):
        result = demo(tmp_path, NEWSLETTER_DATABASE="sqlite:///elsewhere.db", NEWSLETTER_SMTP__HOST="mail.example.org")
        assert "delivered 12 messages" in result.stdout, result.stderr
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    result = demo(tmp_path, "--out", "mine")
    assert result.returncode == 2
    assert "--out" in result.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
