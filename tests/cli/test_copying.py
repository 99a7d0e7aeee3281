"""`copy-database`: all of it in another file, and the old one closed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.desk import Desk


def moved(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path).furnish()
    desk.enlist(near="r1", far="r2")
    return desk


def test_the_old_one_is_closed_and_the_new_one_has_it_all(tmp_path: Path) -> None:
    desk = moved(tmp_path)
    assert desk.call("build", "harbour").status == 0
    done = desk.call("copy-database", "sqlite:///new.db")
    assert done.status == 0
    assert f"copied to sqlite:///{tmp_path}/new.db, with 2 readers and 2 issues." in done.out
    for words in (["issues"], ["send", "1", "--yes"], ["subscribers", "add", "x@example.com"], ["schedule"]):
        refused = desk.call(*words)
        assert (refused.status, f"was copied to sqlite:///{tmp_path}/new.db, and is closed" in refused.err) == (1, True)
    assert "is closed" in desk.call("doctor").out
    config = tmp_path / "config.yaml"
    config.write_text(f"database: sqlite:///new.db\n{config.read_text()}")
    assert desk.call("issues", "--json").json[0]["subject"]
    assert desk.call("build", "harbour").status == 0


def test_it_can_be_taken_into_use_again(tmp_path: Path) -> None:
    desk = moved(tmp_path)
    desk.call("copy-database", "sqlite:///new.db")
    assert "is in use again" in desk.call("copy-database", "--reopen").out
    assert desk.call("issues").status == 0
    assert "was not closed" in desk.call("copy-database", "--reopen").out
    assert desk.call("copy-database", "--reopen", "sqlite:///x.db").status == 2


def test_it_may_stay_open(tmp_path: Path) -> None:
    desk = moved(tmp_path)
    done = desk.call("copy-database", "sqlite:///new.db", "--keep-open", "--json")
    assert (done.status, done.json["rows"]["subscribers"]) == (0, 2)
    assert desk.call("issues").status == 0


def test_bad_addresses_are_told(tmp_path: Path) -> None:
    desk = moved(tmp_path)
    for words in ([], ["new.db"]):
        told = desk.call("copy-database", *words)
        assert (told.status, "say where to: postgresql+psycopg://" in told.err) == (2, True)
    same = desk.call("copy-database", "sqlite:///subscribers.db")
    assert (same.status, "is the database that config.yaml names already" in same.err) == (2, True)
    assert desk.call("issues").status == 0


def test_a_copy_that_fails_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    desk = moved(tmp_path)
    assert desk.call("copy-database", "sqlite:///new.db", "--keep-open").status == 0
    refused = desk.call("copy-database", "sqlite:///new.db")
    assert refused.status == 1
    assert desk.call("issues").status == 0
