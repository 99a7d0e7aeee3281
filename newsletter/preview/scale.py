"""How large the HTML is, against the sizes at which something happens to it."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.size import CUT, KB, LONG, MOST
from newsletter.text.opened import Opened

_END = 120 * KB  # the right end of the bar


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in bytes, after personalisation."""

    html: int
    text: int
    message: int

    @property
    def kb(self) -> float:
        return self.html / KB

    @property
    def filled(self) -> float:
        """Percent of the bar's length."""
        return min(100.0, round(100 * self.html / _END, 2))

    @property
    def marks(self) -> list[float]:
        """Where something begins to happen, in percent of the bar's length."""
        return [round(100 * mark / _END, 2) for mark in (LONG, MOST, CUT)]

    @property
    def legend(self) -> str:
        return f"Marks: {LONG // KB} KB warns, from {MOST // KB} KB an issue shortens itself, {CUT // KB} KB blocks."

    @property
    def verdict(self) -> str:
        cut = f"{CUT // KB} KB"
        if self.html > CUT:
            return f"Gmail cuts it off at {cut}, and the unsubscribe link with it."
        if self.html > MOST:
            return f"Very near to {cut}, where Gmail cuts it off."
        if self.html > LONG:
            return f"It gets long: at {cut} Gmail cuts it off."
        return f"Well below the {cut} at which Gmail cuts it off."

    @property
    def level(self) -> str:
        """`over`, `long` or ""."""
        return "over" if self.html > CUT else "long" if self.html > LONG else ""


def scale(message: Opened) -> Scale:
    return Scale(len(message.html.encode()), len(message.text.encode()), len(message.raw))
