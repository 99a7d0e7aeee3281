"""A real ledger of which a test plays a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from newsletter.store.ledger import Ledger


class PlayedLedger:
    """See Ledger: `real`, but for what is played."""

    def __init__(self, real: Ledger) -> None:
        self.real = real
        self._played: dict[str, Callable[..., Any]] = {}

    def play(self, **methods: Callable[..., Any]) -> None:
        """From now on."""
        assert all(callable(getattr(Ledger, name, None)) for name in methods)
        self._played.update(methods)

    def __getattr__(self, name: str) -> Any:
        return self._played.get(name) or getattr(self.real, name)
