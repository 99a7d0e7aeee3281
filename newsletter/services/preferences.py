"""What readers change about their own subscriptions, on the strength of the link in their mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from newsletter.domain.notice import NewNotice, NoticeKind
from newsletter.domain.subscriber import (
    Consent,
    ConsentAction,
    ConsentMethod,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from newsletter.errors import TokenError
from newsletter.services.subscribe import (
    CONFIRM_WITHIN,
    change_edition,
    leave,
    may_be_mailed,
    one_reader_at_a_time,
    welcome,
)
from newsletter.store import consents, notices, subscribers
from newsletter.store.database import Database
from newsletter.text.address import normalise
from newsletter.text.token import ADDRESS, PREFERENCES, Signer

_GONE = ("This link is about a subscription that no longer exists. You can sign up again at any time.", "gone")
_MOVED_ON = ("This link has been used already, or the address was changed since. Ask for a new one.", "used")
_TAKEN = ("That address already has a subscription of its own, so this one was left as it is.", "taken")
_NEVER_MAILED = (
    "That address is on the list of addresses that are never mailed, so nothing was changed.",
    "never_mailed",
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`newsletter` is the one whose mail the link stood in; `subscriptions` are all that the reader has."""

    reader: Subscriber
    newsletter: str
    subscriptions: tuple[Subscription, ...]

    @property
    def gets_mail(self) -> bool:
        """Whether any mail goes to the reader, or would once they confirm."""
        return any(one.state is not SubscriptionState.UNSUBSCRIBED for one in self.subscriptions)


@dataclass(frozen=True, slots=True)
class AddressChange:
    """What a link to change an address is about; `subscriptions` are all that the reader has."""

    reader: Subscriber
    email: str
    subscriptions: tuple[Subscription, ...]


def preferences(database: Database, signer: Signer, token: str) -> Preferences:
    """What a reader's page shows. Raises TokenError when the link is forged, or the person is gone."""
    subscriber, newsletter = signer.read_subscription(PREFERENCES, token)
    with database.read() as connection:
        return _read(connection, subscriber, newsletter)


def change(
    database: Database,
    signer: Signer,
    token: str,
    name: str,
    editions: Mapping[str, str | None],
    words: Mapping[str, str],
    origin: str,
    now: datetime,
) -> Preferences:
    """Sets the reader's name and, for each newsletter named, its edition; None ends that subscription.

    One that was ended, or never confirmed, begins again when it is given an edition: the link proves who asks.
    Newsletters that the reader never had are left alone. `words` are those of the choice, by newsletter.
    Raises TokenError.
    """
    subscriber, newsletter = signer.read_subscription(PREFERENCES, token)
    with database.write() as connection:
        one_reader_at_a_time(connection, signer, subscriber)
        before = _read(connection, subscriber, newsletter)
        if name != before.reader.name:
            subscribers.rename(connection, subscriber, name)
        for one in before.subscriptions:
            if one.newsletter in editions:
                said = words.get(one.newsletter, "")
                _set(connection, signer, one, editions[one.newsletter], said, origin, now)
        return _read(connection, subscriber, newsletter)


def ask_new_address(database: Database, signer: Signer, token: str, address: str, now: datetime) -> str:
    """Queues a mail to the new address, whose owner must agree; returns it normalised.

    Who gets no mail at all has none to move. The answer is the same whoever has that address, and however often it was
    asked. Raises AddressError, TokenError.
    """
    subscriber, newsletter = signer.read_subscription(PREFERENCES, token)
    email = normalise(address)
    person = signer.person(email)
    with database.write() as connection:
        one_reader_at_a_time(connection, signer, subscriber, person)
        known = _read(connection, subscriber, newsletter)
        own = next((one for one in known.subscriptions if one.newsletter == newsletter), known.subscriptions[0])
        if (
            known.gets_mail
            and email != known.reader.email
            and may_be_mailed(connection, person, NoticeKind.ADDRESS, own.newsletter, now)
        ):
            changes = _changes(connection, signer, known.reader)
            data = {"payload": f"{subscriber}:{changes}:{known.reader.email}:{email}", "subscriber": str(subscriber)}
            asked = NewNotice(NoticeKind.ADDRESS, person, email, own.newsletter, own.edition, data)
            notices.queue(connection, asked, now)
    return email


def new_address(database: Database, signer: Signer, token: str) -> AddressChange:
    """Raises TokenError."""
    with database.read() as connection:
        reader, email = _addressed(connection, signer, token)
        return AddressChange(reader, email, tuple(subscribers.subscriptions_of(connection, reader.id)))


