"""The progress bar of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from newsletter.cli.progress import Progress


class _Lines(RichProgress):
    """The bar, and a remark below it."""

    remark = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.remark:
            yield Text(self.remark, style="yellow")


class _Bar(Progress):
    def __init__(self, lines: _Lines, words: str) -> None:
        self._lines = lines
        self._task = lines.add_task(words, total=None, count="")

    def __call__(self, done: int, total: int | None) -> None:
        told = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        self._lines.update(self._task, completed=done, total=total, count=told)

    def remark(self, words: str) -> None:
        self._lines.remark = words


@contextmanager
def bar(words: str, console: Console) -> Iterator[Progress]:
    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(compact=True),
    )
    with _Lines(*columns, console=console, transient=True) as lines:
        yield _Bar(lines, words)
