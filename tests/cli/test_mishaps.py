"""What the machine refuses is told with a remedy that fits."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from newsletter.cli.mishaps import explain
from tests.cli.desk import Desk


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "preview: permission denied. See whose it is and what its permissions are (ls -ld), or name"),
        (errno.ENOSPC, "preview: no space left on device. Make room there"),
        (errno.EROFS, "preview: read-only file system. Nothing can be written there: name another place."),
        (errno.ENOTDIR, "preview: not a directory. A file is in the way: move it, or name another place."),
        (errno.EIO, "preview: input/output error. Name another place."),
    ],
)
def test_a_place_that_is_not_to_be_had_comes_with_a_remedy(number: int, said: str) -> None:
    assert explain(OSError(number, os.strerror(number), "preview")).startswith(said)


def test_what_is_no_place_has_no_remedy_for_one() -> None:
    assert explain(OSError(errno.EMFILE, os.strerror(errno.EMFILE))) == "too many open files."


def test_room_is_asked_for_where_there_is_none_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "open", refused)
    said = Desk(tmp_path).call("init").err
    assert "config.yaml: cannot be written: permission denied. See whose it is" in said
    assert "room" not in said


def test_a_house_without_newsletters_is_told_where_to_add_one(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("site: {name: Empty}\n")
    said = Desk(tmp_path).call("build")
    assert (said.status, said.err) == (
        2, "error: there is no newsletter yet: add one under `newsletters:` in config.yaml.\n"
    )  # fmt: skip
