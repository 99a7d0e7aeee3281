"""Brings a list of readers in from a CSV file of any size, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import BinaryIO

from newsletter.errors import AddressError, NewsletterError
from newsletter.services.import_batch import MOST_ODD, Batch, ImportReport, RefusedLine, Storing, Target, shown
from newsletter.store.database import Database
from newsletter.text.address import is_plain, normalise
from newsletter.text.csvfile import CsvFile, Record
from newsletter.text.roster import Columns, Entry, is_plain_name
from newsletter.text.token import Signer

__all__ = ["ImportReport", "RefusedLine", "Target", "import_file"]

BATCH = 50_000  # readers in one transaction: it holds SQLite's write lock for well under a second
SHARED_BATCH = 10_000  # the same on PostgreSQL, where nobody else changes a reader meanwhile


def import_file(
    database: Database,
    signer: Signer,
    file: BinaryIO,
    target: Target,
    now: datetime,
    progress: Callable[[int], None] = lambda line: None,
) -> ImportReport:
    """Reads the file to its end; a line that cannot be used is reported and never stops the rest.

    Readers who left, and addresses that are never mailed, stay so. `progress` hears the line it has come to.
    Raises NewsletterError when the file is no CSV, or its header has no column of addresses.
    """
    table = CsvFile(file, target.origin)
    columns = table.columns
    if not columns.has_addresses and any("@" in cell for cell in table.header):
        raise NewsletterError(
            f"{target.origin}:{table.header_line}: the file has no header line. Put one above its first line, "
            "like `email,name`."
        )
    if not columns.has_addresses:
        raise NewsletterError(
            f"{target.origin}:{table.header_line}: no column of addresses among {shown(', '.join(table.header))!r}. "
            "The first line names the columns, and one of them is `email`."
        )
    most = BATCH if database.is_sqlite else SHARED_BATCH
    run = _Import(Storing(database, signer, target, now), target, now)
    with run.thread:
        for records, broken in table.blocks():
            for refused in broken:
                run.report.refuse(*refused)
            run.take(records, columns)
            if len(run.batch.staged) >= most:
                run.hand_over()
            progress(table.line)
        run.hand_over()
        run.wait()
    run.report.left_alone = [shown(title) for title in columns.left_alone[:MOST_ODD] if title.strip()]
    run.report.refused.sort(key=lambda refused: refused.line)
    return run.report


class _Import:
    """The batch that is being filled, while the database takes the one before it in a thread of its own."""

    def __init__(self, storing: Storing, target: Target, now: datetime) -> None:
        self._storing, self._target, self._now = storing, target, now
        self._editions = {key.lower() for key in target.editions}
        self._stored: Future[ImportReport] | None = None
        self.thread = ThreadPoolExecutor(1, "import")
        self.report = ImportReport()
        self.batch = Batch(target, now)

    def take(self, records: Iterable[Record], columns: Columns) -> None:
        """Stages the readers of some lines. Nearly all lines are plain, and then this loop is all that they cost."""
        staged, lines, width = self.batch.staged, self.batch.lines, columns.width
        email_at, name_at, edition_at = columns.email, columns.name, columns.edition
        plain_kinds = {} if columns.has_more else self.batch.plain_kinds
        for line, row in records:
            if len(row) == width:
                email = row[email_at]
                name = row[name_at] if name_at is not None else ""
                kind = plain_kinds.get(row[edition_at] if edition_at is not None else "")
                if kind is not None and is_plain(email) and is_plain_name(name) and email not in staged:
                    staged[email] = (email, name, kind)
                    lines[email] = line
                    continue
            self._take_one(line, columns.entry(row), row)

    def hand_over(self) -> None:
        """Gives the batch to the database and begins a new one. Two are in memory, never more."""
        self.wait()
        self._stored = self.thread.submit(self._storing.store, self.batch)
        self.batch = Batch(self._target, self._now)

    def wait(self) -> None:
        """Until the database has taken what it was given. Raises what that raised."""
        if self._stored is not None:
            self.report.add(self._stored.result())
            self._stored = None

    def _take_one(self, line: int, entry: Entry, row: list[str]) -> None:
        try:
            email = normalise(entry.email)
        except AddressError as error:
            if any(cell.strip() for cell in row):
                self.report.refuse(line, entry.email or " ".join(row).strip(), str(error))
            return
        if reason := self._misplaced(entry):
            self.report.refuse(line, entry.email, reason)
            return
        if entry.since and entry.since > self._now:  # nobody has signed up, or left, by then
            entry = entry._replace(since=None, odd_date=f"{entry.since:%Y-%m-%d}")
        self.report.odd(entry)
        if email in self.batch.staged:
            self.batch.merge(line, email, entry)
        else:
            self.batch.add(line, email, entry)

    def _misplaced(self, entry: Entry) -> str:
        """Why the line belongs elsewhere, "" when it does not."""
        target = self._target
        if entry.newsletter != target.newsletter and entry.newsletter in target.newsletters:
            return f"this line is about the newsletter {entry.newsletter}"
        if entry.edition and entry.edition.lower() not in self._editions:
            return f"there is no edition {shown(entry.edition)!r}; there are {', '.join(target.editions)}"
        return ""
