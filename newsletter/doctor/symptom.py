"""What the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """OK: as it should be. NOTE: worth knowing, or not to be told from here. WARNING: works, but not well.
    ERROR: does not work.
    """

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Symptom:
    """`area` is what was looked at; `remedy` is "" where nothing needs one. `doctor --json` has the same words."""

    area: str
    level: Severity
    message: str
    remedy: str = ""


def ok(area: str, message: str) -> Symptom:
    return Symptom(area, Severity.OK, message)


def note(area: str, message: str, remedy: str = "") -> Symptom:
    return Symptom(area, Severity.NOTE, message, remedy)


def warning(area: str, message: str, remedy: str) -> Symptom:
    return Symptom(area, Severity.WARNING, message, remedy)


def error(area: str, message: str, remedy: str) -> Symptom:
    return Symptom(area, Severity.ERROR, message, remedy)
