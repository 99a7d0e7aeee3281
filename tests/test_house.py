"""docs/house.md tells the truth: every room of the package stands in it, and every file it names is there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from newsletter.cli.root import cli
from tests.test_layers import MAY_IMPORT, PACKAGE, ROOF

ROOT = PACKAGE.parent
PAGE = (ROOT / "docs" / "house.md").read_text("utf-8")
NO_ROOMS = {"__init__.py", "__main__.py", "_templates/", "py.typed"}
NAMED = sorted({name for name in re.findall(r"`([\w./]+)`", PAGE) if name.endswith(("/", ".py"))})


def rooms() -> set[str]:
    found = {f"{path.name}/" if path.is_dir() else path.name for path in PACKAGE.iterdir()}
    return found - NO_ROOMS - {"__pycache__/"}


def test_every_room_stands_on_its_floor() -> None:
    table = PAGE.split("## The floors")[1].split("\n## ")[0]
    floors = {room: floor for floor, room in re.findall(r"^\| (\w+) \| `([^`]+)` \|", table, re.MULTILINE)}
    assert set(floors) == rooms()
    named = {room.removesuffix(".py").rstrip("/"): floor for room, floor in floors.items()}
    assert {room for room, floor in named.items() if floor != "roof"} == set(MAY_IMPORT)
    assert {room for room, floor in named.items() if floor == "roof"} <= ROOF


def commands(group: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Each command of the program, and the file of its function."""
    for name, found in group.commands.items():
        if hasattr(found, "commands"):
            yield from commands(found, f"{name} ")
        else:
            yield before + name, found.callback.__module__.removeprefix("newsletter.").replace(".", "/") + ".py"


def test_every_command_stands_beside_its_file() -> None:
    table = PAGE.split("## Commands")[1].split("\n## ")[0]
    told = re.findall(r"^\| (`[^|]+`) \| `([^`]+)`", table, re.MULTILINE)
    assert {name: file for names, file in told for name in re.findall(r"`([^`]+)`", names)} == dict(
        commands(typer.main.get_command(cli))
    )


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name: str) -> None:
    assert any((place / name).exists() for place in (PACKAGE, ROOT, ROOT / "tests"))


@pytest.mark.parametrize(
    "name",
    ["media/made.png", "preview/index.html", "outbox/1.eml"]
    + [f"subscribers.db{end}" for end in ("", "-wal", "-issue-1.lock", "-issue-1.journal")],
)
def test_what_the_program_writes_in_a_clone_leaves_it_clean(name: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    asked = subprocess.run(["git", "check-ignore", "--no-index", "-q", name], cwd=ROOT, check=False)
    assert asked.returncode == 0
