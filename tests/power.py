"""A power cut, by what a process had asked the disk for: strace's log of its writes and syncs, played back to a moment.

What was synced is there. Of what was written since, any part may be, in any order: chance decides, write by write.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

TRACE = ["strace", "-f", "-qq", "-ttt", "-y", "-xx", "-s", "100000", "-e", "trace=pwrite64,fsync,fdatasync,ftruncate"]
_LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
_CALL = re.compile(r"(\w+)\(\d+<((?:\\x[0-9a-f]{2})+|[^>]*)>(.*)")
_WRITE = re.compile(r', "((?:\\x[0-9a-f]{2})*)", \d+, (\d+)')


@dataclass
class Event:
    """A write (`data` at `offset`), a truncation (`data` None), or a sync of all that came `before` it."""

    at: float
    path: str
    data: bytes | None = None
    offset: int = 0
    before: int = -1  # of a sync: the number of the event at which it began; -1: no sync


@dataclass
class Disk:
    """`files`: what stood there at first; `events` in the order of their ends."""

    files: dict[str, bytes]
    events: list[Event] = field(default_factory=list)

    def image(self, moment: float, chance: random.Random) -> dict[str, bytes]:
        """The files as somebody finds them who comes back after a power cut."""
        last = bisect_right(self.events, moment, key=lambda event: event.at)
        synced: dict[str, int] = {}
        for event in self.events[:last]:
            if event.before >= 0:
                synced[event.path] = event.before
        likely = chance.choice([0.0, 0.3, 1.0])
        files = {path: bytearray(content) for path, content in self.files.items()}
        for number, event in enumerate(self.events[:last]):
            if event.before < 0 and (number < synced.get(event.path, 0) or chance.random() < likely):
                _apply(files.setdefault(event.path, bytearray()), event)
        return {path: bytes(content) for path, content in files.items()}


def _apply(content: bytearray, event: Event) -> None:
    if event.data is None:
        del content[event.offset :]
        return
    content.extend(bytes(max(0, event.offset - len(content))))
    content[event.offset : event.offset + len(event.data)] = event.data


def read(log: Path, files: dict[str, bytes]) -> Disk:
    """From what strace wrote, and the files as they were before."""
    disk = Disk(files)
    begun: dict[str, tuple[str, int]] = {}  # by thread: a call that others ran beside
    for line in log.read_text().splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        thread, at, words = found.groups()
        if words.endswith("<unfinished ...>"):
            begun[thread] = words, len(disk.events)
            continue
        before = len(disk.events)
        if words.startswith("<..."):
            words, before = begun.pop(thread)
        if event := _event(float(at), words, before):
            disk.events.append(event)
    return disk


def _event(at: float, words: str, before: int) -> Event | None:
    found = _CALL.match(words)
    if not found:
        return None
    name, path, rest = found[1], _plain(found[2]).decode(), found[3]
    if name == "pwrite64" and (written := _WRITE.match(rest)):
        return Event(at, path, _plain(written[1]), int(written[2]))
    if name == "ftruncate":
        return Event(at, path, None, int(re.findall(r"\d+", rest)[0]))
    if name in ("fsync", "fdatasync"):
        return Event(at, path, before=before)
    raise AssertionError(f"strace says what we do not read: {words[:200]}")


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
