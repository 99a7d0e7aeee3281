"""An edition that config.yaml does not have any more: who reads it is told of, and can be moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ann reads `near`, Bob `far`; then `near` gets another name."""
    desk = Desk(tmp_path).furnish()
    desk.enlist(near="ann", far="bob")
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("near:", "coast:"), "utf-8")
    return desk


def test_readers_who_are_left_behind_are_told_of(desk: Desk) -> None:
    said = "1 active reader is in harbour/near, which config.yaml does not have: nobody sends them anything."
    moves = "`newsletter subscribers move near coast --newsletter harbour` takes them along"
    examined = desk.call("doctor")
    assert said in examined.out
    assert moves in examined.out
    assert examined.status == 1
    for words in (("build",), ("build", "--json")):
        built = desk.call(*words)
        assert said in built.err
        assert moves in built.err


def test_and_moved(desk: Desk) -> None:
    moved = desk.call("subscribers", "move", "near", "coast")
    assert moved.out == "1 subscription of harbour moved from near to coast.\n"
    listed = {one["email"]: one["edition"] for one in desk.call("subscribers", "list", "--json").json}
    assert listed == {"ann@example.com": "coast", "bob@example.com": "far"}
    assert "active reader" not in desk.call("build").err


def test_who_would_be_mixed_up_is_moved_only_on_purpose(desk: Desk) -> None:
    """Of two editions that both are in config.yaml: who came from which is not kept."""
    desk.call("subscribers", "move", "near", "coast")
    refused = desk.call("subscribers", "move", "coast", "far")
    assert (refused.status, "coast is still an edition" in refused.err, "--yes" in refused.err) == (2, True, True)
    assert {one["edition"] for one in desk.call("subscribers", "list", "--json").json} == {"coast", "far"}
    assert desk.call("subscribers", "move", "coast", "far", "--yes", "--json").json == {"moved": 1}


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("near", "nowhere"), 1, "nowhere"),
        (("nowhere", "coast"), 1, "nobody is in harbour/nowhere"),
        (("coast", "coast"), 2, "coast is where they are"),
    ],
)
def test_slips_are_told(desk: Desk, words: tuple[str, str], status: int, told: str) -> None:
    done = desk.call("subscribers", "move", *words)
    assert (done.status, told in done.err) == (status, True)


def test_an_import_says_where_its_readers_are(desk: Desk) -> None:
    (desk.folder / "new.csv").write_text("email\ncho@example.com\nbob@example.com\n")
    assert "new readers are in coast" in desk.call("subscribers", "import", "new.csv").out
    again = desk.call("subscribers", "import", "new.csv", "--edition", "coast").out
    assert "Existing readers stay in their edition" in again
    (desk.folder / "more.csv").write_text("email,edition\ndi@example.com,coast\n")
    assert "names no edition" not in desk.call("subscribers", "import", "more.csv").out
