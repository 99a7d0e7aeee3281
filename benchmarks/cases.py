"""Reading a blog and importing readers: what is measured, against what, and the most it may take."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.corpus import CONFIG, write_readers, write_site
from benchmarks.measure import Run, run
from benchmarks.result import Result

ROOT = Path(__file__).parent.parent
NEWSLETTER = (sys.executable, "-m", "newsletter")
TABLE = "CREATE TABLE readers (email TEXT, name TEXT, edition TEXT); CREATE UNIQUE INDEX by_email ON readers (email);"


def posts(folder: Path, count: int, rounds: int) -> Iterator[Result]:
    """Reading a blog: cold (start-up and storing included), unchanged, and an issue built from it."""
    write_site(folder, count, seed=20)
    bare, cold, unchanged, built = [], [], [], []
    for _ in range(rounds):
        bare.append(_bare(folder, count))
        _forget(folder)
        cold.append(_newsletter(folder, "collect", "--json"))
        assert _first_source(cold[-1])["new"] == count, cold[-1].output[-500:]
        unchanged.append(_newsletter(folder, "collect", "--json"))
        assert _first_source(unchanged[-1])["new"] == 0
        built.append(_newsletter(folder, "build", "bench", "--json"))
        assert json.loads(built[-1].output)["issues"]
    ours = _seconds(cold)
    yield Result(f"collect {count:,} posts, cold", ours, "bare python-frontmatter loop", _seconds(bare), 2.5)
    yield Result(f"collect {count:,} posts, unchanged", _seconds(unchanged), "cold collect", ours, 0.3)
    yield Result(f"build from {count:,} posts", _seconds(built), "cold collect", ours, 1.0)


def readers(folder: Path, count: int, rounds: int) -> Iterator[Result]:
    """Importing readers, and the memory it takes for ten times as many."""
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    write_readers(folder / "readers.csv", count)
    write_readers(folder / "tenth.csv", count // 10)
    theirs, ours, tenth = [], [], []
    for _ in range(rounds):
        theirs.append(_sqlite_import(folder))
        _forget(folder)
        tenth.append(_import(folder, "tenth.csv", count // 10))
        _forget(folder)
        ours.append(_import(folder, "readers.csv", count))
    yield Result(f"import {count:,} readers", _seconds(ours), "sqlite3 .import, unique index", _seconds(theirs), 5.0)
    peaks = median(each.peak for each in ours), median(each.peak for each in tenth)
    yield Result(f"peak memory, {count:,} readers", peaks[0], f"{count // 10:,} readers", peaks[1], 1.25, "MiB")


def sqlite_cli() -> str:
    """Raises RuntimeError with the remedy when the program is missing."""
    if found := shutil.which("sqlite3"):
        return found
    raise RuntimeError("the reference needs the sqlite3 program. On Debian or Ubuntu: sudo apt-get install sqlite3")


def _bare(folder: Path, count: int) -> Run:
    done = run([sys.executable, "-m", "benchmarks.bare_frontmatter", folder / "site" / "_posts"], cwd=ROOT)
    assert int(done.output) == count
    return done


def _newsletter(folder: Path, *arguments: str) -> Run:
    return run([*NEWSLETTER, "--config", folder / "config.yaml", *arguments], cwd=ROOT)


def _import(folder: Path, file: str, count: int) -> Run:
    done = _newsletter(folder, "subscribers", "import", str(folder / file), "--newsletter", "bench", "--json")
    assert json.loads(done.output)["added"] == count
    return done


def _sqlite_import(folder: Path) -> Run:
    database = folder / "reference.db"
    database.unlink(missing_ok=True)
    return run(
        [sqlite_cli(), database, TABLE, ".mode csv", f".import --skip 1 {folder / 'readers.csv'} readers"], cwd=folder
    )


def _forget(folder: Path) -> None:
    for file in folder.glob("subscribers.db*"):
        file.unlink()


def _first_source(done: Run) -> dict[str, int]:
    found: dict[str, int] = json.loads(done.output)["sources"][0]
    return found


def _seconds(runs: list[Run]) -> float:
    return median(each.seconds for each in runs)
