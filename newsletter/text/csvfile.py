"""Reads the CSV that people have: any delimiter, encoding and line end, and lines that are broken.

The standard library's csv does the splitting. Around it: a quote that is never closed spoils its own line only, not
the rest of the file, nobody vanishes into a neighbour's cell, and every record knows the physical line on which it
begins.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import count, islice
from typing import BinaryIO

from newsletter.errors import NewsletterError
from newsletter.text.roster import Columns

BLOCK = 2_000  # lines read at a time: what keeps memory flat
_LONGEST_RECORD = 200  # lines that one quoted field may run over before its quote counts as a slip
_DELIMITERS = ",;\t|"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NAMED_DELIMITER = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # a first line that Excel writes and reads
_ADDRESS = re.compile(r'[^\s@,;"]+@[^\s@,;"]+\.[^\s@,;"]+').fullmatch
_LONGEST_CELL = csv.field_size_limit()  # beyond it csv gives up
_UNCLOSED = "a quotation mark in this line is never closed; remove it, or close it"
_TOO_LONG = f"a cell of this line is longer than {_LONGEST_CELL:,} characters; shorten it"
_END = "end"  # read after some lines, it is a record of its own when no quote is open before it
_FIRST = 16  # characters: every usual picture, archive or sound has a control character among them, and no list has
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

Record = tuple[int, list[str]]
Broken = tuple[int, str, str]


class CsvFile:
    """`header` is the first record that is not blank; `blocks` gives what follows, in bounded pieces.

    `line` is the number of the line that was read last.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """`file` is read from where it stands. Raises NewsletterError when it is no text, or empty."""
        head, rest = _peek(file)
        if head.startswith(_WORKBOOKS):
            raise NewsletterError(f"{name} is a spreadsheet's own format. Save it as CSV (UTF-8) and import that.")
        encoding = _encoding(head)
        if _CONTROL.search(head.decode(encoding, "replace")[:_FIRST]):
            raise NewsletterError(
                f"{name} is no text file, so no list can be read from it. Save the list as CSV (UTF-8)."
            )
        self._lines: Iterator[str] = _text(rest, encoding)
        self.line = 0  # physical lines handed out
        first = self._first_line()
        named = _NAMED_DELIMITER.fullmatch(first.strip())
        first = self._first_line() if named else first
        if not first:
            raise NewsletterError(f"{name} is empty. It needs a header line such as: email,name")
        self.delimiter = named[1] if named else max(_DELIMITERS, key=first.count)
        self.header_line = self.line
        try:
            self.header = next(self._split([_mended(first)]))
        except csv.Error:
            raise NewsletterError(
                f"{name}:{self.line}: the header has a cell of more than {_LONGEST_CELL:,} characters. "
                "The first line names the columns, such as: email,name"
            ) from None
        self.columns = Columns(self.header)

    def blocks(self) -> Iterator[tuple[list[Record], list[Broken]]]:
        """Records as (line, cells), and lines that cannot be read as (line, text, why). A blank line has no cells."""
        while lines := self._next_lines(BLOCK):
            text = "".join(lines)
            if not text.isascii() and _has_surrogates(text):
                lines = [_mended(line) for line in lines]
            start = self.line - len(lines) + 1
            rows = self._whole(lines, quoted='"' in text)
            if rows is not None:
                yield list(zip(count(start), rows, strict=False)), []
            else:
                yield self._carefully(lines, start)

    def _whole(self, lines: list[str], *, quoted: bool) -> list[list[str]] | None:
        """The rows when every line is a record of its own, None when some quote reaches beyond its line."""
        if quoted and any(line.count('"') & 1 for line in lines):
            return None
        try:
            rows = list(self._split([*lines, _END] if quoted else lines))
        except csv.Error:
            return None
        return rows[: len(lines)] if len(rows) == len(lines) + quoted else None

    def _carefully(self, lines: list[str], start: int) -> tuple[list[Record], list[Broken]]:
        records: list[Record] = []
        broken: list[Broken] = []
        at = 0
        while at < len(lines):
            taken, row = self._record(lines, at)
            if row is None:
                broken.append((start + at, lines[at].rstrip("\r\n"), self._why(lines[at])))
            elif row:
                records.append((start + at, row))
            at += taken
        return records, broken

    def _record(self, lines: list[str], at: int) -> tuple[int, list[str] | None]:
        """How many lines the record at `at` takes, and its cells; None when it cannot be read.

        A record of several lines is believed only when it is written as csv writes them, has as many cells as the
        header, and holds no line that is a reader of its own: else the quote that opens it is a slip, and the lines
        behind it are records of their own.
        """
        if (row := self._closed(lines[at : at + 1])) is not None or len(lines[at]) > _LONGEST_CELL:
            return 1, row
        quotes = lines[at].count('"')
        for taken in range(2, _LONGEST_RECORD + 1):
            if at + taken > len(lines):
                lines.extend(_mended(line) for line in self._next_lines(1))
            if at + taken > len(lines):
                break
            quotes += lines[at + taken - 1].count('"')
            if quotes % 2 == 0:
                row = self._closed(lines[at : at + taken], strict=True)
                believed = row and len(row) == len(self.header) and not self._swallows(lines[at : at + taken], row)
                return (taken, row) if believed else (1, None)
        return 1, None

    def _why(self, line: str) -> str:
        """What is wrong with a line that begins no record."""
        try:
            next(self._split([line]))
        except csv.Error:
            return _TOO_LONG
        return _UNCLOSED

    def _closed(self, lines: list[str], *, strict: bool = False) -> list[str] | None:
        """The cells of one record, None while a quote is open at its end; `strict`: or when text follows a quote."""
        try:
            rows = list(self._split([*lines, _END], strict=strict))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 2 else None

    def _swallows(self, lines: list[str], row: list[str]) -> bool:
        """Whether one of a record's lines, read by itself, begins somebody else.

        A line of a note may begin with an address too; so it takes as many cells, or one more quote that stays open,
        unless the record is nobody's anyway.
        """
        theirs = self.columns.address(row)
        for line in (lines[0].replace('"', ""), *lines[1:]):
            alone = list(self._split([line, _END]))
            address = self.columns.address(alone[0])
            whole = len(alone[0]) >= len(row) or len(alone) == 1 or not _ADDRESS(theirs)
            if whole and address != theirs and _ADDRESS(address):
                return True
        return False

    def _split(self, lines: list[str], *, strict: bool = False) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, strict=strict)

    def _next_lines(self, most: int) -> list[str]:
        lines = list(islice(self._lines, most))
        self.line += len(lines)
        return lines

    def _first_line(self) -> str:
        """The next line that is not blank, "" at the end."""
        while lines := self._next_lines(1):
            if lines[0].strip():
                return lines[0]
        return ""


def _peek(file: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first bytes, and a file that begins with them again."""
    buffered = io.BufferedReader(file, 1 << 20)  # type: ignore[type-var]  # BinaryIO is raw enough
    return buffered.peek(4096)[:4096], buffered


def _text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Bytes that are no UTF-8 can be looked at again; half a character of UTF-16 tells nothing."""
    return io.TextIOWrapper(
        file, encoding, "surrogateescape" if encoding.startswith("utf-8") else "replace", newline=""
    )


def _encoding(head: bytes) -> str:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) > len(head) // 4 else "utf-8"


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _mended(line: str) -> str:
    """A line that is no UTF-8 is taken for Windows-1252, as Excel writes it; its neighbours stay what they are."""
    if not _has_surrogates(line):
        return line
    return line.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
