"""The benchmarks run, at sizes too small to say anything about speed, so that they cannot rot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.corpus import write_site
from benchmarks.measure import run
from benchmarks.result import Result

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_every_case_prints_a_ratio_with_its_reference() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, *lines = done.stdout.splitlines()
    assert [line.split("  ")[0].rstrip(" 0123456789,") for line in lines] == [
        "collect 200 posts, cold",
        "collect 200 posts, unchanged",
        "build from 200 posts",
        "import 5,000 readers",
        "peak memory, 5,000 readers",
    ]
    for reference in ("bare python-frontmatter loop", "cold collect", "sqlite3 .import, unique index"):
        assert reference in done.stdout


def test_a_ratio_over_its_limit_is_not_held() -> None:
    assert Result("ours", 5.0, "theirs", 2.0, limit=2.5).held
    assert not Result("ours", 5.1, "theirs", 2.0, limit=2.5).held


def test_the_same_seed_makes_the_same_posts(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_site(tmp_path / name, 25, seed=7)
    one, two = (sorted((tmp_path / name / "site" / "_posts").iterdir()) for name in ("one", "two"))
    assert [path.name[11:] for path in one] == [path.name[11:] for path in two]
    assert len(one) == 25


def test_a_program_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"exit 3\nwhy"):
        run([sys.executable, "-c", "print('why'); raise SystemExit(3)"], cwd=tmp_path)


def test_time_and_memory_are_those_of_the_program(tmp_path: Path) -> None:
    done = run([sys.executable, "-c", "import time; held = bytearray(80 << 20); time.sleep(0.2)"], cwd=tmp_path)
    assert done.seconds >= 0.2
    assert 80 < done.peak < 200
