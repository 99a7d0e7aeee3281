"""A table that fits the terminal: numbers, states and times stay whole, titles give way, names and addresses last.

Where even that does not fit, it is a list, row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from newsletter.cli.markup import bare, styled

_GAP = 3  # what rich puts between two columns
_NARROWEST = {"": 8, "last": 20}  # of the columns that give way, the first to do so first


class Sheet:
    """Columns are headings, or (heading, way); cells are rich markup.

    `right` and `whole` are never shortened, `last` when nothing else can be, and in its middle; the others are, the
    widest first. `below` stands on a line of its own where the table has no room for it.
    """

    def __init__(self, columns: Sequence[str | tuple[str, str]]) -> None:
        self._columns = [column if isinstance(column, tuple) else (column, "") for column in columns]
        self._rows: list[tuple[str, ...]] = []
        self._former = [0] * len(self._columns)  # the widths of the pages before

    def add_row(self, *cells: str) -> None:
        self._rows.append(cells)

    def turn_page(self) -> None:
        """What is added from now on stands below what was shown, without headings, in columns as wide at least."""
        self._former = self._wanted()
        self._rows = []

    def leave_out(self, heading: str) -> None:
        """Without the column of that heading."""
        gone = [name for name, _ in self._columns].index(heading)
        self._columns.pop(gone)
        self._former.pop(gone)
        self._rows = [(*row[:gone], *row[gone + 1 :]) for row in self._rows]

    def fitting(self, width: int) -> RenderableType:
        """The table as rich prints it, at most `width` wide: where its whole columns do not allow that, as a list."""
        below = [index for index, (_, way) in enumerate(self._columns) if way == "below"]
        if below and _across(self._wanted()) > width:
            return self._above(below, width)
        return self._table(range(len(self._columns)), width)

    def lines(self) -> Iterator[str]:
        """The page as plain lines, nothing shortened: what a pipe gets, in a tenth of the time."""
        widths = self._wanted()
        if not any(self._former):
            yield self._line([heading for heading, _ in self._columns], widths)
            yield "─" * _across(widths)
        for row in self._rows:
            yield self._line([bare(cell) for cell in row], widths)

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = []
        for cell, wide, (_, way) in zip(cells, widths, self._columns, strict=True):
            room = " " * (wide - cell_len(cell))
            padded.append(room + cell if way == "right" else cell + room)
        return (" " * _GAP).join(padded).rstrip()

    def _above(self, below: Sequence[int], width: int) -> RenderableType:
        """The other columns, and what `below` says under each row."""
        rest = [index for index in range(len(self._columns)) if index not in below]
        widths = self._widths(rest, width)
        if _across(widths) > width:
            return self._listed()
        parts: list[RenderableType] = []
        for told, rows in groupby(self._rows, key=lambda row: tuple(row[index] for index in below)):
            for some in [[row] for row in rows] if any(told) else [list(rows)]:
                parts.append(self._drawn(rest, widths, some, headed=not parts and not any(self._former)))
                for index, words in zip(below, told, strict=True):
                    if words:
                        said = styled(f"[dim]{self._columns[index][0]}: {words}[/]")
                        parts.append(Padding(said, (0, 0, 0, 2)))
        return Group(*parts)

    def _table(self, shown: Sequence[int], width: int) -> RenderableType:
        widths = self._widths(shown, width)
        if _across(widths) > width:  # rich would cut numbers and times, and "…" is no number
            return self._listed()
        return self._drawn(shown, widths, self._rows, headed=not any(self._former))

    def _drawn(
        self, shown: Sequence[int], widths: Sequence[int], rows: Sequence[tuple[str, ...]], *, headed: bool
    ) -> Table:
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", border_style="dim")
        made.show_header = headed
        for index, wide in zip(shown, widths, strict=True):
            heading, way = self._columns[index]
            made.add_column(heading, no_wrap=True, overflow="ellipsis", width=wide)
            if way == "right":
                made.columns[-1].justify = "right"
        for row in rows:
            made.add_row(*(self._cell(index, row[index], wide) for index, wide in zip(shown, widths, strict=True)))
        return made

    def _cell(self, index: int, cell: str, wide: int) -> Text:
        return _without_middle(cell, wide) if self._columns[index][1] == "last" else styled(cell)

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
                    made.add_row(heading, styled(cell))
        return made

    def _wanted(self) -> list[int]:
        texts = [tuple(heading for heading, _ in self._columns), *self._rows]
        wanted = [max(cell_len(bare(cell)) for cell in cells) for cells in zip(*texts, strict=True)]
        return [max(both) for both in zip(wanted, self._former, strict=True)]

    def _widths(self, shown: Sequence[int], width: int) -> list[int]:
        """How wide each column of `shown` is."""
        every = self._wanted()
        widths = [every[index] for index in shown]
        for way, narrowest in _NARROWEST.items():
            giving = [place for place, index in enumerate(shown) if self._columns[index][1] == way]
            while giving and _across(widths) > width:
                widest = max(giving, key=lambda place: widths[place])
                if widths[widest] <= narrowest:
                    break
                widths[widest] -= 1
        return widths


def _across(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _without_middle(cell: str, wide: int) -> Text:
    """Of a name or an address both ends tell more than its beginning alone."""
    text = styled(cell)
    if text.cell_len <= wide:
        return text
    half = (len(text) + 1) // 2
    head, tail = text[:half], text[half:]
    while head.cell_len + 1 + tail.cell_len > wide:
        if head.cell_len > tail.cell_len:
            head = head[:-1]
        else:
            tail = tail[1:]
    return head + Text("…") + tail
