"""Runs a program and tells how long it took and how much memory it held at most."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds` by the clock on the wall, start-up included; `peak` resident memory in MiB."""

    seconds: float
    peak: float
    output: str


def run(command: Sequence[str | Path], *, cwd: Path) -> Run:
    """Raises RuntimeError with what the program said when it fails."""
    with TemporaryFile("w+", encoding="utf-8") as out:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {process.returncode}\n{said[-2000:]}")
    return Run(seconds, usage.ru_maxrss / 1024, said)
