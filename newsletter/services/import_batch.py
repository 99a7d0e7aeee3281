"""One batch of an import: what is staged from the file's lines, and how it goes into the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.subscriber import Consent, ConsentAction, ConsentMethod, SubscriptionState
from newsletter.services.subscribe import ask_to_confirm
from newsletter.store import consents, staging, subscribers
from newsletter.store.database import Database
from newsletter.store.serial import all_at_once
from newsletter.store.staging import Kind, Known, Staged
from newsletter.text.roster import Entry
from newsletter.text.token import Signer

MOST_ODD = 1_000  # different words that are kept for the report
MOST_REFUSED = 100_000  # so many lines are kept for the report; the rest is counted
LONGEST_SHOWN = 254  # characters: any address that can be mailed is shown whole
LEFT = "The list says that they have left."  # in the record of consent of those for whom nobody vouches
ACTIVE, PENDING, UNSUBSCRIBED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.UNSUBSCRIBED


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
    state: SubscriptionState = ACTIVE
    origin: str = "the list"

    @property
    def words(self) -> str:
        """What stands in the record of consent."""
        if self.state is ACTIVE:
            return "The importer vouches for the readers' consent."
        return "The importer has the readers asked for their consent."


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """`line` counts the file's lines from 1; `value` is the address as written, or the line when it has none."""

    line: int
    value: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """`refused` holds the first MOST_REFUSED of the `refused_count` lines that did not come in.

    `left` of the added ones have unsubscribed, by what the list says: they are on record, and get nothing. `waiting` of
    them have to confirm, and were not asked. `unplaced` of them are in the edition of those whose line names none.
    `unsubscribed` of the updated ones were subscribed here until the list said that they have left. `asked` counts the
    mails that were queued to ask for a confirmation. `odd_states` and `odd_dates` are what lines say in words that are
    not understood, with how many say so: their readers have to confirm, or are of no date. `left_alone` are the titles
    of columns that mean nothing here.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    left: int = 0
    waiting: int = 0
    unplaced: int = 0
    unsubscribed: int = 0
    asked: int = 0
    refused_count: int = 0
    refused: list[RefusedLine] = field(default_factory=list)
    odd_states: Counter[str] = field(default_factory=Counter)
    odd_dates: Counter[str] = field(default_factory=Counter)
    left_alone: list[str] = field(default_factory=list)

    def odd(self, entry: Entry) -> None:
        """Counts what a line says in words that are not understood."""
        for word, words in ((entry.odd_state, self.odd_states), (entry.odd_date, self.odd_dates)):
            if word and (len(words) < MOST_ODD or shown(word) in words):
                words[shown(word)] += 1

    def count(self, changed: bool) -> None:
        if changed:
            self.updated += 1
        else:
            self.unchanged += 1

    def refuse(self, line: int, value: str, reason: str) -> None:
        self.refused_count += 1
        if len(self.refused) < MOST_REFUSED:
            self.refused.append(RefusedLine(line, shown(value), reason))

    def add(self, other: ImportReport) -> None:
        self.added += other.added
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.left += other.left
        self.waiting += other.waiting
        self.unplaced += other.unplaced
        self.unsubscribed += other.unsubscribed
        self.asked += other.asked
        self.refused_count += other.refused_count
        self.refused += other.refused[: MOST_REFUSED - len(self.refused)]
        self.odd_states += other.odd_states
        self.odd_dates += other.odd_dates


def shown(text: str) -> str:
    """So much of what stands in a file as a person wants to read again."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


class Batch:
    """Readers to be, by address. `lines` knows where each stands in the list.

    `again` holds the further lines of an address: where they stand, and whether they said anything new.
    """

    def __init__(self, target: Target, now: datetime) -> None:
        self._target, self._now = target, now
        self._editions = {key.lower(): key for key in target.editions}
        self.staged: dict[str, Staged] = {}
        self.lines: dict[str, int] = {}
        self.again: dict[str, list[tuple[int, bool]]] = {}
        self.kinds: dict[Kind, int] = {}
        self.by_number: list[Kind] = []
        self.plain_kinds = {key: self.kind(Entry("", edition=key)) for key in ("", *target.editions)}
        """By the cell of the edition: the kind of a reader of whom the line says nothing else."""

    def add(self, line: int, email: str, entry: Entry) -> None:
        self.staged[email] = (email, entry.name, self.kind(entry))
        self.lines[email] = line

    def merge(self, line: int, email: str, entry: Entry) -> None:
        """An address that stands twice in the list: the later line counts, but who left in either has left."""
        before = self.staged[email]
        old = self.by_number[before[2]]
        both = entry._replace(
            tags=tuple(dict.fromkeys((*old.tags, *entry.tags))),
            edition=entry.edition or old.edition,
            state=UNSUBSCRIBED if old.state == UNSUBSCRIBED else entry.state,
            since=entry.since or old.since,
        )
        self.staged[email] = (email, entry.name or before[1], self.kind(both))
        self.again.setdefault(email, []).append((line, self.staged[email] != before))

    def kind(self, entry: Entry) -> int:
        """The number of what the entry has in common with others."""
        state = self._target.state if entry.state is ACTIVE else entry.state
        edition = self._editions.get(entry.edition.lower(), "")
        since = entry.since if entry.since and entry.since < self._now else self._now
        kind = Kind(entry.tags, edition, state, since)
        if (number := self.kinds.get(kind)) is None:
            number = self.kinds[kind] = len(self.kinds)
            self.by_number.append(kind)
        return number


