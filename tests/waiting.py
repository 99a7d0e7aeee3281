"""Waiting in a test: for what another thread or process does, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds: nobody waits so long but for what never comes


def until(what: Callable[[], object]) -> None:
    """Returns when it is so. Raises AssertionError when that takes longer than PATIENCE."""
    ends = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)
