"""Brings a list of readers in from a CSV file of any size, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Connection

from newsletter.domain.subscriber import Consent, SubscriptionState
from newsletter.errors import AddressError, NewsletterError
from newsletter.services.subscribe import ask_to_confirm
from newsletter.store import consents, staging, subscribers
from newsletter.store.database import Database
from newsletter.store.staging import Kind, Known, Staged
from newsletter.text.address import is_plain, normalise
from newsletter.text.csvfile import CsvFile, Record
from newsletter.text.roster import Columns, Entry, is_plain_name
from newsletter.text.token import Signer

BATCH = 50_000  # readers in one transaction: it holds SQLite's write lock for well under a second
MOST_REFUSED = 100_000  # so many lines are kept for the report; the rest is counted
_ACTIVE, _PENDING, _UNSUBSCRIBED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.UNSUBSCRIBED
_VOUCHED = "The importer vouches for the readers' consent."
_TO_BE_ASKED = "The importer has the readers asked for their consent."


@dataclass(frozen=True, slots=True)
class Target:
    """Where readers go. `edition` is for those whose line names none.

    `editions` and `newsletters` are the keys there are. State ACTIVE: the importer vouches for their consent;
    PENDING: each is asked to confirm. `origin` says where the list came from (its file's name).
    """

    newsletter: str
    edition: str
    editions: tuple[str, ...]
    newsletters: tuple[str, ...] = ()
    state: SubscriptionState = SubscriptionState.ACTIVE
    origin: str = "the list"


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """`line` counts the file's lines from 1; `value` is the address as written, or the line when it has none."""

    line: int
    value: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """`refused` holds the first MOST_REFUSED of the `refused_count` lines that did not come in."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused_count: int = 0
    refused: list[RefusedLine] = field(default_factory=list)


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
    columns = Columns(table.header)
    if not columns.has_addresses:
        raise NewsletterError(
            f"{target.origin}:{table.header_line}: no column of addresses among {', '.join(table.header)!r}. "
            "The first line names the columns, and one of them is `email`."
        )
    run = _Run(database, signer, target, now)
    for records, broken in table.blocks():
        for line, value in broken:
            run.refuse(line, value, "a quotation mark in this line is never closed")
        run.take(records, columns)
        run.store_when(BATCH)
        progress(table.line)
    run.store_when(1)
    run.report.refused.sort(key=lambda refused: refused.line)
    return run.report


class _Run:
    """One import: what is staged for the next batch, and the report so far."""

    def __init__(self, database: Database, signer: Signer, target: Target, now: datetime) -> None:
        self._database, self._signer, self._target, self._now = database, signer, target, now
        self._words = _VOUCHED if target.state is _ACTIVE else _TO_BE_ASKED
        self._editions = {key.lower(): key for key in target.editions}
        self.report = ImportReport()
        with database.write() as connection:
            self._came_with = staging.new_list(connection, target.origin, self._words, now)
            self._some_suppressed = staging.any_suppressed(connection)
        self._clear()

    def take(self, records: Iterable[Record], columns: Columns) -> None:
        """Stages the readers of some lines. Nearly all lines are plain, and then this loop is all that they cost."""
        staged, width = self._staged, columns.width
        email_at, name_at, edition_at = columns.email, columns.name, columns.edition
        plain_kinds = {} if columns.has_more or self._some_suppressed else self._plain_kinds
        for line, row in records:
            if len(row) == width:
                email = row[email_at]
                name = row[name_at] if name_at is not None else ""
                kind = plain_kinds.get(row[edition_at] if edition_at is not None else "")
                if kind is not None and is_plain(email) and is_plain_name(name) and email not in staged:
                    staged[email] = (email, name, kind)
                    continue
            self._take_one(line, columns.entry(row), row)

    def refuse(self, line: int, value: str, reason: str) -> None:
        self.report.refused_count += 1
        if len(self.report.refused) < MOST_REFUSED:
            self.report.refused.append(RefusedLine(line, value[:400], reason))

    def store_when(self, staged: int) -> None:
        """Writes the batch, in one transaction, when at least so many readers are staged."""
        if len(self._staged) < staged:
            return
        with self._database.write() as connection:
            staging.open_stage(connection, self._kinds, self._staged.values(), self._target.edition)
            done = set(self._refuse_suppressed(connection))
            known = [one for one in staging.known(connection, self._target.newsletter) if one.email not in done]
            for reader in known:
                changed = self._update(connection, reader)
                if reader.state is not None:
                    self._count(changed)
                    done.add(reader.email)
            staging.unstage(connection, done)
            staging.add_staged(connection, self._target.newsletter, self._came_with, self._now)
            staging.close_stage(connection)
            if self._target.state is _PENDING:
                self._ask(connection)
        self.report.added += len(self._staged) - len(done)
        self._clear()

    def _take_one(self, line: int, entry: Entry, row: list[str]) -> None:
        try:
            email = normalise(entry.email)
        except AddressError as error:
            if any(cell.strip() for cell in row):
                self.refuse(line, entry.email or " ".join(row).strip(), str(error))
            return
        if reason := self._misplaced(entry):
            self.refuse(line, entry.email, reason)
            return
        if (before := self._staged.get(email)) is None:
            self._staged[email] = (email, entry.name, self._kind(entry))
            self._lines[email] = line
            return
        after = self._merged(before, entry)
        self._count(after != before)
        self._staged[email] = after

    def _misplaced(self, entry: Entry) -> str:
        """Why the line belongs elsewhere, "" when it does not."""
        if entry.newsletter != self._target.newsletter and entry.newsletter in self._target.newsletters:
            return f"this line is about the newsletter {entry.newsletter}"
        if entry.edition and entry.edition.lower() not in self._editions:
            return f"there is no edition {entry.edition!r}; there are {', '.join(self._target.editions)}"
        return ""

    def _kind(self, entry: Entry) -> int:
        """The number of what the entry has in common with others."""
        state = self._target.state if entry.state is _ACTIVE else entry.state
        edition = self._editions.get(entry.edition.lower(), "")
        since = entry.since if entry.since and entry.since < self._now else self._now
        kind = Kind(entry.tags, edition, state, since)
        if (number := self._kinds.get(kind)) is None:
            number = self._kinds[kind] = len(self._kinds)
            self._by_number.append(kind)
        return number

    def _merged(self, before: Staged, entry: Entry) -> Staged:
        """An address that stands twice in the list: the later line counts, but who left in either has left."""
        old = self._by_number[before[2]]
        kind = self._kind(
            entry._replace(
                tags=tuple(dict.fromkeys((*old.tags, *entry.tags))),
                edition=entry.edition or old.edition,
                state=_UNSUBSCRIBED if old.state == _UNSUBSCRIBED else entry.state,
                since=entry.since or old.since,
            )
        )
        return (before[0], entry.name or before[1], kind)

    def _refuse_suppressed(self, connection: Connection) -> list[str]:
        if not self._some_suppressed:
            return []
        found = staging.suppressed(connection, {self._signer.person(email): email for email in self._staged})
        for email, reason in found.items():
            self.refuse(self._lines[email], email, f"this address is never mailed ({reason})")
        return list(found)

    def _update(self, connection: Connection, reader: Known) -> bool:
        """Brings a reader who is known up to date with their line; whether that changed anything."""
        _, name, number = self._staged[reader.email]
        kind = self._by_number[number]
        tags = list(dict.fromkeys((*reader.tags, *kind.tags)))
        if renamed := bool(name) and name != reader.name:
            subscribers.rename(connection, reader.subscriber, name)
        if retagged := tags != reader.tags:
            subscribers.retag(connection, reader.subscriber, tags)
        changed = reader.state is not None and self._resubscribe(connection, reader, kind)
        return changed or renamed or retagged

    def _resubscribe(self, connection: Connection, reader: Known, kind: Kind) -> bool:
        """Who left stays so, whatever the list says; who has left by the list leaves here too."""
        edition = kind.edition or reader.edition or self._target.edition
        if reader.state == _UNSUBSCRIBED:
            return False
        if kind.state == _UNSUBSCRIBED or (kind.state == _ACTIVE and reader.state == _PENDING):
            state = SubscriptionState(kind.state)
            subscribers.subscribe(connection, reader.subscriber, self._target.newsletter, edition, state, self._now)
            self._record(connection, reader.email, "imported" if state is _ACTIVE else "unsubscribed", edition)
            return True
        if edition != reader.edition:
            subscribers.move(connection, reader.subscriber, self._target.newsletter, edition)
            self._record(connection, reader.email, "moved", edition)
            return True
        return False

    def _ask(self, connection: Connection) -> None:
        """Asks everybody of the batch who waits for it to confirm."""
        for email in self._staged:
            reader = subscribers.find(connection, email)
            found = reader and subscribers.subscription(connection, reader.id, self._target.newsletter)
            if found and found.state is _PENDING:
                ask_to_confirm(connection, self._signer, found, self._now)

    def _record(self, connection: Connection, email: str, action: str, edition: str) -> None:
        newsletter, origin = self._target.newsletter, self._target.origin
        consent = Consent(self._now, action, newsletter, edition, "import", origin, self._words)
        consents.append(connection, self._signer.person(email), consent)

    def _count(self, changed: bool) -> None:
        if changed:
            self.report.updated += 1
        else:
            self.report.unchanged += 1

    def _clear(self) -> None:
        self._staged: dict[str, Staged] = {}
        self._lines: dict[str, int] = {}
        self._kinds: dict[Kind, int] = {}
        self._by_number: list[Kind] = []
        self._plain_kinds = {key: self._kind(Entry("", edition=key)) for key in ("", *self._target.editions)}
