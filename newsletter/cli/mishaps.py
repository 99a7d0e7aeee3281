"""Errors of the machine (disk, locks, files) in plain words."""

from __future__ import annotations

import sys


def explain(error: Exception) -> str:
    """One line for a person; what we cannot explain is our mistake, and we say how to report it."""
    if "sqlalchemy" in sys.modules:
        from sqlalchemy.exc import DBAPIError

        from newsletter.store import mishaps

        if isinstance(error, DBAPIError):
            return mishaps.explain(str(error.orig))
    if isinstance(error, OSError):
        return _system(error)
    name = type(error).__name__
    return (
        f"this should not have happened: {name}: {error}. "
        "Please report it, with what NEWSLETTER_DEBUG=1 shows when you run the command again."
    )


def _system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{(error.strerror or str(error)).lower()}."
