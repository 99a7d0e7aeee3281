"""The editor's note on the command line: built, shown, explained, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desk import Desk

WORDS = "Dear all, we saw [the crane](https://harbour.example.org/crane) wave."


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path).furnish()
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("    lookback:", "    note: note.md\n    lookback:"))
    return made


def notes(desk: Desk, *words: str, stdin: str = "") -> dict[str, str]:
    done = desk.run("build", *words, "--json", stdin=stdin) if stdin else desk.call("build", *words, "--json")
    return {issue["edition"]: issue["note"] for issue in done.json["issues"]}


def test_a_file_that_is_not_there_yet_is_no_note(desk: Desk) -> None:
    assert notes(desk) == {"near": "", "far": ""}


def test_it_stands_in_the_draft_and_is_told(desk: Desk) -> None:
    (desk.folder / "note.md").write_text(WORDS)
    assert notes(desk) == {"near": WORDS, "far": WORDS}
    shown = desk.call("show", 1).out
    assert "the editor writes: Dear all, we saw the crane (https://harbour.example.org/crane) wave." in shown
    told = desk.call("why", "_posts/2026-06-01-crane.md").out
    assert "harbour near: the editor's words go with it: Dear all" in told
    assert desk.call("why", "_posts/2026-06-01-crane.md", "--json").json[0]["note"] == WORDS


def test_an_edition_may_have_its_own_or_none(desk: Desk) -> None:
    config = desk.folder / "config.yaml"
    text = config.read_text().replace("near: {}", 'near: {note: ""}').replace("far: {", "far: {note: far.md, ")
    config.write_text(text)
    (desk.folder / "note.md").write_text(WORDS)
    (desk.folder / "far.md").write_text("Namaste.")
    assert notes(desk) == {"near": "", "far": "Namaste."}


def test_a_file_that_cannot_be_used_names_its_line(desk: Desk) -> None:
    (desk.folder / "note.md").write_text("Hello.\n\n![us](us.png)\n")
    done = desk.call("build")
    assert done.status == 1
    assert "note.md:3: a picture has no place in a note" in done.err
    told = desk.call("why", "_posts/2026-06-01-crane.md")
    assert "note.md:3" in told.out or "no post like" in told.err
    (desk.folder / "note.md").unlink()
    (desk.folder / "note.md").mkdir()
    assert "note.md: that is no file" in desk.call("build").err


@pytest.mark.slow
def test_one_for_a_draft_comes_from_a_file_or_from_stdin(desk: Desk) -> None:
    assert notes(desk, "--note", "-", stdin="For this one.") == {"near": "For this one.", "far": "For this one."}
    (desk.folder / "note.md").write_text(WORDS)
    assert notes(desk) == {"near": "For this one.", "far": "For this one."}
    assert "gone.md: it cannot be read: no such file" in desk.call("build", "--note", "gone.md").err


def test_every_notice_can_be_seen_without_sending_it(desk: Desk) -> None:
    desk.call("build")
    files = desk.call("preview", 1, "--notice", "all", "--out", "seen", "--json").json["files"]
    kinds = ("confirm", "switch", "address", "moved", "welcome", "already", "reminder")
    assert files == [f"seen/notice-{kind}.{suffix}" for kind in kinds for suffix in ("html", "txt", "eml")]
    assert "Harbour Light" in (desk.folder / "seen" / "notice-confirm.html").read_text()
    assert "Harbour crane learns to wave" in (desk.folder / "seen" / "notice-reminder.txt").read_text()
    assert "Did you mean `welcome`?" in desk.call("preview", 1, "--notice", "welcom").err
