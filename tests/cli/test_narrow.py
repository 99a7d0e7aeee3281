"""On 80 columns a list shows whole what it is there for."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

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
