"""The progress bar of a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from newsletter.cli.progress import Progress


class _Bar(Progress):
    def __init__(self, lines: RichProgress, words: str) -> None:
        self._lines = lines
        self._task = lines.add_task(words, total=None, count="")

    def __call__(self, done: int, total: int | None) -> None:
        told = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        self._lines.update(self._task, completed=done, total=total, count=told)


@contextmanager
def bar(words: str, console: Console) -> Iterator[Progress]:
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(compact=True),
    )
    with RichProgress(*columns, console=console, transient=True) as lines:
        yield _Bar(lines, words)
