"""On 80 columns a list shows whole what it is there for."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.desk import Desk

LONG = "rosalind.featherstone@letters.example.com"


def enrol(desk: Desk, *lines: str) -> None:
    (desk.folder / "list.csv").write_text("\n".join(["email,name,edition", *lines, ""]))
    assert desk.call("subscribers", "import", "list.csv").status == 0


def test_a_list_of_readers_shows_addresses_whole_and_no_column_in_which_all_rows_agree(desk: Desk) -> None:
    enrol(desk, f"{LONG},Rosalind Featherstonehaugh,near", "bob@example.com,Bob,near")
    shown = desk.screen("subscribers", "list")
    assert max(map(len, shown)) <= 80
    assert any(LONG in line for line in shown)
    assert shown[0].split() == ["Address", "Name", "State", "Since"]
    assert shown[-1] == "2 subscriptions, newsletter harbour, edition near."
    enrol(desk, "cem@example.com,Cem,far")
    assert desk.screen("subscribers", "list")[0].split() == ["Address", "Name", "Edition", "State", "Since"]
    assert "Newsletter" in desk.call("subscribers", "list").out.splitlines()[0]  # a pipe's columns stay what they are


def test_a_list_of_deliveries_shows_addresses_whole_and_the_answers_below(desk: Desk) -> None:
    enrol(desk, f"{LONG},Rosalind,near")
    assert desk.call("send", 1, "--yes").status == 0
    (row,) = [line for line in desk.screen("show", 1, "--deliveries") if "@" in line]
    assert row.startswith(f"{LONG}   sent ")
    assert desk.screen("show", 1, "--deliveries")[-1].startswith("  Answer: 250 ")


def test_a_list_of_issues_says_whole_which_it_is_and_its_zone_once(desk: Desk) -> None:
    enrol(desk, "ann@example.com,Ann,near", "bob@example.com,Bob,near")
    assert desk.call("send", 1, "--yes").status == 0
    heading, _, row = desk.screen("issues", "harbour")
    assert re.split(r" {3,}", heading) == ["Id", "Newsletter", "State", f"When ({local_zone()})", "Sent", "Subject"]
    assert "harbour near #1   sent    " in row
    assert "   2/2   " in row
    assert local_zone() not in row
    assert desk.call("build", "harbour", "--edition", "far").status == 0
    heading, _, *rows = desk.screen("issues", "harbour")
    assert re.split(r" {3,}", heading)[3] == "When"
    assert ["+0545" in rows[0], local_zone() in rows[1]] == [True, True]


def local_zone() -> str:
    return datetime.now(ZoneInfo("Europe/London")).tzname() or ""


@pytest.mark.parametrize("key", ["harbour", "the-harbour-light-of-saltby-and-of-all-the-isles"])
def test_a_schedule_has_a_line_for_each_run_and_names_the_year_of_another_one(tmp_path: Path, key: str) -> None:
    desk = Desk(tmp_path).furnish()
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("  harbour:", f"  {key}:"))
    desk.call("issues")  # makes the database, and says so
    shown = desk.screen("schedule", "--next", 5)
    assert re.split(r" {3,}", shown[0]) == ["When", "Zone", "Newsletter", "Due"]
    runs = [line for line in shown if line[:3] == "Fri"]
    assert len(runs) == 5
    assert max(map(len, shown[:7])) <= 80
    assert all(" near " in line or " far " in line for line in runs)
    this_year = datetime.now(ZoneInfo("Europe/London")).year
    plans = desk.call("schedule", "--next", 120, "--json").json
    told = [line for line in desk.call("schedule", "--next", 120).out.splitlines() if line[:3] == "Fri"]
    assert [bool(re.match(r"Fri \d+ \w+ \d{4} ", line)) for line in told] == [
        not plan["at"].startswith(str(this_year)) for plan in plans
    ]


def test_a_reminder_stands_below_its_run(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    config = tmp_path / "config.yaml"
    added = config.read_text().replace("Europe/London}", "Europe/London, remind: 24h}")
    config.write_text(added.replace("    lookback", "    editor: ed@example.org\n    lookback", 1))
    lines = desk.screen("schedule")
    place = next(number for number, line in enumerate(lines) if "harbour near" in line)
    assert lines[place + 1].startswith("  Reminder: Thu ")


def test_a_list_of_posts_leaves_out_a_source_that_all_have(desk: Desk) -> None:
    heading, *_, last = desk.screen("posts")
    assert heading.split() == ["Published", "State", "Story", "Title"]
    assert last == "4 posts of blog."
    assert "Source" in desk.call("posts").out.splitlines()[0]