class Storing:
    """Puts batches into the database, each in one transaction."""

    def __init__(self, database: Database, signer: Signer, target: Target, now: datetime) -> None:
        """Records that the list came in: one line of consent for all its readers."""
        self._database, self._signer, self._target, self._now = database, signer, target, now
        with database.write() as connection:
            self._list = staging.new_list(connection, target.origin, target.words, now)
            self._left_list: int | None = None

    def store(self, batch: Batch) -> ImportReport:
        report = ImportReport()
        if not batch.staged:
            return report
        with self._database.write() as connection:
            all_at_once(connection)
            staging.open_stage(connection, batch.kinds, batch.staged.values(), self._target.edition)
            done = self._refuse_suppressed(connection, batch, report)
            gone = {number for number, kind in enumerate(batch.by_number) if kind.state == UNSUBSCRIBED}
            for reader in staging.known(connection, self._target.newsletter):
                if reader.email not in done:
                    changed = self._update(connection, reader, batch)
                    if reader.state is not None:
                        left = batch.staged[reader.email][2] in gone and reader.state != UNSUBSCRIBED
                        report.unsubscribed += left
                        report.count(changed)
                        done.add(reader.email)
            staging.unstage(connection, done)
            lists = (self._list, self._list_of_those_who_left(connection) if gone else self._list)
            staging.add_staged(connection, self._target.newsletter, lists, self._now)
            staging.close_stage(connection)
            if self._target.state is PENDING:
                report.asked = self._ask(connection, batch)
        self._count_added(batch, done, report)
        for email, lines in batch.again.items():
            for _, changed in lines:
                report.count(changed and email not in done)  # who was there before is counted by their first line
        return report

    def _count_added(self, batch: Batch, done: set[str], report: ImportReport) -> None:
        added = Counter(kind for email, _, kind in batch.staged.values() if email not in done)
        report.added = added.total()
        for number, readers in added.items():
            kind = batch.by_number[number]
            report.unplaced += readers if not kind.edition else 0
            report.left += readers if kind.state == UNSUBSCRIBED else 0
            report.waiting += readers if kind.state == PENDING and self._target.state is not PENDING else 0

    def _list_of_those_who_left(self, connection: Connection) -> int:
        """A line of consent of their own, once for the file: nobody vouches for them."""
        if self._left_list is None:
            self._left_list = staging.new_list(connection, self._target.origin, LEFT, self._now)
        return self._left_list

    def _refuse_suppressed(self, connection: Connection, batch: Batch, report: ImportReport) -> set[str]:
        if not staging.any_suppressed(connection):  # asked for each batch: somebody may be erased meanwhile
            return set()
        found = staging.suppressed(connection, {self._signer.person(email): email for email in batch.staged})
        for email, reason in found.items():
            again = [line for line, _ in batch.again.pop(email, ())]
            for line in (batch.lines[email], *again):
                report.refuse(line, email, f"this address is never mailed ({reason})")
        return set(found)

    def _update(self, connection: Connection, reader: Known, batch: Batch) -> bool:
        """Brings a reader who is known up to date with their line; whether that changed anything."""
        _, name, number = batch.staged[reader.email]
        kind = batch.by_number[number]
        tags = list(dict.fromkeys((*reader.tags, *kind.tags)))
        if renamed := bool(name) and name != reader.name:
            subscribers.rename(connection, reader.subscriber, name)
        if retagged := tags != reader.tags:
            subscribers.retag(connection, reader.subscriber, tags)
        changed = reader.state is not None and self._resubscribe(connection, reader, kind)
        return changed or renamed or retagged

    def _resubscribe(self, connection: Connection, reader: Known, kind: Kind) -> bool:
        """Who left stays so, whatever the list says; who has left by the list leaves here too."""
        newsletter = self._target.newsletter
        edition = kind.edition or reader.edition or self._target.edition
        if reader.state == UNSUBSCRIBED:
            return False
        if kind.state == UNSUBSCRIBED or (kind.state == ACTIVE and reader.state == PENDING):
            state = SubscriptionState(kind.state)
            subscribers.subscribe(connection, reader.subscriber, newsletter, edition, state, self._now)
            if state is ACTIVE:
                self._record(connection, reader.email, ConsentAction.IMPORTED, edition, self._target.words)
            else:
                self._record(connection, reader.email, ConsentAction.UNSUBSCRIBED, edition, LEFT)
            return True
        if edition != reader.edition:
            subscribers.move(connection, reader.subscriber, newsletter, edition)
            self._record(connection, reader.email, ConsentAction.MOVED, edition, self._target.words)
            return True
        return False

    def _ask(self, connection: Connection, batch: Batch) -> int:
        """Asks everybody of the batch who waits for it to confirm; returns how many mails were queued."""
        asked = 0
        for email in batch.staged:
            reader = subscribers.find(connection, email)
            found = reader and subscribers.subscription(connection, reader.id, self._target.newsletter)
            if found and found.state is PENDING:
                asked += ask_to_confirm(connection, self._signer, found, found.edition, self._now)
        return asked

    def _record(self, connection: Connection, email: str, action: ConsentAction, edition: str, words: str) -> None:
        target = self._target
        consent = Consent(self._now, action, target.newsletter, edition, ConsentMethod.IMPORT, target.origin, words)
        consents.append(connection, self._signer.person(email), consent)
