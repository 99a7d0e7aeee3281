"""`python -m benchmarks [--quick] [--rounds N]`: a table of ratios, each against its reference from the same run."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.cases import Result, posts, readers, sqlite_cli

POSTS, READERS = 20_000, 1_000_000
QUICK_POSTS, QUICK_READERS = 200, 5_000  # enough to see that it works; too few for the ratios to mean anything


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed as ratios to named references.")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round, no verdict")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run; the median counts (default 3)")
    parser.add_argument("--only", choices=["posts", "readers"], help="one half alone")
    chosen = parser.parse_args()
    sizes = (QUICK_POSTS, QUICK_READERS) if chosen.quick else (POSTS, READERS)
    rounds = 1 if chosen.quick else chosen.rounds
    try:
        sqlite_cli()
        results = list(_results(sizes, rounds, chosen.only))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    if chosen.quick:
        print("These sizes show that it runs. The ratios mean something without --quick.", file=sys.stderr)
        return 0
    over = [result.name for result in results if not result.held]
    print("All within their limits." if not over else f"Over the limit: {'; '.join(over)}.")
    return 1 if over else 0


def _results(sizes: tuple[int, int], rounds: int, only: str | None) -> list[Result]:
    print(f"{'what':<34} {'it took':>10}   {'reference':<30} {'it took':>10}   {'ratio':>6}  at most")
    found: list[Result] = []
    for name, case, size in (("posts", posts, sizes[0]), ("readers", readers, sizes[1])):
        if only and only != name:
            continue
        with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
            for result in case(Path(folder), size, rounds):
                print(_line(result), flush=True)
                found.append(result)
    return found


def _line(result: Result) -> str:
    value, reference = (f"{number:.2f} {result.unit}" for number in (result.value, result.reference))
    taken, limit = f"{result.ratio:>6.2f}", f"{result.limit:g}"
    return f"{result.name:<34} {value:>10}   {result.against:<30} {reference:>10}   {taken}  {limit}"


if __name__ == "__main__":
    sys.exit(main())
