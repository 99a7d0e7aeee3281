"""A table that fits the terminal: numbers, states and times stay whole, titles give way; else a list, row by row."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

_GAP = 3  # what rich puts between two columns
_NARROWEST = 8
_UNLIMITED = 1_000_000


class Sheet:
    """Columns are headings, or (heading, way): `right` and `whole` are never shortened. Cells are rich markup."""

    def __init__(self, columns: Sequence[str | tuple[str, str]]) -> None:
        self._columns = [column if isinstance(column, tuple) else (column, "") for column in columns]
        self._rows: list[tuple[str, ...]] = []
        self._former = [0] * len(self._columns)  # the widths of the pages before

    def add_row(self, *cells: str) -> None:
        self._rows.append(cells)

    def turn_page(self) -> None:
        """What is added from now on stands below what was shown, without headings, in columns as wide at least."""
        self._former = self._widths(_UNLIMITED)
        self._rows = []

    def fitting(self, width: int) -> Table:
        """The table as rich prints it, at most `width` wide: where its whole columns do not allow that, as a list."""
        widths = self._widths(width)
        if sum(widths) + _GAP * (len(widths) - 1) > width:  # rich would cut numbers and times, and "…" is no number
            return self._listed()
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", border_style="dim")
        made.show_header = not any(self._former)
        for (heading, way), wide in zip(self._columns, widths, strict=True):
            made.add_column(heading, no_wrap=True, overflow="ellipsis", width=wide)
            if way == "right":
                made.columns[-1].justify = "right"
        for row in self._rows:
            made.add_row(*row)
        return made

    def _listed(self) -> Table:
        """A line for each cell that is not empty, its heading before it, and a blank line between two rows."""
        made = Table.grid(padding=(0, _GAP - 1, 0, 0), pad_edge=False)
        made.add_column(no_wrap=True, style="dim")
        made.add_column(overflow="fold")
        for number, row in enumerate(self._rows):
            if number:
                made.add_row()
            for (heading, _), cell in zip(self._columns, row, strict=True):
                if cell:
                    made.add_row(heading, cell)
        return made

    def _widths(self, width: int) -> list[int]:
        texts = [tuple(heading for heading, _ in self._columns), *self._rows]
        wanted = [max(Text.from_markup(cell).cell_len for cell in cells) for cells in zip(*texts, strict=True)]
        widths = [max(both) for both in zip(wanted, self._former, strict=True)]
        flexible = [index for index, (_, way) in enumerate(self._columns) if not way]
        over = sum(widths) + _GAP * (len(widths) - 1) - width
        while over > 0 and flexible:
            widest = max(flexible, key=lambda index: widths[index])
            if widths[widest] <= _NARROWEST:
                break
            widths[widest] -= 1
            over -= 1
        return widths
