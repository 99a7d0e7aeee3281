"""Tables fit the terminal, and words about numbers and times are right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from newsletter.cli import output, words
from newsletter.cli.sheet import Sheet
from newsletter.text import clocks

AT = datetime(2026, 7, 3, 7, 5, tzinfo=UTC)


def printed(sheet: Sheet, width: int) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(sheet.fitting(width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_titles_give_way_and_numbers_do_not() -> None:
    sheet = Sheet([("Id", "right"), ("When", "whole"), "Title", "Source"])
    sheet.add_row("1234567", "3 Jul 2026 08:05 BST", "A title that goes on and on and on", "somewhere")
    _, _, row = printed(sheet, 60)
    assert row == "1234567   3 Jul 2026 08:05 BST   A title that g…   somewhere"
    assert printed(sheet, 200)[2].endswith("A title that goes on and on and on   somewhere")


def test_addresses_are_shortened_when_nothing_else_can_be_and_in_their_middle() -> None:
    sheet = Sheet([("Address", "last"), "Name", "Town", ("State", "whole")])
    sheet.add_row("amara.whitlock@example.org", "Amara Whitlock of Saltby", "Saltby-upon-Sea", "active")
    assert printed(sheet, 70)[2] == "amara.whitlock@example.org   Amara Whitloc…   Saltby-upon-Sea   active"
    assert printed(sheet, 57)[2] == "amara.whitlock@example.org   Amara W…   Saltby-…   active"
    assert printed(sheet, 52)[2] == "amara.whit…xample.org   Amara W…   Saltby-…   active"
    assert printed(sheet, 50)[0] == "Address  amara.whitlock@example.org"


def test_what_is_to_stand_below_does_so_where_it_has_no_room() -> None:
    sheet = Sheet([("Address", "last"), ("State", "whole"), ("Words", "below")])
    sheet.add_row("ann@example.org", "failed", "no such user here, and nobody who would know where to")
    sheet.add_row("bob@example.org", "sent", "")
    sheet.add_row("cem@example.org", "sent", "")
    assert printed(sheet, 40) == [
        "Address           State",
        "─" * 24,
        "ann@example.org   failed",
        "  Words: no such user here, and nobody",
        "  who would know where to",
        "bob@example.org   sent",
        "cem@example.org   sent",
    ]
    assert printed(sheet, 100)[2].startswith("ann@example.org   failed   no such user here, and")


def test_a_column_can_be_left_out() -> None:
    sheet = Sheet(["Name", "Town", ("No", "right")])
    sheet.add_row("Ann", "Saltby", "1")
    sheet.leave_out("Town")
    assert printed(sheet, 40)[2] == "Ann     1"


@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=5), st.integers(40, 120))
def test_a_table_is_never_wider_than_the_terminal(rows: list[tuple[str, str]], width: int) -> None:
    sheet = Sheet([("Id", "right"), "One", "Two"])
    for number, (one, two) in enumerate(rows):
        sheet.add_row(str(number), output.plain(one), output.plain(two))
    lines = printed(sheet, width)
    assert len(lines) == 2 + len(rows)


def test_a_long_table_goes_on_below_in_the_same_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_PAGE", 2)
    rows = [("a", "1"), ("bbb", "2"), ("c", "3"), ("d", "4"), ("eeeee", "5")]
    assert output.show_long(Sheet(["Name", ("No", "right")]), iter(rows)) == 5
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert (lines[0], lines[2:]) == (
        "Name   No",
        ["a       1", "bbb     2", "c       3", "d       4", "eeeee    5"],
    )


def test_where_numbers_and_times_have_no_room_a_table_is_a_list() -> None:
    sheet = Sheet([("Id", "right"), ("When", "whole"), ("Sent", "right"), "Title"])
    sheet.add_row("7", "3 Jul 2026 08:05 BST", "1,234,567", "A title that goes on and on and on")
    sheet.add_row("8", "4 Jul 2026 08:05 BST", "", "Another")
    assert printed(sheet, 40) == [
        "Id     7",
        "When   3 Jul 2026 08:05 BST",
        "Sent   1,234,567",
        "Title  A title that goes on and on and",
        "       on",
        "",
        "Id     8",
        "When   4 Jul 2026 08:05 BST",
        "Title  Another",
    ]


def test_a_pipe_gets_whole_lines() -> None:
    sheet = Sheet(["Title"])
    sheet.add_row("word " * 400)
    assert printed(sheet, 100_000)[2] == ("word " * 400).strip()


def test_text_from_outside_is_shown_as_it_is() -> None:
    sheet = Sheet(["Title"])
    sheet.add_row(output.plain("[red]not red[/] \x1b[31m [link=x]"))
    assert printed(sheet, 80)[2] == "[red]not red[/]  [31m [link=x]"
    assert output.plain("👩\u200d🚀 pay\u202epal") == "👩\u200d🚀 pay pal"


def test_no_pictures_are_made_of_a_title(capsys: pytest.CaptureFixture[str]) -> None:
    sheet = Sheet(["Title"])
    title = "What :tada: [means] in practice"
    sheet.add_row(output.plain(title))
    assert printed(sheet, 60)[2] == title
    output.show(sheet)
    output.say(output.plain(title))
    assert capsys.readouterr().out.splitlines()[2:] == [title, title]


@pytest.mark.parametrize(("number", "said"), [(0, "no messages"), (1, "1 message"), (1234567, "1,234,567 messages")])
def test_plurals(number: int, said: str) -> None:
    assert words.count(number, "message") == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (0, "now"),
        (30, "in less than a minute"),
        (60, "in 1 minute"),
        (7200, "in 2 hours"),
        (86400 * 3 + 7200, "in 3 days"),
        (42 * 3600, "in 1 day 18 hours"),
    ],
)
def test_distances(span: int, said: str) -> None:
    assert words.distance(timedelta(seconds=span)) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (42, "42 s"), (59.9, "60 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_how_long_it_took(span: float, said: str) -> None:
    assert words.seconds(span) == said


def test_times_name_their_zone() -> None:
    assert clocks.moment(AT, "Europe/London") == "Fri 3 Jul 2026 08:05 BST"
    assert words.brief(AT, "Europe/London", AT) == "3 Jul 08:05 BST"
    assert words.brief(AT, "Asia/Kathmandu", AT + timedelta(days=365)) == "3 Jul 2026 12:50 +0545"
    assert words.offset(AT) == "+00:00"
