"""What a command says: its answer on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

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


def table(*columns: str | tuple[str, str]) -> Table:
    """A table without frames. A column is its heading, or (heading, way): `right`, or `whole` for never shortened."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", border_style="dim")
    for column in columns:
        heading, way = column if isinstance(column, tuple) else (column, "")
        made.add_column(
            heading,
            justify="right" if way == "right" else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=None if way else min(12, len(heading)),
        )
        if way:
            made.columns[-1].min_width = len(heading)
            made.columns[-1].overflow = "ellipsis"
    return made


def show(filled: Table) -> None:
    stdout().print(filled)


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
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns: Sequence[Any] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
