"""What a database refuses, in plain words."""

from __future__ import annotations

from newsletter.errors import Away

_SHUT_OUT = "the database server does not let us in; check the user, the password and the name in `database`."
_BUSY = "the database is busy: another process has been writing to it for a while. Try again in a moment."
_WORDS = (
    ("locked", _BUSY),
    ("lock timeout", _BUSY),
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
    ("disk i/o", "the disk does not take or give what it should: make room if it is full, else see the system's log."),
    *((sign, _SHUT_OUT) for sign in ("password auth", "no password supplied", 'fatal:  role "', 'fatal:  database "')),
    ("connection", "the database server does not answer; check `database` in config.yaml and that it runs."),
)


def away(trouble: object) -> Away:
    """What is raised for the trouble that a driver has with a database which may be there again in a moment."""
    return Away(explain(str(trouble or "")), _first_line(str(trouble or "")))


def explain(reason: str) -> str:
    """The driver's `reason` as a sentence with its remedy."""
    said = _first_line(reason)
    lowered = reason.lower()
    for sign, words in _WORDS:
        if sign in lowered:
            return f"{words} (It says: {said})"
    return f"the database refused: {said}. Check `database` in config.yaml."


def _first_line(reason: str) -> str:
    return (reason.splitlines() or ["no reason given"])[0]
