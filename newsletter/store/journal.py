"""What a delivery did since its last commit: a small file beside SQLite's, written to before and after each message.

A line costs a few microseconds where a commit costs fifty or more, and survives kill -9 as a commit does. The file
begins anew after each commit: lines carry the number of their round, and what an older round left is not read.
Its writer has it locked, so that nobody takes a living delivery for a dead one, whatever became of the lock file.
"""

from __future__ import annotations

import ast
import errno
import os
import stat
import zlib
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from newsletter.errors import Busy
from newsletter.store.lock import hold

# Neither followed to another file, which would be emptied, nor waited for, should it be a pipe.
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


_ROOM = 64 * 1024  # bytes that the file takes at a time
_KEPT = 16 * 1024  # of them for answers: what was begun can be written down on a disk that is full by then
_CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # a file system that makes no promises
_take_room = getattr(os, "posix_fallocate", lambda file, offset, size: None)  # macOS has none


class Journal:
    """The journal of one run; `title` names what it is about, and a reader who expects another finds nothing.

    An entry is made of Python's literals: numbers, text, tuples. `left` is what the run before wrote last: it stays in
    the file until `start`.
    """

    def __init__(self, path: Path, title: str) -> None:
        """Opens the file, or makes it, readable by its owner alone.

        Raises OSError; Busy when another process has it open. A journal that nobody holds any more is closed.
        """
        self._path, self._title = path, title
        self._round = 0
        self._end = self._taken = 0
        self._heading: Any = None  # of a round that is to begin, until it stands in the file
        self._file = _open(path)
        self.left = _entries(self._file.readall(), title)

    @property
    def size(self) -> int:
        """Of this round, in bytes."""
        return self._end

    def start(self) -> None:
        """Forgets what was left. Raises OSError."""
        self._file.truncate(0)
        self._taken = 0
        self.begin_anew(None)

    def write(self, entry: Any) -> None:
        """All of it or, when the disk is full, nothing. Raises OSError, and Busy as `begin_anew` does."""
        if self._heading is not None:  # without it nothing of the round could be read
            self._put_heading()
        self._append(entry)

    def keep_room(self) -> None:
        """Called before something is begun: on a full disk there is room for its answer, or this raises OSError."""
        if self._end + _KEPT > self._taken:
            try:
                _take_room(self._file.fileno(), self._end, _ROOM)
            except OSError as error:
                if error.errno not in _CANNOT_RESERVE:
                    raise
            self._taken = self._end + _ROOM

    def begin_anew(self, entry: Any) -> None:
        """Forgets all but `entry`; whoever reads finds the old round or the new one.

        What cannot be written now goes before whatever is written next. Raises OSError; Busy when another process has
        put a journal of its own in the place of this one.
        """
        self._round += 1
        self._heading = (self._title, entry)
        self._put_heading()

    def remove(self) -> None:
        """One that cannot be removed stays: whoever reads it writes down once more what is there already."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Leaves the file to whoever comes next."""
        self._file.close()

    def _put_heading(self) -> None:
        self._stay_in_place()
        self._end = 0
        self._append(self._heading)
        self._heading = None

    def _append(self, entry: Any) -> None:
        text = f"{self._round} {entry!r}".encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        if os.pwrite(self._file.fileno(), line, self._end) != len(line):  # half a line is not read
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._end += len(line)

    def _stay_in_place(self) -> None:
        """Who deletes the file while it is written to would have a crash forget everything."""
        try:
            moved = not os.path.samestat(os.fstat(self._file.fileno()), self._path.lstat())
        except FileNotFoundError:
            moved = True
        if moved:
            file = _open(self._path)
            self._file.close()
            self._file, self._taken = file, 0


def read(path: Path, title: str) -> list[Any]:
    """The entries of the last round; none when there is no journal, or one of another title. Raises OSError."""
    try:
        return _entries(path.read_bytes(), title)
    except FileNotFoundError:
        return []


def _open(path: Path) -> FileIO:
    file = FileIO(os.open(path, _OPEN, 0o600), "r+")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EEXIST, "what stands there is no file", str(path))
    if not hold(file.fileno()):
        file.close()
        raise Busy(f"{path}: another process writes this journal, so it delivers the issue; wait for it.")
    return file


def _entries(content: bytes, title: str) -> list[Any]:
    lines = content.split(b"\n")
    latest, heading = _entry(lines[0]) or (0, None)
    if not isinstance(heading, tuple) or len(heading) != 2 or heading[0] != title:
        return []
    found = [heading[1]]
    for line in lines[1:]:
        entry = _entry(line)
        if entry is None or entry[0] != latest:
            break
        found.append(entry[1])
    return [entry for entry in found if entry is not None]


def _entry(line: bytes) -> tuple[int, Any] | None:
    """The round and what was written; None for half a line, or what is none of ours."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    number, _, entry = text.partition(b" ")
    try:
        return int(number), ast.literal_eval(entry.decode())
    except (ValueError, SyntaxError):
        return None
