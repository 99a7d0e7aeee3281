"""`--log FORMAT`, and what of the program's log a command writes to stderr."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.config import Config

FORMATS = ("text", "json")
LogOption = Annotated[
    str | None,
    typer.Option("--log", metavar="FORMAT", help="The log on stderr: `text` for a person, `json` for a machine."),
]


def log_always(config: Config, asked: str | None) -> None:
    """For what runs by itself: in the format that the command line asks for, or config.yaml; else as text."""
    _set_up(config, _checked(asked) or config.log.format or "text")


def log_if_asked(config: Config, asked: str | None) -> bool:
    """For a command with an answer of its own: only when somebody asked for a log; True when it is written."""
    form = _checked(asked) or config.log.format
    if form is not None:
        _set_up(config, form)
    return form is not None


def _checked(asked: str | None) -> str | None:
    if asked is not None and asked not in FORMATS:
        raise UsageError(f"--log {asked[:40]!r}: there are {' and '.join(FORMATS)}.")
    return asked


def _set_up(config: Config, form: str) -> None:
    from newsletter.logs import set_up

    level = "debug" if os.environ.get("NEWSLETTER_DEBUG") else config.log.level
    colours = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    set_up(sys.stderr, "json" if form == "json" else "text", level, colours=colours)
