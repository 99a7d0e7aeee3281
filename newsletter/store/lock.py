"""Who may deliver an issue: on SQLite one process at a time, told by an OS lock that dies with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsletter.errors import Busy, StoreError
from newsletter.store.database import Database

_LOOKS = 5  # of a sender at a lock that somebody has who may only be looking, which takes no time
_LOOK_AGAIN = 0.01  # seconds


@contextmanager
def sole_sender(database: Database, issue_id: int) -> Iterator[None]:
    """Holds the right to deliver one issue. On PostgreSQL many workers share it: leases tell who holds what.

    Raises Busy when another process holds it, StoreError when the lock file cannot be made.
    """
    path = _path(database, issue_id)
    if path is None:
        yield
        return
    file = _acquire(path, issue_id)
    try:
        yield
    finally:
        with suppress(OSError):  # a folder that is read-only by now, say: one that lies there unlocked harms nobody
            path.unlink(missing_ok=True)
        os.close(file)


def is_being_sent(database: Database, issue_id: int) -> bool:
    """Whether a process on this machine delivers the issue right now. On PostgreSQL, where many do, no lock tells."""
    path = _path(database, issue_id)
    if path is None:
        return False
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # nobody made one
        return False
    try:
        return not _locks(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def hold(file: int) -> bool:
    """Locks an open file until it is closed; False when another has it locked."""
    return _locks(file, fcntl.LOCK_EX)


def _locks(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _path(database: Database, issue_id: int) -> Path | None:
    """The lock's file; None where there is none."""
    return database.beside(f"-issue-{issue_id}.lock")


def _acquire(path: Path, issue_id: int) -> int:
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise StoreError(f"{path}: the lock file cannot be made: {error.strerror}") from None
        if not _held_at_last(file):
            os.close(file)
            raise Busy(
                f"issue {issue_id} is being delivered by another process; wait for it, or use `newsletter pause`."
            )
        if _still_there(file, path):
            return file
        os.close(file)  # its holder took it away between our open and our lock


def _held_at_last(file: int) -> bool:
    for _ in range(_LOOKS):
        if hold(file):
            return True
        time.sleep(_LOOK_AGAIN)
    return False


def _still_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
