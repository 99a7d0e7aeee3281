"""A table that fits the terminal: numbers, states and times stay whole, titles give way."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

_GAP = 3  # what rich puts between two columns
_NARROWEST = 8


class Sheet:
    """Columns are headings, or (heading, way): `right` and `whole` are never shortened. Cells are rich markup."""

    def __init__(self, columns: Sequence[str | tuple[str, str]]) -> None:
        self._columns = [column if isinstance(column, tuple) else (column, "") for column in columns]
        self._rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        self._rows.append(cells)

    def fitting(self, width: int) -> Table:
        """The table as rich prints it, at most `width` wide where its whole columns allow that."""
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", border_style="dim")
        for (heading, way), wide in zip(self._columns, self._widths(width), strict=True):
            made.add_column(heading, no_wrap=True, overflow="ellipsis", width=wide)
            if way == "right":
                made.columns[-1].justify = "right"
        for row in self._rows:
            made.add_row(*row)
        return made

    def _widths(self, width: int) -> list[int]:
        texts = [tuple(heading for heading, _ in self._columns), *self._rows]
        widths = [max(Text.from_markup(cell).cell_len for cell in cells) for cells in zip(*texts, strict=True)]
        flexible = [index for index, (_, way) in enumerate(self._columns) if not way]
        over = sum(widths) + _GAP * (len(widths) - 1) - width
        while over > 0 and flexible:
            widest = max(flexible, key=lambda index: widths[index])
            if widths[widest] <= _NARROWEST:
                break
            widths[widest] -= 1
            over -= 1
        return widths
