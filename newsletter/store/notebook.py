"""What a run on PostgreSQL has heard from mail servers and the database does not know yet: a journal on this machine.

Between an answer and its commit lie milliseconds, in which other messages are answered, too: who dies there would leave
all of them in doubt. Whoever runs on this machine next reads what the dead had heard. It is no more than a help: where
it cannot be written, or the machine is gone with it, those deliveries are in doubt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
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

    def place(self, worker: str) -> Path:
        return self.folder / f"{self.start}{worker}{_END}"

    def worker(self, place: Path) -> str:
        return place.name[len(self.start) : -len(_END)]

    def all(self) -> list[Path]:
        with suppress(OSError):
            names = (place.name for place in self.folder.iterdir())
            return [self.folder / name for name in names if name.startswith(self.start) and name.endswith(_END)]
        return []


def shelf_of(database: Database) -> Shelf | None:
    """None where the database has no folder on this machine. Raises Away."""
    if database.folder is None:
        return None
    which = f"{identity(database)} {database.place}"  # the place, too: a copy to try things out has the same identity
    held = hashlib.sha256(which.encode()).hexdigest()[:12]
    return Shelf(database.folder, f".postgresql-{held}-", f"heard, 1: {held}")  # 1: how a line is kept


class Start(NamedTuple):
    """Which start of which issue a notebook is about: after a copy of the database was put back it may be another."""

    issue: int
    at: datetime | None


class Notebook:
    """Of one run of `worker`'s; without a shelf nothing is kept. Raises nothing."""

    def __init__(self, shelf: Shelf | None, worker: str, start: Start) -> None:
        self._shelf, self._worker, self._start = shelf, worker, start
        self._journal: Journal | None = None
        self._heard: dict[int, Settled] = {}  # and not recorded
        self._unkept: dict[int, Settled] = {}  # of them, what does not stand in the file: a full disk, say
        self._lock = Lock()  # outcomes are kept while, in another thread, those before are recorded

    def keep(self, line: Settled) -> None:
        """From here on kill -9 forgets it no more."""
        if self._shelf is None:
            return
        with self._lock:
            self._heard[line.id] = self._unkept[line.id] = line
            with suppress(OSError, Busy):
                if self._journal is None:
                    self._journal = Journal(self._shelf.place(self._worker), self._shelf.title)
                    self._journal.begin_anew(self._heading([]))
                self._journal.write(_rows(self._unkept.values()))
                self._unkept.clear()

    def recorded(self, lines: Iterable[Settled]) -> None:
        """The database has them. They may stand in the file a while longer."""
        with self._lock:
            for line in lines:
                self._heard.pop(line.id, None)
                self._unkept.pop(line.id, None)
            if self._journal and self._journal.size > _LONG:
                with suppress(OSError, Busy):
                    self._journal.begin_anew(self._heading(self._heard.values()))
                    self._unkept.clear()

    def close(self) -> None:
        """What is not recorded by now stays, for whoever comes next."""
        with self._lock:
            if self._journal and self._heard:
                self._journal.close()
            elif self._journal:
                self._journal.remove()
            self._journal = None

    def _heading(self, lines: Iterable[Settled]) -> tuple[Any, ...]:
        issue, at = self._start
        return (issue, at and at.isoformat()), _rows(lines)


class Left(NamedTuple):
    """What a worker that died had heard last of each delivery; the database may have some of it."""

    worker: str
    start: Start
    lines: list[Settled]


@contextmanager
def unread(shelf: Shelf | None) -> Iterator[list[Left]]:
    """What those who died on this machine had heard; when all goes well, it is forgotten. For one reader at a time.

    Nobody lives whose notebook can be opened.
    """
    if shelf is None:
        yield []
        return
    found: dict[Path, list[Any]] = {}
    for place in shelf.all():
        with suppress(OSError, Busy), closing(Journal(place, shelf.title)) as journal:
            found[place] = journal.left
    yield [_left(shelf.worker(place), entries) for place, entries in found.items() if entries]
    for place in found:
        with suppress(OSError, Busy):
            Journal(place, shelf.title).remove()


def _left(worker: str, entries: Sequence[Any]) -> Left:
    ((issue, at), first), *rest = entries
    last = {line.id: line for rows in (first, *rest) for line in map(_line, rows)}
    return Left(worker, Start(issue, at and datetime.fromisoformat(at)), list(last.values()))


def _rows(lines: Iterable[Settled]) -> list[tuple[Any, ...]]:
    return [_row(line) for line in lines]


def _row(line: Settled) -> tuple[Any, ...]:
    """As a journal takes it, without the addresses among the server's words: who is erased is to stand in no file."""
    moments = [at and at.isoformat() for at in (line.due_at, line.first_at, line.at)]
    tries, words = (line.attempts, line.doubts), (line.code, line.status, unaddressed(line.text))
    return line.id, line.was.value, line.state.value, *tries, *moments, *words


def _line(row: tuple[Any, ...]) -> Settled:
    number, was, state, attempts, doubts, due, first, at, *words = row
    due_at, first_at = (moment and datetime.fromisoformat(moment) for moment in (due, first))
    states = DeliveryState(was), DeliveryState(state)
    return Settled(number, *states, attempts, doubts, due_at, first_at, datetime.fromisoformat(at), *words)
