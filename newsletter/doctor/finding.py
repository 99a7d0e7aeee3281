"""What the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """OK: as it should be. NOTE: worth knowing, or not to be told from here. WARNING: works, but not well.
    ERROR: does not work.
    """

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`area` is what was looked at; `remedy` is "" where nothing needs one."""

    area: str
    level: Level
    message: str
    remedy: str = ""


def ok(area: str, message: str) -> Finding:
    return Finding(area, Level.OK, message)


def note(area: str, message: str, remedy: str = "") -> Finding:
    return Finding(area, Level.NOTE, message, remedy)


def warning(area: str, message: str, remedy: str) -> Finding:
    return Finding(area, Level.WARNING, message, remedy)


def error(area: str, message: str, remedy: str) -> Finding:
    return Finding(area, Level.ERROR, message, remedy)
