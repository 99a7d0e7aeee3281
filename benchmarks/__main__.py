"""`python -m benchmarks [--quick] [--rounds N] [--only CASE]`: a table of ratios to references of the same run."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.building import building
from benchmarks.cases import posts, readers
from benchmarks.delivery import Crowds, enqueue, memory, sending
from benchmarks.machines import cores, machines, starting
from benchmarks.result import HEAD, Result

Case = Callable[[Path, int], Iterator[Result]]  # in a folder of its own, so many rounds
DELIVERY = ("sending", "memory", "enqueue", "starting", "machines")


@dataclass(frozen=True, slots=True)
class Sizes:
    posts: int
    readers: int
    crowds: Crowds


FULL = Sizes(20_000, 1_000_000, Crowds(20_000, (20_000, 100_000, 1_000_000), share=100_000))
# Enough to see that it works; too few for the ratios to mean anything.
QUICK = Sizes(200, 5_000, Crowds(300, (300, 600, 3_000), share=1_000))


def main() -> int:
    chosen = _arguments()
    sizes = QUICK if chosen.quick else FULL
    if chosen.long:
        sizes = Sizes(sizes.posts, sizes.readers, Crowds(sizes.crowds.sending, sizes.crowds.memory, sys.maxsize))
    _warn_when_busy()
    results, missing = _results(_cases(sizes, chosen.only), 1 if chosen.quick else chosen.rounds)
    for name, why in missing.items():
        print(f"Not measured: {name}. {why}", file=sys.stderr)
    if chosen.quick:
        print("These sizes show that it runs. The ratios mean something without --quick.", file=sys.stderr)
        return 1 if missing else 0
    over = [result.name for result in results if not result.held]
    print(f"Over the limit: {'; '.join(over)}." if over else "All that was measured is within its limits.")
    return 1 if over or missing else 0


def _warn_when_busy() -> None:
    load, there = os.getloadavg()[0], os.cpu_count() or 1
    if load > there / 2:
        told = f"Other programs keep this machine busy (load {load:.1f} on {there} cores)"
        print(f"{told}: seconds are too many, and ratios uncertain.", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed as ratios to named references.")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round, no verdict")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run; the median counts (default 3)")
    parser.add_argument("--only", choices=["posts", "build", "readers", "delivery", *DELIVERY], help="one part alone")
    parser.add_argument("--long", action="store_true", help="memory: send to the whole of the biggest crowd")
    return parser.parse_args()


def _cases(sizes: Sizes, only: str | None) -> dict[str, Case]:
    """The cases that are wanted, in the order of the table."""
    crowds = sizes.crowds
    cases: dict[str, Case] = {
        "posts": lambda folder, rounds: posts(folder, sizes.posts, rounds),
        "build": building,
        "readers": lambda folder, rounds: readers(folder, sizes.readers, rounds),
        "sending": lambda folder, rounds: sending(folder, crowds, rounds),
        "memory": lambda folder, _: memory(folder, crowds),
        "enqueue": lambda folder, rounds: enqueue(folder, crowds, rounds),
        "starting": lambda folder, rounds: starting(folder, crowds.memory[-1], rounds),
        "machines": lambda folder, rounds: machines(folder, crowds.sending, rounds),
    }
    wanted = DELIVERY if only == "delivery" else (only,) if only else tuple(cases)
    return {name: case for name, case in cases.items() if name in wanted}


def _results(cases: dict[str, Case], rounds: int) -> tuple[list[Result], dict[str, str]]:
    """What was measured, printed line by line; and which case could not be, with the reason."""
    found: list[Result] = []
    missing: dict[str, str] = {}
    print(HEAD)
    for name, case in cases.items():
        with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
            try:
                for result in case(Path(folder), rounds):
                    print(result.line, flush=True)
                    found.append(result)
            except RuntimeError as error:
                missing[name] = str(error)
    if "machines" in cases and "machines" not in missing:
        print(cores())
    return found, missing


if __name__ == "__main__":
    sys.exit(main())
