"""What a run on PostgreSQL has heard from mail servers and the database does not know yet: a journal on this machine.

Between an answer and its commit lie milliseconds, in which other messages are answered, too: who dies there would leave
all of them in doubt. Whoever runs on this machine next reads what the dead had heard. It is no more than a help: where
it cannot be written, or the machine is gone with it, those deliveries are in doubt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
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
_AT_A_LOOK = 50  # notebooks, which are open meanwhile
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
        self._is_whole = False  # all of that stands in the file
        self._lock = Lock()  # outcomes are kept while, in another thread, those before are recorded

    def keep(self, line: Settled) -> None:
        """From here on kill -9 forgets it no more."""
        if self._shelf is None:
            return
        with self._lock:
            self._heard[line.id] = line
            was_whole, self._is_whole = self._is_whole, False
            with suppress(OSError, Busy):  # a full disk, say; the next line brings this one along
                if self._journal and was_whole:
                    self._journal.write(_row(line))
                else:
                    self._begin_anew(self._shelf)
                self._is_whole = True

    def recorded(self, lines: Iterable[Settled]) -> None:
        """The database has them. They may stand in the file a while longer."""
        with self._lock:
            for line in lines:
                self._heard.pop(line.id, None)
            if self._shelf and self._journal and self._journal.size > _LONG:
                with suppress(OSError, Busy):
                    self._begin_anew(self._shelf)

    def close(self) -> None:
        """What is not recorded by now stays, for whoever comes next."""
        with self._lock:
            if self._journal and self._heard:
                self._journal.close()
            elif self._journal:
                self._journal.remove()
            self._journal = None

    def _begin_anew(self, shelf: Shelf) -> None:
        if self._journal is None:
            self._journal = Journal(shelf.place(self._worker), shelf.title)
            self._journal.start()
        at = self._start.at and self._start.at.isoformat()
        self._journal.begin_anew(((self._start.issue, at), [_row(line) for line in self._heard.values()]))


class Left(NamedTuple):
    """What a worker that died had heard last of each delivery; the database may have some of it."""

    worker: str
    start: Start
    lines: list[Settled]


@contextmanager
def unread(shelf: Shelf | None) -> Iterator[list[Left]]:
    """What those who died on this machine had heard; when all goes well, it is forgotten.

    Nobody lives whose notebook can be opened.
    """
    if shelf is None:
        yield []
        return
    with ExitStack() as held:
        found = [(shelf.worker(place), held.enter_context(closing(journal))) for place, journal in _opened(shelf)]
        yield [_left(worker, journal.left) for worker, journal in found if journal.left]
        for _, journal in found:
            journal.remove()


def _opened(shelf: Shelf) -> Iterator[tuple[Path, Journal]]:
    for place in shelf.all()[:_AT_A_LOOK]:
        with suppress(OSError, Busy):
            yield place, Journal(place, shelf.title)


def _left(worker: str, entries: Sequence[Any]) -> Left:
    ((issue, at), first), *rest = entries
    last = {line.id: line for line in map(_line, (*first, *rest))}
    return Left(worker, Start(issue, at and datetime.fromisoformat(at)), list(last.values()))


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
