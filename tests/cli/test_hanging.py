"""A line too long for a terminal goes on under its text, whatever stands before that."""

from __future__ import annotations

import sys

import pytest

from newsletter.cli import output
from tests.cli.desk import Desk, Screen

WORDS = "a story about the ferry that left at dawn and came back on time, with nobody on her bridge"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("{}", 0),
        ("[green]ok[/]       [bold]site[/]: {}", 9),
        ("[yellow]not in[/]  [bold]harbour near[/]: {}", 8),
        ("[yellow]warning:[/] {}", 9),
        ("[red]this stops it:[/] {}", 15),
        ("[yellow]note[/]  {}", 6),
        ("   3. {}", 6),
        ("  12. {}", 6),
        ("          [dim]→ {}[/]", 12),
        ("  {}", 4),
        ("Next: {}", 6),
    ],
)
def test_what_goes_on_below_stands_under_the_text(monkeypatch: pytest.MonkeyPatch, line: str, column: int) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("TERM", "xterm")
    output.say(line.format(WORDS))
    first, *others = screen.lines()
    assert others
    assert all(len(other) <= 50 for other in others)
    assert {len(other) - len(other.lstrip()) for other in others} == {column}
    assert " ".join(part.strip() for part in (first, *others)).endswith(WORDS)


def test_an_error_goes_on_under_its_text(desk: Desk) -> None:
    first, second, *_ = desk.screen("posts", "harbour-light-of-saltby-upon-sea", columns=60)
    assert first.startswith("error: there is no newsletter")
    assert second.startswith(" " * 7)
    assert second[7] != " "


def test_doctor_says_a_newsletter_once(desk: Desk) -> None:
    config = desk.folder / "config.yaml"
    kept = [line for line in config.read_text().splitlines() if "postal_address" not in line and "schedule" not in line]
    config.write_text("\n".join(kept).replace("- {type: jekyll, path: blog}", "").replace("sources:", "sources: []"))
    found = [one for one in desk.call("doctor", "--json").json["findings"] if one["area"] == "harbour"]
    told = " ".join(one["message"] for one in found)
    assert [word for word in ("no postal address", "no sources", "no schedule") if word not in told] == []
    assert "harbour" not in told


def test_what_a_command_is_for_stands_beside_it_or_below(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    output.say_steps([("newsletter build x", "reads"), ("doctor", "looks")])
    output.say_steps(
        [("newsletter build [x]", "reads the posts"), ("newsletter --config a/very/long/path", "looks around")]
    )
    assert screen.lines() == [
        "  newsletter build x  reads",
        "  doctor              looks",
        "  newsletter build [x]",
        "    reads the posts",
        "  newsletter --config a/very/long/path",
        "    looks around",
    ]
