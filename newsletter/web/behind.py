"""What takes too long to be made while somebody waits is made behind each question, and told at the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE = 0.005  # seconds that a question waits for a fresh answer; the first one waits for as long as it takes
_SHARE = 20  # after it took a second, so many seconds pass before it is made anew


class Behind(Generic[T]):
    """`make` is given what it made before; it runs in a thread, and never twice at a time."""

    def __init__(self, make: Callable[[T | None], T], patience: float = PATIENCE) -> None:
        self._make, self._patience = make, patience
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._latest: T | None = None
        self._trouble: Exception | None = None
        self._not_before = 0.0

    def latest(self) -> T:
        """The present answer where that is quick, else the one before. Raises what the very first `make` raised."""
        with self._lock:
            if (self._thread is None or not self._thread.is_alive()) and time.monotonic() >= self._not_before:
                self._thread = threading.Thread(target=self._run, name="behind", daemon=True)
                self._thread.start()
            running = self._thread
        if running:
            running.join(None if self._latest is None else self._patience)
        if self._latest is None:
            assert self._trouble is not None
            raise self._trouble
        return self._latest

    def _run(self) -> None:
        began = time.monotonic()
        try:
            self._latest = self._make(self._latest)
        except Exception as error:  # the answer of before stands
            self._trouble = error
        ended = time.monotonic()
        self._not_before = ended + _SHARE * (ended - began) if ended - began > self._patience else ended
