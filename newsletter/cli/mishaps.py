"""Errors of the machine (disk, locks, files) in plain words."""

from __future__ import annotations

import sys

_DATABASE_WORDS = (
    ("locked", "the database is busy: another process has been writing to it for a while. Try again in a moment."),
    (
        "readonly",
        "the database cannot be written to: check who owns the file and its folder, and whether it is read-only.",
    ),
    ("read-only", "the database cannot be written to: check who owns the file and its folder."),
    ("full", "the disk is full. Nothing that was stored is lost; make room and run the command again."),
    (
        "unable to open",
        "the database cannot be opened: check `database` in config.yaml, and who may write to its folder.",
    ),
    ("malformed", "the database file is damaged. Bring back a backup, or try `sqlite3 FILE .recover`."),
    ("not a database", "the file that `database` names is no SQLite database; name another."),
    ("disk i/o", "the disk does not answer as it should; see the system's log."),
    ("connection", "the database server does not answer; check `database` in config.yaml and that it runs."),
)


def explain(error: Exception) -> str:
    """One line for a person; what we cannot explain is our mistake, and we say how to report it."""
    if "sqlalchemy" in sys.modules:
        from sqlalchemy.exc import DBAPIError

        if isinstance(error, DBAPIError):
            return _database(str(error.orig))
    if isinstance(error, OSError):
        return _system(error)
    name = type(error).__name__
    return (
        f"this should not have happened: {name}: {error}. "
        "Please report it, with what NEWSLETTER_DEBUG=1 shows when you run the command again."
    )


def _database(reason: str) -> str:
    lowered = reason.lower()
    for sign, words in _DATABASE_WORDS:
        if sign in lowered:
            return f"{words} (It says: {reason.splitlines()[0]})"
    return f"the database refused: {reason.splitlines()[0] if reason else 'no reason given'}"


def _system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{(error.strerror or str(error)).lower()}."
