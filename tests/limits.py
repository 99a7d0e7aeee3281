"""Limits of this process: a file that may not grow is what a full disk is."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

FILE_BYTES, OPEN_FILES = resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """`what` is one of those above."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)
