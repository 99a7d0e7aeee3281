"""Who may deliver an issue: on SQLite one process at a time, told by an OS lock that dies with its holder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsletter.errors import Busy, StoreError
from newsletter.store.database import Database

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]


@contextmanager
def sole_sender(database: Database, issue_id: int) -> Iterator[None]:
    """Holds the right to deliver one issue. On PostgreSQL many workers share it: leases tell who holds what.

    Raises Busy when another process holds it, StoreError when the lock file cannot be made.
    """
    place = database.engine.url.database
    if not database.is_sqlite or not place or place == ":memory:" or fcntl is None:
        yield
        return
    path = Path(place).resolve()
    path = path.with_name(f"{path.name}-issue-{issue_id}.lock")
    file = _acquire(path, issue_id)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def is_being_sent(database: Database, issue_id: int) -> bool:
    """Whether a process delivers the issue right now. On PostgreSQL workers share it, and the answer is no."""
    try:
        with sole_sender(database, issue_id):
            return False
    except Busy:
        return True


def hold(file: int) -> bool:
    """Locks an open file until it is closed; False when another has it locked."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _acquire(path: Path, issue_id: int) -> int:
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise StoreError(f"{path}: the lock file cannot be made: {error.strerror}") from None
        if not hold(file):
            os.close(file)
            raise Busy(
                f"issue {issue_id} is being delivered by another process; wait for it, or use `newsletter pause`."
            )
        if _still_there(file, path):
            return file
        os.close(file)  # its holder took it away between our open and our lock


def _still_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
