"""What a command says: its answer on stdout, everything else on stderr."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from newsletter.cli.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

    from newsletter.cli.sheet import Sheet
    from newsletter.domain.accounting import Accounting

_NARROWEST = 30  # columns in which words can still be wrapped
_LABEL = re.compile(r"(?:→|\d+\.|\S+(?: \S+)?(?= {2})|(?=[^:]{1,18}:)\w+(?: \w+){0,2}:) +")
_PAGE = 1000  # rows
_JOINERS = "\u200c\u200d"  # without them one emoji is three, and Persian hard to read
_UNLIMITED = 100_000  # a pipe has no width: what `grep` reads must be whole


def data() -> TextIO:
    """stdout for what a program is to read (RFC 8259 §8.1: JSON is UTF-8), whatever a terminal here would show."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="strict")
    return sys.stdout


def answer_json(value: object) -> None:
    """The one JSON value of a `--json` command."""
    data().write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def answer_text(text: str) -> None:
    """An answer to be copied or piped: as it is, no line of it broken."""
    data().write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


def stdout() -> Console:
    from rich.console import Console

    width = None if sys.stdout.isatty() else _UNLIMITED
    return Console(width=width, highlight=False, soft_wrap=False, emoji=False)


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False)


def say(text: str = "") -> None:
    """A line of the answer; rich markup, so texts from outside go through `plain` first."""
    _print(stdout(), text)


def say_steps(steps: Sequence[tuple[str, str]]) -> None:
    """Commands or files and what each is for: beside it where all have room for that, else below."""
    longest = max(len(text) for text, _ in steps)
    beside = all(2 + longest + 2 + len(words) <= stdout().width for _, words in steps)
    for text, words in steps:
        if beside:
            say(f"  [bold]{plain(text):<{longest}}[/]  [dim]{words}[/]")
        else:
            stdout().print(f"  [bold]{plain(text)}[/]", soft_wrap=True)  # whole, to be copied
            say(f"    [dim]{words}[/]")


def note(text: str) -> None:
    """A remark beside the answer."""
    _print(stderr(), text)


def _print(console: Console, text: str) -> None:
    """On a terminal a line too long for it goes on below, at a word and under its text."""
    from rich.text import Text

    from newsletter.cli.markup import styled

    for line in text.split("\n"):
        bare = line.lstrip(" ")
        margin = len(line) - len(bare)
        words = styled(bare)
        label = _label(words.plain)
        hang = margin + (label or min(margin, 2))
        if not console.is_terminal or console.width < _NARROWEST + hang:
            console.print(line, soft_wrap=True)
            continue
        first, *others = words[label:].wrap(console, console.width - hang) or [Text()]
        console.print(Text(" " * margin) + words[:label] + first, soft_wrap=True)
        for other in others:
            console.print(Text(" " * hang) + other, soft_wrap=True)


def _label(line: str) -> int:
    """How long what stands before a line's text is: `ok       `, `warning: `, ` 1. `, `→ `; 0 where nothing does."""
    found = _LABEL.match(line)
    return found.end() if found else 0


def plain(text: object) -> str:
    """Text from outside, as it may stand in markup: no brackets of ours, no escape codes of anybody's."""
    from rich.markup import escape

    shown = "".join(char if char.isprintable() or char in _JOINERS else " " for char in str(text))
    return escape(shown)


def table(*columns: str | tuple[str, str]) -> Sheet:
    """A table without frames. A column is its heading, or (heading, way); the ways are told where a Sheet is."""
    from newsletter.cli.sheet import Sheet

    return Sheet(columns)


def show(filled: Sheet) -> None:
    """Prints a table, on a terminal its long columns shortened to the width."""
    console = stdout()
    if console.is_terminal:
        console.print(filled.fitting(console.width))
    else:
        sys.stdout.writelines(f"{line}\n" for line in filled.lines())


def show_long(filled: Sheet, rows: Iterable[tuple[str, ...]]) -> int:
    """A table of any length, page by page: a million rows need no memory, and columns only ever get wider.

    How many rows there were.
    """
    left, number = iter(rows), 0
    while page := list(islice(left, _PAGE)):
        number += len(page)
        for cells in page:
            filled.add_row(*cells)
        show(filled)
        filled.turn_page()
    return number


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


def program() -> str:
    """How this program can be called from here: by its name, or by the path that was typed."""
    typed = Path(sys.argv[0])
    if shutil.which("newsletter") or typed.name != "newsletter" or not typed.is_file():
        return "newsletter"
    return shlex.quote(str(typed.resolve()))


@contextmanager
def live_line(name: str) -> Iterator[Callable[[Accounting], None]]:
    """What is told of a sending while it goes on: on a terminal's stderr, and nowhere else."""
    if not sys.stderr.isatty():
        yield lambda books: None
        return
    from newsletter.cli.live import line

    with line(name, stderr()) as shown:
        yield shown


@contextmanager
def progress_bar(words: str) -> Iterator[Progress]:
    """Draws on a terminal's stderr, and nowhere else."""
    if not sys.stderr.isatty():
        yield Progress()
        return
    from newsletter.cli.bar import bar

    with bar(words, stderr()) as drawn:
        yield drawn


@contextmanager
def waiting(words: str) -> Iterator[Callable[[str], None]]:
    """Says on a terminal's stderr, and nowhere else, what is being waited for; what it yields takes other words."""
    if not sys.stderr.isatty():
        yield lambda words: None
        return
    with stderr().status(f"[dim]{plain(words)}[/]") as status:
        yield lambda words: status.update(f"[dim]{plain(words)}[/]")
