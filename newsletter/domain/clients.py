"""How many readers use which family of mail programs."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Clients:
    """Shares; they need not add up to a hundred. The defaults are a judgement, see docs/guide/sending.md."""

    apple: float = 37
    gmail: float = 35
    outlook: float = 17
    yahoo: float = 4
    samsung: float = 2
    other: float = 5

    @property
    def shares(self) -> tuple[float, ...]:
        """In the order of the fields, which is that of the support table."""
        return astuple(self)
