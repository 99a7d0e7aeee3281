"""The sample content: fresh whenever it is laid out, and with the traits of real blogs."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from newsletter.config import load
from newsletter.demo.sample import HOME, lay_out
from newsletter.errors import UsageError

NOW = datetime(2031, 3, 5, 10, 30, tzinfo=UTC)
POSTS = sorted((HOME / "site" / "_posts").iterdir())


def days(folder: Path) -> list[date]:
    return sorted(date.fromisoformat(path.name[:10]) for path in (folder / "site" / "_posts").iterdir())


def test_posts_are_always_of_the_last_two_weeks_and_one_is_to_come(tmp_path: Path) -> None:
    lay_out(tmp_path / "demo", NOW)
    *published, future = days(tmp_path / "demo")
    assert published[-1] == NOW.date() - timedelta(days=1)
    assert published[0] > NOW.date() - timedelta(days=14)
    assert future > NOW.date()


def test_dates_inside_the_files_move_with_their_names(tmp_path: Path) -> None:
    lay_out(tmp_path / "demo", NOW)
    for path in (tmp_path / "demo" / "site" / "_posts").iterdir():
        written = re.search(r"^date: (\d{4}-\d\d-\d\d)", path.read_text("utf-8"), re.MULTILINE)
        assert written, path
        assert path.name.startswith(written[1])
    linked = re.findall(r"post_url (\S+)", "".join(p.read_text("utf-8") for p in (tmp_path / "demo").rglob("*.md")))
    assert linked
    assert all((tmp_path / "demo" / "site" / "_posts" / f"{name}.md").exists() for name in linked)


def test_a_second_demo_replaces_the_first(tmp_path: Path) -> None:
    lay_out(tmp_path / "demo", NOW)
    lay_out(tmp_path / "demo", NOW + timedelta(days=3))
    assert len(days(tmp_path / "demo")) == len(POSTS)


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("site: {name: Mine}\n", "utf-8")
    with pytest.raises(UsageError, match="--out"):
        lay_out(tmp_path, NOW)
    assert (tmp_path / "config.yaml").read_text("utf-8") == "site: {name: Mine}\n"


def test_posts_are_real_articles() -> None:
    words = {path.name: len(path.read_text("utf-8").split("---", 2)[2].split()) for path in POSTS}
    assert len(words) >= 30
    assert sum(count >= 120 for count in words.values()) >= 25
    assert max(words.values()) >= 400
    assert not re.search(r"lorem|ipsum|TODO|placeholder", "".join(p.read_text("utf-8") for p in POSTS), re.IGNORECASE)


def test_five_versions_of_one_story_differ_by_a_word_or_two() -> None:
    versions = [path.read_text("utf-8").split("---", 2)[2] for path in POSTS if "ferry-line-grounds" in path.name]
    assert len(versions) == 5
    assert len(set(versions)) == 5


def test_every_picture_a_post_names_is_there_and_light_enough_for_mail() -> None:
    named = re.findall(r"^image: (\S+)", "\n".join(path.read_text("utf-8") for path in POSTS), re.MULTILINE)
    assert len(set(named)) >= 10
    for name in set(named):
        assert 10_000 < (HOME / "site" / name).stat().st_size < 50_000


def test_one_line_of_the_readers_is_bad_and_twelve_are_good() -> None:
    with (HOME / "subscribers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum("@" in row["Email"] for row in rows) == 12
    assert len(rows) == 13
    assert {row["Edition"] for row in rows} == {"uk", "world"}


def test_both_configurations_load_and_tell_the_same_newsletter() -> None:
    root = HOME.parent.parent / "config.yaml"
    ours, demos = (load(path, {}).newsletters["tech-decoded"] for path in (root, HOME / "config.yaml"))
    differing = {"sources", "lookback"}
    assert ours.model_dump(exclude=differing) == demos.model_dump(exclude=differing)
    raw = yaml.safe_load(root.read_text("utf-8"))
    for source in raw["newsletters"]["tech-decoded"]["sources"]:
        assert (root.parent / source.get("path", source.get("url"))).exists()
