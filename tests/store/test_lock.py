"""Who delivers an issue is told by a lock; looking at it takes it from nobody."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from newsletter.errors import Busy
from newsletter.store.database import Database
from newsletter.store.lock import is_being_sent, sole_sender

HOLDER = """
import sys
from newsletter.store.database import Database
from newsletter.store.lock import sole_sender
with sole_sender(Database(sys.argv[1]), 7):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'readers.db'}"


def test_a_process_that_holds_it_is_seen_until_it_dies(url: str, tmp_path: Path) -> None:
    database = Database(url)
    assert not is_being_sent(database, 7)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    assert is_being_sent(database, 7)
    assert not is_being_sent(database, 8)
    with pytest.raises(Busy, match="issue 7 is being delivered by another process"), sole_sender(database, 7):
        pass
    holder.kill()
    holder.communicate()
    assert not is_being_sent(database, 7)  # though its file is left
    with sole_sender(database, 7):
        assert is_being_sent(database, 7)
    assert not list(tmp_path.glob("*.lock"))
    database.close()


def test_looking_leaves_no_file_and_keeps_no_sender_away(url: str, tmp_path: Path) -> None:
    database = Database(url)
    assert not is_being_sent(database, 7)
    assert not list(tmp_path.glob("*.lock"))
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            is_being_sent(database, 7)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(3000):
            with sole_sender(database, 7):
                pass
    finally:
        done.set()
        for looker in lookers:
            looker.join()
    database.close()


def test_no_two_hold_it_at_once_however_often_it_changes_hands(url: str) -> None:
    """Its file is taken away at each end: who opened it before that must not take it for a lock that anybody sees."""
    database = Database(url)
    holders, most, rounds = 0, 0, 0
    counting = threading.Lock()

    def contend() -> None:
        nonlocal holders, most, rounds
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            with suppress(Busy), sole_sender(database, 7):
                with counting:
                    holders, rounds = holders + 1, rounds + 1
                    most = max(most, holders)
                time.sleep(0)
                with counting:
                    holders -= 1

    contenders = [threading.Thread(target=contend) for _ in range(4)]
    for one in contenders:
        one.start()
    for one in contenders:
        one.join()
    database.close()
    assert most == 1
    assert rounds > 100


def test_a_lock_file_that_cannot_be_removed_keeps_nobody_away(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a folder that became read-only: the process that delivered goes on, and so does every other."""
    database = Database(url)

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as meddled:
        meddled.setattr(Path, "unlink", refused)
        with sole_sender(database, 7):
            pass
    with sole_sender(database, 7):
        assert is_being_sent(database, 7)
    assert not is_being_sent(database, 7)
