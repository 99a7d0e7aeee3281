"""The sink in a process of its own: in a thread of the killer's, who holds the interpreter would have a say in when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from tests.crash.victim import NURSERY
from tests.smtp_sink import Sink


class Log:
    """What a sink writes down, a line a message, as far as it was read."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self.path = path
        self.port = 0  # of the sink that writes here
        self._file = path.open("rb")
        self._lines = 0

    def __len__(self) -> int:
        self._lines += self._file.read().count(b"\n")
        return self._lines

    def close(self) -> None:
        self._file.close()


@contextmanager
def sink_of_its_own(path: Path, toil: float | None = None) -> Iterator[Log]:
    log = Log(path)
    ours, theirs = NURSERY.Pipe()
    process = NURSERY.Process(target=_serve, args=(path, toil, theirs))
    process.start()
    theirs.close()
    log.port = ours.recv()
    try:
        yield log
    finally:
        ours.close()
        log.close()
        process.join(20)
    assert process.exitcode == 0


def _serve(path: Path, toil: float | None, told: Connection) -> None:
    with Sink(log=path, keep=False, toil=toil) as sink:
        told.send(sink.port)
        told.poll(None)  # until the other end is closed
