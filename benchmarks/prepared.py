"""A draft and its readers, made once and put back before each run: a draft can be sent only once."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import CONFIG, write_readers, write_site
from benchmarks.measure import Run, Started, run

ROOT = Path(__file__).parent.parent
CONNECTIONS = 8
STORIES = 15  # about 50 KB of message, as newsletters are
_SQLITE = "sqlite:///subscribers.db"


@dataclass(frozen=True, slots=True)
class Prepared:
    folder: Path
    readers: int
    issue: int

    @property
    def database(self) -> Path:
        return self.folder / "subscribers.db"

    @property
    def kept(self) -> Path:
        return self.folder / "kept.db"

    def restore(self) -> None:
        """The SQLite database as it was before the draft was sent."""
        _forget(self.folder)
        shutil.copyfile(self.kept, self.database)

    def configure(self, port: int, database: str = _SQLITE) -> None:
        _configure(self.folder, port, database)

    def send(self, port: int) -> Run:
        """The whole of `newsletter send`, into a server on `port`. Raises RuntimeError when not everybody got it."""
        done = self.begin_to_send(port).finish()
        demand_all(self, json.loads(done.output))
        return done

    def begin_to_send(self, port: int) -> Started:
        self.restore()
        self.configure(port)
        return newsletter(self.folder, "send", str(self.issue), "--yes", "--json")


def prepare(folder: Path, readers: int, database: str = _SQLITE) -> Prepared:
    """By the commands that everybody uses. The address of an empty PostgreSQL database may stand for SQLite's file."""
    folder.mkdir(exist_ok=True)
    write_site(folder, 5 * STORIES, seed=20)
    write_readers(folder / "readers.csv", readers)
    _configure(folder, 25, database)
    newsletter(folder, "subscribers", "import", str(folder / "readers.csv"), "--newsletter", "bench").finish()
    built = newsletter(folder, "build", "bench", "--json").finish()
    issue = json.loads(built.output)["issues"][0]["id"]
    prepared = Prepared(folder, readers, issue)
    if database == _SQLITE:
        prepared.database.replace(prepared.kept)
    return prepared


def length(draft: Prepared) -> int:
    """The size in bytes of one reader's message."""
    newsletter(draft.folder, "preview", str(draft.issue), "--out", str(draft.folder / "preview")).finish()
    return (draft.folder / "preview" / "message.eml").stat().st_size


def demand_all(prepared: Prepared, books: Mapping[str, object]) -> None:
    """Raises RuntimeError when by these books not everybody got it: then the figures are none."""
    if (books["state"], books["sent"]) != ("sent", prepared.readers):
        raise RuntimeError(f"not everybody got it: {books}")


def start(prepared: Prepared) -> tuple[float, float]:
    """Starts the issue, which enqueues all its readers, in a process of its own: seconds by the clock, and of CPU."""
    config = prepared.folder / "config.yaml"
    seconds, cpu = run(
        [sys.executable, "-m", "benchmarks.start_issue", config, str(prepared.issue)], cwd=ROOT
    ).output.split()
    return float(seconds), float(cpu)


def newsletter(folder: Path, *arguments: str) -> Started:
    return Started([sys.executable, "-m", "newsletter", "--config", folder / "config.yaml", *arguments], cwd=ROOT)


def _configure(folder: Path, port: int, database: str) -> None:
    text = (
        f"{CONFIG}    max_stories: {STORIES}\ndatabase: {json.dumps(database)}\n"
        f"smtp: {{host: 127.0.0.1, port: {port}, connections: {CONNECTIONS}}}\n"
    )
    (folder / "config.yaml").write_text(text, "utf-8")


def _forget(folder: Path) -> None:
    for file in folder.glob("subscribers.db*"):
        file.unlink()
