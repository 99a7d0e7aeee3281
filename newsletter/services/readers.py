"""What the operator does to subscribers: add, remove, erase, list, export, look at one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TextIO

from sqlalchemy import Connection

from newsletter.domain.subscriber import Consent, ConsentAction, ConsentMethod, Dossier, Subscription, SubscriptionState
from newsletter.errors import AddressError, NotFound, WrongState
from newsletter.services.subscribe import SignUp, leave, sign_up
from newsletter.store import consents, erasure, subscribers
from newsletter.store.database import Database
from newsletter.store.serial import one_at_a_time
from newsletter.text.address import normalise
from newsletter.text.roster import harmless
from newsletter.text.token import Signer

EXPORT_COLUMNS = ("email", "name", "newsletter", "edition", "state", "since", "tags")
_AT_ONCE = 200  # addresses in a transaction: others want to write too


class NoAddress(NamedTuple):
    """What was given as an address, and why it is none."""

    value: str
    reason: str


class Removed(NamedTuple):
    """What became of those who were to be unsubscribed; the first two hold addresses."""

    unsubscribed: list[str]
    not_subscribed: list[str]
    refused: list[NoAddress]


def add(database: Database, signer: Signer, wish: SignUp, now: datetime) -> Subscription:
    """Asks the reader to confirm; returns their subscription as it stands then.

    Raises AddressError; WrongState, and nothing is written down, for an address that is never mailed.
    """
    email = normalise(wish.email)
    with database.read() as connection:
        _must_be_mailable(connection, signer.person(email), email)
    sign_up(database, signer, wish, now)
    with database.read() as connection:
        reader = subscribers.find(connection, email)
        found = subscribers.subscription(connection, reader.id, wish.newsletter) if reader else None
    if found is None:
        raise NotFound(f"{email} was added, and erased or changed by somebody else in the same moment.")
    return found


def add_active(database: Database, signer: Signer, wish: SignUp, now: datetime) -> Subscription:
    """Subscribes at once: the operator vouches for the reader's consent.

    Raises AddressError, or WrongState for one who left or is never mailed: only they can come back, by signing up.
    """
    email = normalise(wish.email)
    person = signer.person(email)
    with database.write() as connection:
        one_at_a_time(connection, person)
        _must_be_mailable(connection, person, email)
        reader = subscribers.create(connection, email, wish.name, now)
        found = subscribers.subscription(connection, reader.id, wish.newsletter)
        if found and found.state is SubscriptionState.UNSUBSCRIBED:
            raise WrongState(
                f"{email} unsubscribed on {found.since:%Y-%m-%d}; only they can come back. "
                "Without --active they are asked to confirm."
            )
        if found is None or found.state is SubscriptionState.PENDING or found.edition != wish.edition:
            active = SubscriptionState.ACTIVE
            subscribers.subscribe(connection, reader.id, wish.newsletter, wish.edition, active, now)
            consent = Consent(
                now, ConsentAction.ADDED, wish.newsletter, wish.edition, wish.method, wish.origin, wish.words
            )
            consents.append(connection, person, consent)
        if wish.name and wish.name != reader.name:
            subscribers.rename(connection, reader.id, wish.name)
        done = subscribers.subscription(connection, reader.id, wish.newsletter)
        assert done is not None
        return done


def _must_be_mailable(connection: Connection, person: bytes, email: str) -> None:
    if reason := subscribers.suppressed(connection, person):
        raise WrongState(
            f"{email} is on the list of addresses that are never mailed ({reason}); nothing was changed. "
            "If its owner wants to come back, `newsletter subscribers add --again` asks them to confirm."
        )


def remove(
    database: Database, signer: Signer, emails: Iterable[str], newsletter: str | None, origin: str, now: datetime
) -> Removed:
    """Unsubscribes many: from one newsletter, or from all. What is no address is reported and stops nothing."""
    wanted, refused = _addresses(emails)
    done: list[str] = []
    kept: list[str] = []
    for begin in range(0, len(wanted), _AT_ONCE):
        batch = wanted[begin : begin + _AT_ONCE]
        with database.write() as connection:
            one_at_a_time(connection, *map(signer.person, batch))
            for email in batch:
                theirs = [one for one in _of(connection, email) if newsletter in (None, one.newsletter)]
                ended = [leave(connection, signer, one, ConsentMethod.OPERATOR, origin, now) for one in theirs]
                (done if any(ended) else kept).append(email)
    return Removed(done, kept, refused)


def erase(database: Database, signer: Signer, email: str, origin: str, now: datetime) -> None:
    """Deletes the person; the keyed hash of the address stays, so that it is never mailed again, and the consents.

    Raises AddressError; NotFound, and nothing is written down, when nobody has that address: it may be a slip.
    """
    address = normalise(email)
    person = signer.person(address)
    with database.write() as connection:
        one_at_a_time(connection, person)
        erasure.overwrite_what_is_freed(connection)
        reader = subscribers.find(connection, address)
        if reader is None:
            before = subscribers.suppressed(connection, person)
            known = (
                f"It is already an address that is never mailed ({before})."
                if before
                else "`newsletter subscribers list` shows all."
            )
            raise NotFound(f"nobody has the address {address}; nothing was changed. {known}")
        subscribers.suppress(connection, person, "erased", now)
        consents.keep(connection, reader.id, person)
        consents.append(connection, person, Consent(now, ConsentAction.ERASED, "", "", ConsentMethod.OPERATOR, origin))
        erasure.erase(connection, reader.id, person, now)
    erasure.empty_the_log(database)


def let_back(database: Database, signer: Signer, email: str, origin: str, now: datetime) -> None:
    """An address that was never to be mailed may be again, for its owner wants it: the record says who let it.

    Subscribes nobody. Changes nothing for any other address. Raises AddressError.
    """
    person = signer.person(normalise(email))
    with database.write() as connection:
        one_at_a_time(connection, person)
        if subscribers.let_back(connection, person):
            consents.append(
                connection, person, Consent(now, ConsentAction.LET_BACK, "", "", ConsentMethod.OPERATOR, origin)
            )


def about(database: Database, signer: Signer, email: str) -> Dossier:
    """What is known of an address, its record of consent included.

    Raises AddressError; NotFound when nothing at all is known of it.
    """
    address = normalise(email)
    hashed = signer.person(address)
    with database.read() as connection:
        reader = subscribers.find(connection, address)
        suppressed = subscribers.suppressed(connection, hashed) or ""
        if reader is None:
            record, theirs = consents.of(connection, hashed), []
        else:
            record = consents.of_subscriber(connection, reader.id, hashed)
            theirs = subscribers.subscriptions_of(connection, reader.id)
    if reader is None and not record and not suppressed:
        raise NotFound(f"nothing is known of {address}; `newsletter subscribers list` shows who there is.")
    name, tags = (reader.name, reader.tags) if reader else ("", ())
    return Dossier(address, name, tags, suppressed, tuple(theirs), tuple(record))


def listing(
    database: Database, newsletter: str | None = None, state: SubscriptionState | None = None
) -> Iterator[Subscription]:
    """In the order of addresses, streamed."""
    with database.read() as connection:
        yield from subscribers.listing(connection, newsletter, state)


def export(database: Database, file: TextIO, newsletter: str | None = None) -> int:
    """Writes CSV that a spreadsheet opens without running anything in it, and that `import` reads again.

    Returns the number of lines below the header.
    """
    writer = csv.writer(file)
    writer.writerow(EXPORT_COLUMNS)
    number = 0
    for one in listing(database, newsletter):
        reader = one.subscriber
        since = one.since.isoformat(timespec="seconds")
        row = (reader.email, reader.name, one.newsletter, one.edition, one.state, since, ", ".join(reader.tags))
        writer.writerow([harmless(cell) for cell in row])
        number += 1
    return number


def _addresses(emails: Iterable[str]) -> tuple[list[str], list[NoAddress]]:
    found: list[str] = []
    refused: list[NoAddress] = []
    for email in emails:
        try:
            found.append(normalise(email))
        except AddressError as error:
            refused.append(NoAddress(email, str(error)))
    return found, refused


def _of(connection: Connection, email: str) -> list[Subscription]:
    reader = subscribers.find(connection, email)
    return subscribers.subscriptions_of(connection, reader.id) if reader else []
