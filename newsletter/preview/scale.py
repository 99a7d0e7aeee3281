"""How large the HTML is, against the sizes at which something happens to it."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.preview.letter import Letter

KB = 1024
MARKS = (80, 95, 102)  # KB: it gets long, it trims itself, Gmail cuts it off
_END = 120  # KB at the right end of the bar


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
        return min(100.0, round(100 * self.kb / _END, 2))

    @property
    def marks(self) -> list[tuple[int, float]]:
        """(KB, percent of the bar's length)."""
        return [(mark, round(100 * mark / _END, 2)) for mark in MARKS]

    @property
    def verdict(self) -> str:
        long, trimmed, cut = MARKS
        if self.kb > cut:
            return f"Gmail cuts it off at {cut} KB, and the unsubscribe link with it."
        if self.kb > trimmed:
            return f"Very near to {cut} KB, where Gmail cuts it off."
        if self.kb > long:
            return f"It gets long: at {cut} KB Gmail cuts it off."
        return f"Well below the {cut} KB at which Gmail cuts it off."


def scale(letter: Letter) -> Scale:
    return Scale(len(letter.html.encode()), len(letter.text.encode()), len(letter.raw))
