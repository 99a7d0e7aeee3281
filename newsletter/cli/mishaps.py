"""Errors of the machine (disk, locks, files) in plain words."""

from __future__ import annotations

import errno

_FULL = "Make room there, or name another place."
_FORBIDDEN = "See whose it is and what its permissions are (ls -ld), or name another place."
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FULL),
    **dict.fromkeys((errno.EACCES, errno.EPERM), _FORBIDDEN),
    errno.EROFS: "Nothing can be written there: name another place.",
    errno.EISDIR: "It is a folder: name a file.",
    errno.ENOTDIR: "A file is in the way: move it, or name another place.",
    errno.EEXIST: "A file is in the way: move it, or name another place.",
}


def explain(error: Exception) -> str:
    """One line for a person; what we cannot explain is our mistake, and we say how to report it."""
    if isinstance(error, OSError):
        return _system(error)
    name = type(error).__name__
    return (
        f"this should not have happened: {name}: {error}. "
        "Please report it, with what NEWSLETTER_DEBUG=1 shows when you run the command again."
    )


def _system(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{reason(error)}.{f' {remedy(error)}' if place else ''}".rstrip()


def reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def remedy(error: OSError) -> str:
    """What to do about a file or folder that is not to be had."""
    return _REMEDIES.get(error.errno or 0, "Name another place.")
