"""The sample site, feed, readers and configuration, laid out in a folder as if they had been written this week."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

from newsletter.errors import UsageError

HOME = Path(__file__).parent
NEWEST = date(2026, 6, 12)  # the last day on which a sample post is published; one more lies in the future
PARTS = ("site", "feeds", "subscribers.csv", "config.yaml")
MARK = "# Written by `newsletter demo`."
_DAY = re.compile(r"(?<!\d)2026-\d\d-\d\d(?!\d)")
_URL = re.compile(r"^url: .*$", re.MULTILINE)
_DATED = {".md", ".markdown", ".xml"}


def lay_out(folder: Path, now: datetime) -> Path:
    """Copies the sample into `folder`, its dates moved so that the newest post is a day old; returns its config.yaml.

    An earlier demo there is replaced, database and all: its posts would be last week's news, and already sent.
    Raises UsageError when the folder holds anything else.
    """
    shift = now.date() - timedelta(days=1) - NEWEST
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_what_is_no_demo(folder)
    for old in folder.glob("subscribers.db*"):
        old.unlink()
    shutil.rmtree(folder / "media", ignore_errors=True)
    for part in PARTS:
        _replace(HOME / part, folder / part)
    for path in sorted(folder.rglob("*")):
        if path.suffix in _DATED and not path.is_symlink():
            _move(path, shift)
    return folder / "config.yaml"


def publish_at(site: Path, address: str) -> None:
    """Lets the sample site say that it is on the web at `address`, so that its links and pictures lead there."""
    config = site / "_config.yml"
    config.write_text(_URL.sub(f'url: "{address.rstrip("/")}"', config.read_text("utf-8"), count=1), "utf-8")


def _refuse_what_is_no_demo(folder: Path) -> None:
    config = folder / "config.yaml"
    ours = config.is_file() and config.read_text("utf-8", errors="replace").startswith(MARK)
    if not ours and any(folder.iterdir()):
        raise UsageError(f"{folder} holds something else than a demo. Name a new or empty folder with --out.")


def _replace(origin: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    if origin.is_dir():
        shutil.copytree(origin, target)
    else:
        shutil.copyfile(origin, target)


def _move(path: Path, shift: timedelta) -> None:
    """Every day written as YYYY-MM-DD moves by the same number of days, in the file and in its name."""
    text = path.read_text("utf-8")
    path.write_text(_DAY.sub(lambda found: _moved(found[0], shift), text), "utf-8")
    path.rename(path.with_name(_DAY.sub(lambda found: _moved(found[0], shift), path.name)))


def _moved(day: str, shift: timedelta) -> str:
    return (date.fromisoformat(day) + shift).isoformat()
