"""What a command says: its answer on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from newsletter.cli.sheet import Sheet

_UNLIMITED = 100_000  # a pipe has no width: what `grep` reads must be whole


def answer_json(value: object) -> None:
    """The one JSON value of a `--json` command."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def stdout() -> Console:
    from rich.console import Console

    width = None if sys.stdout.isatty() else _UNLIMITED
    return Console(width=width, highlight=False, soft_wrap=False)


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say(text: str = "") -> None:
    """A line of the answer; rich markup, so texts from outside go through `plain` first."""
    stdout().print(text, soft_wrap=True)


def note(text: str) -> None:
    """A remark beside the answer."""
    stderr().print(text, soft_wrap=True)


def plain(text: object) -> str:
    """Text from outside, as it may stand in markup: no brackets of ours, no escape codes of anybody's."""
    from rich.markup import escape

    shown = "".join(char if char.isprintable() else " " for char in str(text))
    return escape(shown)


def table(*columns: str | tuple[str, str]) -> Sheet:
    """A table without frames. A column is its heading, or (heading, way): `right`, or `whole` for never shortened."""
    from newsletter.cli.sheet import Sheet

    return Sheet(columns)


def show(filled: Sheet) -> None:
    """Prints a table, its long columns shortened to the terminal's width."""
    console = stdout()
    console.print(filled.fitting(console.width))


def ask(question: str) -> str:
    """What the operator types; the question goes to stderr. An end of input is an empty answer."""
    stderr().print(question, end=" ")
    try:
        return input().strip()
    except EOFError:
        return ""


def is_interactive() -> bool:
    """Whether a person sits there: both ends of the conversation are terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def progress_bar(words: str) -> Iterator[Callable[[int, int | None], None]]:
    """Gives `report(done, total)`; draws on a terminal's stderr, and nowhere else."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns: Sequence[Any] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task(words, total=None, count="")

        def report(done: int, total: int | None) -> None:
            told = f"{done:,}" if total is None else f"{done:,} of {total:,}"
            progress.update(task, completed=done, total=total, count=told)

        yield report
