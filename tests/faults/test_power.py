"""A power cut in mid-send: no outcome that is older than a second is lost, by what was asked of the disk."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.services import steer
from newsletter.store.database import Database
from tests.ledger import NOW, draft, subscribe
from tests.power import TRACE, Disk, read
from tests.sending import lines
from tests.smtp_sink import Sink, delay

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
PROMISED = timedelta(seconds=1)
DELIVER = "import sys, time; from tests.crash.victim import main, run; run(main(sys.argv[1], int(sys.argv[2]), 2)); "
LINGER = DELIVER + "time.sleep(60)"


@pytest.fixture
def traced() -> list[str]:
    """What to put before a command to see what it asks of the disk."""
    if shutil.which("strace") is None or subprocess.run(["strace", "-qq", "true"], capture_output=True).returncode:
        pytest.skip("strace is missing, or may not trace here: apt-get install strace")
    return TRACE


def files(path: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in path.parent.glob(f"{path.name}*") if not file.name.endswith("shm")}


def sent_after(disk: Disk, moment: float, path: Path, folder: Path, chance: random.Random) -> set[int]:
    """Who is sent in the ledger when somebody opens it after a power cut."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in disk.image(moment, chance).items():
        (folder / Path(name).name).write_bytes(content)
    opened = Database(f"sqlite:///{folder / path.name}")
    with opened.read() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        found = set(connection.execute(text("SELECT subscriber FROM deliveries WHERE state = 'sent'")).scalars())
    opened.close()
    return found


@contextmanager
def delivering(traced: list[str], database: Database, sink: Sink, log: Path) -> Iterator[None]:
    """A process that sends issue 1 and lives on when it is sent, until it is killed."""
    path = str(database.engine.url.database)
    command = [*traced, "-o", str(log), "-P", path, "-P", f"{path}-wal", sys.executable, "-c", LINGER]
    process = subprocess.Popen([*command, database.url, str(sink.port)], cwd=ROOT, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("reading", [False, True], ids=["alone", "while somebody reads"])
def test_no_outcome_older_than_a_second_is_lost(traced: list[str], tmp_path: Path, reading: bool) -> None:
    """A long look at the database (a backup, an export) keeps SQLite from bringing its log home, and so from a sync."""
    path, log = tmp_path / "db" / "subscribers.db", tmp_path / "log"
    database = Database(f"sqlite:///{path}")
    subscribe(database, 400)
    issue = draft(database)
    steer.start(database, issue.id, NOW)
    database.close()
    before = files(path)
    with ExitStack() as stack, Sink() as sink:
        sink.fail("answer", delay(0.02))
        if reading:
            connection = stack.enter_context(database.read())
            connection.execute(text("SELECT count(*) FROM deliveries")).scalar_one()
        with delivering(traced, database, sink, log):
            sink.wait_for(200)
    outcomes = {number: line.at for number, line in lines(database, issue).items() if line.state == "sent"}
    database.close()
    disk = read(log, before)
    seed = random.SystemRandom().randrange(10**6)
    chance, first = random.Random(seed), min(outcomes.values())
    print(f"seed {seed}, {len(outcomes)} outcomes, {sum(event.before >= 0 for event in disk.events)} syncs")
    cuts = [first + timedelta(milliseconds=ms) for ms in range(1000, 10_000, 150)]
    for cut in [cut for cut in cuts if cut < max(outcomes.values())]:
        old = {number for number, at in outcomes.items() if at < cut - PROMISED}
        assert old <= sent_after(disk, cut.timestamp(), path, tmp_path / "image", chance)
    assert len(outcomes) >= 150  # of 200: the last are in the journal alone


def test_what_a_run_recorded_last_is_safe_a_second_after_its_end(traced: list[str], tmp_path: Path) -> None:
    path, log = tmp_path / "db" / "subscribers.db", tmp_path / "log"
    database = Database(f"sqlite:///{path}")
    subscribe(database, 40)
    issue = draft(database)
    steer.start(database, issue.id, NOW)
    database.close()
    before = files(path)
    with Sink() as sink, delivering(traced, database, sink, log):
        sink.wait_for(40)
        time.sleep(2.0)
    moment, chance = time.time(), random.Random(1)
    disk = read(log, before)
    for _ in range(5):
        assert sent_after(disk, moment, path, tmp_path / "image", chance) == set(range(1, 41))
    assert {line.state for line in lines(database, issue).values()} == {"sent"}
    database.close()
