"""Puts what a process counts into the database, each second: so one page shows what all of them did."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from newsletter.domain.tally import Mark, Tally
from newsletter.errors import StoreError
from newsletter.store import tallies
from newsletter.store.database import Database

EVERY = 1.0  # seconds; what a process that is killed had counted since is lost to the sums, and only to them
_SIGN_OF_LIFE = 10.0  # seconds between two, of a process that has nothing to count


def new_name() -> str:
    """What the others are to know this process by, or one run of it: another name at each call."""
    return f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(4)}"


@contextmanager
def depositing(database: Database, tally: Tally, name: str, role: str, clock: Callable[[], datetime]) -> Iterator[None]:
    """While it lasts the process `name` is known to live, and what it counts is deposited; the rest at the end.

    In a thread of its own: a database that is busy keeps no session waiting, and what it did not take is kept.
    """
    deposit, over = Deposit(database, tally, name, role, clock), threading.Event()
    keeper = threading.Thread(target=deposit.keep, args=(over,), name="tally", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        deposit.close()


class Deposit:
    """The account of one process."""

    def __init__(self, database: Database, tally: Tally, name: str, role: str, clock: Callable[[], datetime]) -> None:
        self._database, self._tally, self._clock = database, tally, clock
        self._name, self._role = name, role
        self._taken: dict[Mark, float] = {}
        self._seen = -_SIGN_OF_LIFE

    def keep(self, over: threading.Event) -> None:
        while True:
            with suppress(StoreError):  # locked, full or away: the next time takes it all
                self.add()
            if over.wait(EVERY):
                return

    def add(self) -> None:
        """Adds what was counted since the last time, and says that the process lives."""
        totals = self._tally.totals()
        increments = {mark: amount - self._taken.get(mark, 0) for mark, amount in totals.items()}
        increments = {mark: more for mark, more in increments.items() if more}
        now = time.monotonic()
        if not increments and now - self._seen < _SIGN_OF_LIFE:
            return
        with self._database.write() as connection:
            tallies.add(connection, increments)
            tallies.beat(connection, self._name, self._role, self._clock())
        self._taken, self._seen = totals, now

    def close(self) -> None:
        """The rest, and that the process is gone."""
        with suppress(StoreError):
            self.add()
            with self._database.write() as connection:
                tallies.leave(connection, self._name)
