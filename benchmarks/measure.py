"""Runs a program and tells how long it took and how much memory it held at most."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds` by the clock on the wall, start-up included; `peak` resident memory in MiB."""

    seconds: float
    peak: float
    output: str


# A program's peak memory counts what its parent held before the exec, so a small parent of its own starts it.
_STARTER = """
import os, sys, time
began = time.perf_counter()
child = os.fork() or os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as told:
    told.write(f"{time.perf_counter() - began} {usage.ru_maxrss}")
sys.exit(abs(os.waitstatus_to_exitcode(status)))
"""


def run(command: Sequence[str | Path], *, cwd: Path) -> Run:
    """`output` is its standard output. Raises RuntimeError with what the program said when it fails."""
    program = [str(part) for part in command]
    with TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        starter = [sys.executable, "-I", "-S", "-c", _STARTER, str(told), *program]
        done = subprocess.run(starter, cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stdout + done.stderr)[-2000:]
            raise RuntimeError(f"{' '.join(program)}: exit {done.returncode}\n{said}")
        seconds, peak = told.read_text("utf-8").split()
    return Run(float(seconds), int(peak) / 1024, done.stdout)
