"""What a delivery did since its last commit: a small file beside SQLite's, written to before and after each message.

A line costs a few microseconds where a commit costs fifty or more, and survives kill -9 as a commit does. The file
begins anew after each commit: lines carry the number of their round, and what an older round left is not read.
"""

from __future__ import annotations

import ast
import errno
import os
import zlib
from pathlib import Path
from typing import Any


class Journal:
    """The journal of one run; `title` names what it is about, and a reader who expects another finds nothing.

    An entry is made of Python's literals: numbers, text, tuples.
    """

    def __init__(self, path: Path, title: str) -> None:
        """Makes the file, readable by its owner alone. Raises OSError."""
        self._path, self._title = path, title
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._round = 0
        self._end = 0
        self.begin_anew(None)

    def write(self, entry: Any) -> None:
        """All of it or, when the disk is full, nothing. Raises OSError."""
        text = f"{self._round} {entry!r}".encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        if os.pwrite(self._file, line, self._end) != len(line):  # half a line is not read
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._end += len(line)

    def begin_anew(self, entry: Any) -> None:
        """Forgets all but `entry`; whoever reads finds the old round or the new one."""
        self._round += 1
        self._end = 0
        self.write((self._title, entry))

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def read(path: Path, title: str) -> list[Any]:
    """The entries of the last round; none when there is no journal, or one of another title. Raises OSError."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    latest, (heading, first) = _entry(lines[0]) or (0, ("", None))
    if heading != title:
        return []
    found = [first]
    for line in lines[1:]:
        entry = _entry(line)
        if entry is None or entry[0] != latest:
            break
        found.append(entry[1])
    return [entry for entry in found if entry is not None]


def _entry(line: bytes) -> tuple[int, Any] | None:
    """The round and what was written; None for half a line, or none."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    number, _, entry = text.partition(b" ")
    return int(number), ast.literal_eval(entry.decode())
