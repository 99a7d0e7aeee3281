"""What the web said when it was asked for an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_GONE = frozenset({404, 410})
_TURNED_AWAY = frozenset({401, 402, 403, 407, 429, 451, 999})  # a person may get in where a program does not


@dataclass(frozen=True, slots=True)
class Answer:
    """One address, asked once.

    `status` is that of the last answer, 0 when there was none: `trouble` says why then, as a sentence's end.
    `moved_to` is the new address where the server said that the old one is gone for good; `kind` is the Content-Type.
    `private`: it lies on, or leads to, a private network, and was not followed there.
    """

    url: str
    asked_at: datetime
    status: int = 0
    moved_to: str = ""
    kind: str = ""
    trouble: str = ""
    private: bool = False

    @property
    def is_dead(self) -> bool:
        """Whether a reader who follows it would be disappointed, as far as a program can tell."""
        if self.status in _TURNED_AWAY or self.private:
            return False
        return self.status == 0 or self.status >= 400

    @property
    def is_gone(self) -> bool:
        return self.status in _GONE
