"""Postfix's test programs: smtp-sink takes messages and throws them away, smtp-source makes them as fast as C can."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Run, run

HOST = "127.0.0.1"
_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec/postfix"])


@dataclass(frozen=True, slots=True)
class Sink:
    """An smtp-sink that counts."""

    port: int
    counters: Path

    def messages(self) -> int:
        """How many it took so far: the last of the counters that it writes after each message."""
        with self.counters.open("rb") as file:
            file.seek(max(self.counters.stat().st_size - 200, 0))
            found = re.findall(rb"mesg=(\d+)\r", file.read())
        return int(found[-1]) if found else 0


@contextmanager
def sink() -> Iterator[Sink]:
    """A server on a free port, gone afterwards. Raises RuntimeError with the remedy when Postfix is missing."""
    program = [_program("smtp-sink"), "-c"]
    if os.geteuid() == 0:  # it refuses to run as root
        program += ["-u", "nobody"]
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        counters = Path(folder) / "counters"
        with counters.open("wb") as out:
            process = subprocess.Popen([*program, f"{HOST}:{port}", "1000"], stdout=out)
        try:
            _wait(port, process)
            yield Sink(port, counters)
        finally:
            process.terminate()
            process.wait()


def smtp_source(port: int, messages: int, length: int, connections: int) -> Run:
    """Sends that many messages of `length` bytes (its headers, about 150 bytes, come on top) over kept sessions."""
    options = ["-d", "-s", connections, "-m", messages, "-l", length, f"{HOST}:{port}"]
    return run([_program("smtp-source"), *map(str, options)], cwd=Path.cwd())


def _program(name: str) -> str:
    if found := shutil.which(name, path=_PLACES):
        return found
    raise RuntimeError(
        f"{name} is missing. It comes with Postfix, of which only the programs are wanted, not the server. "
        "On Debian or Ubuntu: sudo sh scripts/system-packages.sh"
    )


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((HOST, port)).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("smtp-sink does not answer") from None
            time.sleep(0.02)
        else:
            return
