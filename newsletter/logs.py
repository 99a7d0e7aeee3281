"""The program's log: for a person one line of words, for a machine one JSON object a line; the same facts in both.

Nobody's email address stands in it above level debug, whoever wrote the words: a mail server, a library, a traceback.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from newsletter.text.reply import masked

Format = Literal["text", "json"]

_STYLES = {logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "1;31"}  # yellow, red, bold red
_LONGEST = 10_000  # characters of one value
# What any stranger can make these libraries say, and no operator can mend: requests that are none, forms that are junk.
_STRANGERS = {"uvicorn.error": logging.ERROR, "python_multipart": logging.CRITICAL}
_REPEATED = ("procrastinate", "psycopg", "sqlalchemy.pool")  # of a database that is away we say it ourselves, in words


def tell(log: logging.Logger, level: int, event: str, words: str, /, **facts: object) -> None:
    """Logs `words`, with the name of what happened and its facts beside them: an issue's number, counts."""
    log.log(level, "%s", words, extra={"event": event, "facts": facts}, stacklevel=2)


def set_up(stream: TextIO, form: Format, level: str, *, colours: bool = False) -> None:
    """Ours from `level` on, other libraries' warnings. Called once, by a command that logs."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Json() if form == "json" else Words(colours=colours))
    root, ours = logging.getLogger(), logging.getLogger("newsletter")
    root.handlers, ours.handlers = [handler], []
    root.setLevel(logging.WARNING)
    ours.setLevel(level.upper())
    for library in _REPEATED:
        logging.getLogger(library).setLevel(logging.WARNING if level == "debug" else logging.CRITICAL)
    for library, worth in _STRANGERS.items():
        logging.getLogger(library).setLevel(logging.WARNING if level == "debug" else worth)


class Words(logging.Formatter):
    """`2026-11-20T08:00:00Z issue 7 is sent: …`; what is not merely information names its level."""

    def __init__(self, *, colours: bool = False) -> None:
        super().__init__()
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        label = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        if self._colours and record.levelno in _STYLES:
            label = f"\x1b[{_STYLES[record.levelno]}m{label}\x1b[0m"
        words = f"{record.getMessage()}\n{_traceback(self, record)}".rstrip()
        return f"{_moment(record, 'seconds')} {label}{_shown(_fit(record, words))}"


class Json(logging.Formatter):
    """{"time", "level", "event", "message", …}: the time in UTC, ISO 8601; a library's event is its logger's name."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _moment(record, "milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if lines := _traceback(self, record):
            told["traceback"] = lines
        return json.dumps({key: _value(record, value) for key, value in told.items()}, ensure_ascii=False)


def _moment(record: logging.LogRecord, precision: str) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


def _value(record: logging.LogRecord, value: object) -> Any:
    return value if value is None or isinstance(value, (bool, int, float)) else _fit(record, str(value))


def _fit(record: logging.LogRecord, text: str) -> str:
    return text[:_LONGEST] if record.levelno <= logging.DEBUG else masked(text[:_LONGEST])


def _shown(text: str) -> str:
    """No escape codes of anybody's, and no line that only looks like one of ours."""
    first, *others = text.splitlines() or [""]
    lines = [first, *(f"    {line}" for line in others)]
    return "\n".join("".join(char if char.isprintable() else " " for char in line) for line in lines)
