"""What a run on PostgreSQL has heard from mail servers and the database does not know yet: a journal on this machine.

Between an answer and its commit lie milliseconds, in which other messages are answered, too: who dies there would leave
all of them in doubt. Whoever runs on this machine next reads what the dead had noted. It is no more than a help: where
it cannot be written, or the machine is gone with it, those deliveries are in doubt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from newsletter.domain.delivery import DeliveryState, Settled
from newsletter.errors import Busy
from newsletter.store.database import Database, identity
from newsletter.store.journal import Journal
from newsletter.text.reply import unaddressed

_END = ".journal"
_LONG = 32 * 1024  # bytes; then it begins anew with what is not recorded yet


class Shelf(NamedTuple):
    """Where the notebooks of a database lie on this machine: their folder, what their names begin with, their title."""

    folder: Path
    start: str
    title: str

    def all(self) -> list[Path]:
        with suppress(OSError):
            return [path for path in self.folder.iterdir() if path.name.startswith(self.start) and path.suffix == _END]
        return []


def shelf(database: Database) -> Shelf | None:
    """None where the database has no folder on this machine. Raises Away."""
    if database.folder is None:
        return None
    title = f"1: deliveries of {identity(database) or database.place}"  # 1: how a line is kept
    return Shelf(database.folder, f"postgresql-{hashlib.sha256(title.encode()).hexdigest()[:8]}-", title)


class Notebook:
    """Of one run of `worker`'s; without a shelf nothing is noted."""

    def __init__(self, shelf: Shelf | None, worker: str) -> None:
        self._shelf, self._worker = shelf, worker
        self._journal: Journal | None = None
        self._noted: dict[int, Settled] = {}
        self._lock = Lock()  # outcomes are noted while, in another thread, those before are recorded

    def note(self, line: Settled) -> None:
        """From here on kill -9 forgets it no more."""
        if self._shelf is None:
            return
        with self._lock, suppress(OSError, Busy):
            self._noted[line.id] = line
            if self._journal is None:
                self._journal = _begun(self._shelf, self._worker)
            self._journal.write([_kept(line)])

    def recorded(self, lines: Sequence[Settled]) -> None:
        """The database has them. They may stand in the file a while longer."""
        with self._lock, suppress(OSError, Busy):
            for line in lines:
                self._noted.pop(line.id, None)
            if self._journal and self._journal.size > _LONG:
                self._journal.begin_anew([_kept(line) for line in self._noted.values()])

    def close(self) -> None:
        """What is not recorded by now stays, for whoever comes next."""
        with self._lock:
            if self._journal and self._noted:
                self._journal.close()
            elif self._journal:
                self._journal.remove()
            self._journal = None


class Noted(NamedTuple):
    """`lines` are the last of each delivery; the database may have some of them."""

    worker: str
    lines: list[Settled]


@contextmanager
def left_behind(shelf: Shelf | None) -> Iterator[list[Noted]]:
    """What those who died on this machine had noted; when all goes well, it is forgotten.

    Nobody lives whose notebook can be opened.
    """
    if shelf is None:
        yield []
        return
    with ExitStack() as held:
        found = [(path, held.enter_context(closing(journal))) for path, journal in _opened(shelf)]
        noted = [Noted(path.stem.removeprefix(shelf.start), _lines(journal)) for path, journal in found]
        yield [one for one in noted if one.lines]
        for _, journal in found:
            journal.remove()


def _opened(shelf: Shelf) -> Iterator[tuple[Path, Journal]]:
    for path in shelf.all():
        with suppress(OSError, Busy):
            yield path, Journal(path, shelf.title)


def _begun(shelf: Shelf, worker: str) -> Journal:
    journal = Journal(shelf.folder / f"{shelf.start}{worker}{_END}", shelf.title)
    journal.start()
    return journal


def _kept(line: Settled) -> tuple[Any, ...]:
    """As a journal takes it, without the addresses among the server's words: who is erased is to stand in no file."""
    moments = [at and at.isoformat() for at in (line.due_at, line.first_at, line.at)]
    tries, words = (line.attempts, line.doubts), (line.code, line.status, unaddressed(line.text))
    return line.id, line.was.value, line.state.value, *tries, *moments, *words


def _lines(journal: Journal) -> list[Settled]:
    found = [_line(row) for entry in journal.left for row in entry]
    return list({line.id: line for line in found}.values())


def _line(row: tuple[Any, ...]) -> Settled:
    number, was, state, attempts, doubts, due, first, at, *words = row
    due_at, first_at = (moment and datetime.fromisoformat(moment) for moment in (due, first))
    states = DeliveryState(was), DeliveryState(state)
    return Settled(number, *states, attempts, doubts, due_at, first_at, datetime.fromisoformat(at), *words)