def change_address(database: Database, signer: Signer, token: str, origin: str, now: datetime) -> str:
    """Moves the reader to the new address, which its owner has thereby confirmed; returns it.

    A second time changes nothing. Raises TokenError, also when that address is another reader's or never mailed, or
    the reader has moved on since.
    """
    named = _named(signer, token)
    with database.write() as connection:
        one_reader_at_a_time(connection, signer, named.subscriber, signer.person(named.after))
        reader, email = _addressed(connection, signer, token)
        if reader.email == email:
            return email
        if subscribers.suppressed(connection, signer.person(email)):
            raise TokenError(*_NEVER_MAILED)
        if subscribers.find(connection, email):
            raise TokenError(*_TAKEN)
        subscribers.readdress(connection, reader.id, email)
        before, after = signer.person(reader.email), signer.person(email)
        theirs = subscribers.subscriptions_of(connection, reader.id)
        for one in theirs:
            renewed = Consent(
                now, ConsentAction.ADDRESS_CHANGED, one.newsletter, one.edition, ConsentMethod.LINK, origin
            )
            consents.append(connection, before, renewed)
        consents.take_along(connection, before, after)
        _tell_the_old_address(connection, reader.email, before, theirs, now)
        return email


def _tell_the_old_address(
    connection: Connection, email: str, person: bytes, theirs: Sequence[Subscription], now: datetime
) -> None:
    """The link may have been somebody else's to press: who forwards an issue gives it away."""
    own = next((one for one in theirs if one.state is SubscriptionState.ACTIVE), None)
    if own is None or subscribers.suppressed(connection, person):
        return
    if may_be_mailed(connection, person, NoticeKind.MOVED, own.newsletter, now):
        data = {"subscriber": str(own.subscriber.id)}  # by which an erasure finds it
        told = NewNotice(NoticeKind.MOVED, person, email, own.newsletter, own.edition, data)
        notices.queue(connection, told, now)


def _read(connection: Connection, subscriber: int, newsletter: str) -> Preferences:
    reader = subscribers.get(connection, subscriber)
    theirs = tuple(subscribers.subscriptions_of(connection, subscriber))
    if reader is None or not theirs:
        raise TokenError(*_GONE)
    return Preferences(reader, newsletter, theirs)


def _set(
    connection: Connection,
    signer: Signer,
    one: Subscription,
    edition: str | None,
    words: str,
    origin: str,
    now: datetime,
) -> None:
    person = signer.person(one.subscriber.email)
    if edition is None:
        leave(connection, signer, one, ConsentMethod.PREFERENCES, origin, now)
    elif one.state is SubscriptionState.ACTIVE:
        if edition != one.edition:
            moved = Consent(now, ConsentAction.MOVED, one.newsletter, edition, ConsentMethod.PREFERENCES, origin, words)
            change_edition(connection, signer, one, moved)
    elif not subscribers.suppressed(connection, person):
        chosen = Consent(
            now, ConsentAction.CONFIRMED, one.newsletter, edition, ConsentMethod.PREFERENCES, origin, words
        )
        welcome(connection, signer, one, chosen)


class _Named(NamedTuple):
    """What a link to change an address names; `changes` (see `_changes`) makes it good for one use."""

    subscriber: int
    changes: int
    before: str
    after: str


def _named(signer: Signer, token: str) -> _Named:
    parts = signer.read(ADDRESS, token, CONFIRM_WITHIN).split(":", 3)
    if len(parts) != len(_Named._fields) or not parts[1].isdecimal():  # of a version whose links named no changes
        raise TokenError(*_MOVED_ON)
    return _Named(int(parts[0]), int(parts[1]), *parts[2:])


def _addressed(connection: Connection, signer: Signer, token: str) -> tuple[Subscriber, str]:
    named = _named(signer, token)
    reader = subscribers.get(connection, named.subscriber)
    if reader is None:
        raise TokenError(*_GONE)
    is_of_now = reader.email == named.before and _changes(connection, signer, reader) == named.changes
    if not (is_of_now or reader.email == named.after):
        raise TokenError(*_MOVED_ON)
    return reader, named.after


def _changes(connection: Connection, signer: Signer, reader: Subscriber) -> int:
    """How many lines of the reader's record say that the address changed."""
    record = consents.of(connection, signer.person(reader.email))
    return sum(one.action is ConsentAction.ADDRESS_CHANGED for one in record)
