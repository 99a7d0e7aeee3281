"""The benchmarks run, at sizes too small to say anything about speed, so that they cannot rot."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks import postfix
from benchmarks.__main__ import _results
from benchmarks.corpus import write_site
from benchmarks.measure import Started, run
from benchmarks.result import Result
from tests.waiting import until

ROOT = Path(__file__).parent.parent


@pytest.mark.long
@pytest.mark.parametrize(
    ("part", "lines", "references"),
    [
        (
            "posts",
            ["collect 200 posts, cold", "collect 200 posts, unchanged", "build from 200 posts"],
            ["bare python-frontmatter loop", "cold collect"],
        ),
        ("build", ["write an issue of 20 stories"], ["mjml2html of the same"]),
        ("readers", ["import 5,000 readers", "peak memory, 5,000 readers"], ["sqlite3 .import, unique index"]),
        (
            "sending",
            ["send to 300", "the same without start and end", "CPU a message, with start and end"],
            ["smtp-source -d -s 8, same size"],
        ),
        pytest.param(
            "memory",
            ["peak memory, 600 readers", "peak memory, 3,000 readers (1,000 sent)"],
            ["300 readers"],
        ),
        ("enqueue", ["enqueue 3,000 readers", "CPU of the same"], ["sqlite3 INSERT … SELECT, no join"]),
        ("starting", ["enqueue 3,000, PostgreSQL"], ["INSERT … SELECT on it, no join"]),
        pytest.param(
            "machines",
            ["send to 300, PostgreSQL", "1 worker, first to last outcome", "2 workers", "4 workers"],
            ["the same on SQLite", "send on PostgreSQL", "1 worker"],
        ),
    ],
)
def test_every_part_prints_ratios_with_their_references(part: str, lines: list[str], references: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--only", part],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    if "smtp-sink is missing" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    _, *printed = done.stdout.splitlines()
    assert [_name(line) for line in printed][: len(lines)] == lines
    for reference in references:
        assert f"   {reference}  " in done.stdout


def _name(line: str) -> str:
    """What a line is about, without the size of the messages, which a theme may change."""
    return re.sub(r", \d+ KB each$", "", re.split(r"\s{2,}", line)[0])


def test_what_is_missing_is_said_and_the_rest_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postfix, "_PLACES", "")
    with pytest.raises(RuntimeError, match="comes with Postfix"), postfix.sink():
        pass

    def missing(folder: Path, rounds: int) -> Iterator[Result]:
        with postfix.sink():
            yield Result("never", 1.0, "nothing", 1.0)

    results, unmeasured = _results({"one": missing, "two": lambda *_: iter([Result("ours", 5.0, "theirs", 2.0)])}, 1)
    assert [result.name for result in results] == ["ours"]
    assert list(unmeasured) == ["one"]


def test_a_result_is_held_to_each_of_its_limits() -> None:
    assert Result("ours", 5.0, "theirs", 2.0, limit=2.5).held
    assert not Result("ours", 5.1, "theirs", 2.0, limit=2.5).held
    assert Result("rate", 90.0, "theirs", 100.0, least=0.9).held
    assert not Result("rate", 89.0, "theirs", 100.0, least=0.9).held
    assert Result("memory", 150.0, "fewer", 140.0, 1.1, ceiling=150).held
    assert not Result("memory", 151.0, "fewer", 145.0, 1.1, ceiling=150).held


def test_the_sink_counts_what_it_took(tmp_path: Path) -> None:
    with _a_sink() as server:
        run_of_c = postfix.smtp_source(server.port, messages=25, length=1000, connections=2)
        assert server.messages() == 25
    assert run_of_c.cpu > 0


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
    assert done.cpu > 0
    assert 80 < done.peak < 200


def test_a_program_that_is_stopped_may_say_so(tmp_path: Path) -> None:
    by_signal = Started(["sleep", "60"], cwd=tmp_path)
    assert by_signal.is_at_work
    assert by_signal.stop().seconds < 60
    by_itself = Started([sys.executable, "-c", "raise SystemExit(3)"], cwd=tmp_path)
    until(lambda: not by_itself.is_at_work)
    with pytest.raises(RuntimeError, match="exit 3"):
        by_itself.stop()


@contextmanager
def _a_sink() -> Iterator[postfix.Sink]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postfix.sink())
        except RuntimeError as missing:
            pytest.skip(str(missing))
        yield server
