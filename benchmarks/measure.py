"""Runs a program and tells how long it took, how much of the processor, and how much memory it held at most."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds` by the clock on the wall and `cpu` seconds (user and system), both with start-up; `peak` in MiB."""

    seconds: float
    cpu: float
    peak: float
    output: str


# A program's peak memory counts what its parent held before the exec, so a small parent of its own starts it.
_STARTER = """
import os, sys, time
began = time.perf_counter()
child = os.fork() or os.execvp(sys.argv[2], sys.argv[2:])
os.symlink(str(child), os.path.join(sys.argv[1], "child"))  # all at once
_, status, usage = os.wait4(child, 0)
with open(os.path.join(sys.argv[1], "told"), "w") as told:
    told.write(f"{time.perf_counter() - began} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
sys.exit(abs(os.waitstatus_to_exitcode(status)))
"""


class Started:
    """A program at work. One of `finish` and `stop` is called, once."""

    def __init__(self, command: Sequence[str | Path], *, cwd: Path) -> None:
        self._program = [str(part) for part in command]
        self._folder = TemporaryDirectory()
        starter = [sys.executable, "-I", "-S", "-c", _STARTER, self._folder.name, *self._program]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            starter, cwd=cwd, env=_as_users_have_it(), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )

    @property
    def is_at_work(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> Run:
        """Waits for its end. Raises RuntimeError with what the program said when it fails."""
        return self._end(0)

    def stop(self) -> Run:
        """Sends SIGTERM and waits. Raises RuntimeError when it ends otherwise than by that, or well."""
        child = Path(self._folder.name) / "child"
        while self.is_at_work and not child.is_symlink():
            time.sleep(0.01)
        with suppress(OSError):  # it has just ended
            os.kill(int(child.readlink().name), signal.SIGTERM)
        return self._end(0, signal.SIGTERM, 128 + signal.SIGTERM)

    def _end(self, *good: int) -> Run:
        with self._folder:
            stdout, stderr = self._process.communicate()
            if self._process.returncode not in good:
                said = (stdout + stderr)[-2000:]
                raise RuntimeError(f"{' '.join(self._program)}: exit {self._process.returncode}\n{said}")
            told = Path(self._folder.name) / "told"
            seconds, cpu, peak = told.read_text("utf-8").split()
        return Run(float(seconds), float(cpu), int(peak) / 1024, stdout)


def _as_users_have_it() -> dict[str, str]:
    """The environment, but Python keeps what it compiles: else each start would compile the program anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(command: Sequence[str | Path], *, cwd: Path) -> Run:
    """`output` is its standard output. Raises RuntimeError with what the program said when it fails."""
    return Started(command, cwd=cwd).finish()
