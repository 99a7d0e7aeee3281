"""A reader's way in and out: sign up, confirm, unsubscribe. Nobody becomes active without having confirmed.

What a stranger does never shows who is subscribed: `sign_up` answers nothing, and does the same work for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from newsletter.domain.notice import NewNotice, NoticeKind
from newsletter.domain.subscriber import Consent, ConsentAction, ConsentMethod, Subscription, SubscriptionState
from newsletter.errors import TokenError
from newsletter.store import consents, notices, subscribers
from newsletter.store.database import Database
from newsletter.store.serial import one_at_a_time
from newsletter.text.address import normalise
from newsletter.text.roster import clean_name
from newsletter.text.token import CONFIRM, Signer

CONFIRM_WITHIN = timedelta(days=7)
ONE_MAIL_EVERY = timedelta(hours=24)
MOST_MAILS = 3  # confirmation mails to one address in that time, however many newsletters it is signed up for

_USED = ("This link has been used already, or a newer one took its place. You can sign up again at any time.", "used")
NEVER_MAILED = (
    "This address is on the list of addresses that are never mailed, so it cannot be subscribed.",
    "never_mailed",
)
"""The words and the kind of the TokenError that says so."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody asked for. `origin` is where from (an IP address, "command line"), `words` what they agreed to."""

    newsletter: str
    edition: str
    email: str
    name: str = ""
    method: ConsentMethod = ConsentMethod.FORM
    origin: str = ""
    words: str = ""

    def __post_init__(self) -> None:
        """A name is one line of plain text, whoever asks."""
        object.__setattr__(self, "name", clean_name(self.name))


def sign_up(database: Database, signer: Signer, wish: SignUp, now: datetime) -> None:
    """Asks the owner of the address to confirm, or tells them that they get it already: as `ask_to_confirm`.

    Raises AddressError when it is no address; says nothing else, whatever is known of it.
    """
    email = normalise(wish.email)
    person = signer.person(email)
    with database.write() as connection:
        one_at_a_time(connection, person)
        consents.append(connection, person, _consent(wish, ConsentAction.ASKED, now))
        if subscribers.suppressed(connection, person):
            return
        found = _pending(connection, email, wish, now)
        if ask_to_confirm(connection, signer, found, wish.edition, now):
            _follow(connection, found, wish.edition)


HasEdition = Callable[[str, str], bool]
"""Whether there is an edition: newsletter, edition."""


def _any(_newsletter: str, _edition: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirmation link is about: the subscription in the edition that its mail named.

    If there is none of that name any more, in the one that its readers were moved to. `is_done`: it is so already.
    """

    subscription: Subscription
    is_done: bool


def confirmation(database: Database, signer: Signer, token: str, has: HasEdition = _any) -> Confirmation:
    """What pressing the button behind the link would do. Raises TokenError when it can no longer be confirmed."""
    with database.read() as connection:
        return _confirmable(connection, signer, token, has)


def confirm(
    database: Database,
    signer: Signer,
    token: str,
    origin: str,
    now: datetime,
    words: str = "",
    has: HasEdition = _any,
) -> Subscription:
    """Makes the subscription active, and queues the welcome; who is active already changes to the edition that the
    mail named. A second time changes nothing.

    `words` are those of the button that was pressed.
    Raises TokenError when the link is forged, too old or was used and the reader has left since.
    """
    with database.write() as connection:
        one_reader_at_a_time(connection, signer, int(_named(signer, token)[0]))
        asked = _confirmable(connection, signer, token, has)
        found = asked.subscription
        if asked.is_done:
            return found
        if found.state is SubscriptionState.ACTIVE:
            chosen = Consent(
                now, ConsentAction.MOVED, found.newsletter, found.edition, ConsentMethod.LINK, origin, words
            )
            change_edition(connection, signer, found, chosen)
        else:
            consent = Consent(
                now, ConsentAction.CONFIRMED, found.newsletter, found.edition, ConsentMethod.LINK, origin, words
            )
            welcome(connection, signer, found, consent)
        return _present(connection, found.subscriber.id, found.newsletter)


def welcome(connection: Connection, signer: Signer, found: Subscription, consent: Consent) -> None:
    """Activates a subscription on the strength of `consent` and queues the welcome notice."""
    reader, now = found.subscriber, consent.at
    subscribers.subscribe(connection, reader.id, found.newsletter, consent.edition, SubscriptionState.ACTIVE, now)
    person = signer.person(reader.email)
    consents.append(connection, person, consent)
    data = {"subscriber": str(reader.id)}
    told = NewNotice(NoticeKind.WELCOME, person, reader.email, found.newsletter, consent.edition, data)
    notices.queue(connection, told, now)


def change_edition(connection: Connection, signer: Signer, found: Subscription, chosen: Consent) -> None:
    """Takes an active reader to the edition that `chosen` names."""
    subscribers.move(connection, found.subscriber.id, found.newsletter, chosen.edition)
    consents.append(connection, signer.person(found.subscriber.email), chosen)


def unsubscribe(
    database: Database, signer: Signer, token: str, purpose: str, origin: str, now: datetime
) -> Subscription | None:
    """Ends the subscription that the token names; again and again changes nothing.

    None: there is nothing to end any more (the person was erased, or the link stood in a preview).
    Raises TokenError when the link is forged.
    """
    subscriber, newsletter = signer.read_subscription(purpose, token)
    with database.write() as connection:
        one_reader_at_a_time(connection, signer, subscriber)
        if found := subscribers.subscription(connection, subscriber, newsletter):
            leave(connection, signer, found, ConsentMethod.LINK, origin, now)
        return subscribers.subscription(connection, subscriber, newsletter)


def one_reader_at_a_time(connection: Connection, signer: Signer, subscriber: int, *also: bytes) -> None:
    """As `one_at_a_time`, for a reader, and for the people of `also`.

    They are held by their number first, so that the address that is read then is still theirs when it is held.
    """
    one_at_a_time(connection, signer.person(str(subscriber)))
    reader = subscribers.get(connection, subscriber)
    one_at_a_time(connection, *also, *([signer.person(reader.email)] if reader else []))


def subscription(database: Database, signer: Signer, token: str, purpose: str) -> Subscription | None:
    """The subscription that a link is about, without touching it. Raises TokenError when the link is forged."""
    subscriber, newsletter = signer.read_subscription(purpose, token)
    with database.read() as connection:
        return subscribers.subscription(connection, subscriber, newsletter)


def leave(
    connection: Connection, signer: Signer, found: Subscription, method: ConsentMethod, origin: str, now: datetime
) -> bool:
    """Unsubscribes; False when that was so already. Deliveries still waiting are skipped when they are claimed."""
    if found.state is SubscriptionState.UNSUBSCRIBED:
        return False
    ended = SubscriptionState.UNSUBSCRIBED
    subscribers.subscribe(connection, found.subscriber.id, found.newsletter, found.edition, ended, now)
    gone = Consent(now, ConsentAction.UNSUBSCRIBED, found.newsletter, found.edition, method, origin)
    consents.append(connection, signer.person(found.subscriber.email), gone)
    return True


def ask_to_confirm(connection: Connection, signer: Signer, found: Subscription, edition: str, now: datetime) -> bool:
    """Queues a mail that asks to confirm the subscription in that edition, or says that it is so already: once a day
    for each edition at most.

    False when such a mail went that day already. Its link confirms the edition that it names, whatever is asked later;
    so whoever chose the wrong one gets another mail, and who gets one edition and asks for the other can change.
    """
    email = found.subscriber.email
    person = signer.person(email)
    if found.state is not SubscriptionState.ACTIVE:
        kind, payload = NoticeKind.CONFIRM, _payload(found, edition)
    elif found.edition != edition:
        kind, payload = NoticeKind.SWITCH, f"{_payload(found, edition)}:{_moves(connection, signer, found)}"
    else:
        kind, payload = NoticeKind.ALREADY, ""
    if not may_be_mailed(connection, person, kind, found.newsletter, now, edition=edition):
        return False
    data = {"payload": payload, "subscriber": str(found.subscriber.id)}  # by which an erasure finds it
    notices.queue(connection, NewNotice(kind, person, email, found.newsletter, edition, data), now)
    return True


def may_be_mailed(
    connection: Connection, person: bytes, kind: NoticeKind, newsletter: str, now: datetime, edition: str = ""
) -> bool:
    """Whether a stranger may cause a notice of that kind to that person now: so that nobody's inbox is flooded.

    One for each newsletter; where an `edition` is named, for each of its editions.
    """
    since = now - ONE_MAIL_EVERY
    mailed = notices.queued_since(connection, person, kind, since)
    if sum(mailed.values()) >= MOST_MAILS:
        return False
    if newsletter not in mailed:
        return True
    return bool(edition) and not notices.queued_for(connection, person, kind, newsletter, edition, since)


def _pending(connection: Connection, email: str, wish: SignUp, now: datetime) -> Subscription:
    """The subscription, made where there is none; one that waits for its confirmation takes the name that is given now.

    One that was ended stays ended until its owner confirms: a stranger who types the address changes nothing.
    """
    reader = subscribers.create(connection, email, wish.name, now)
    found = subscribers.subscription(connection, reader.id, wish.newsletter)
    if found is None:
        pending = SubscriptionState.PENDING
        subscribers.subscribe(connection, reader.id, wish.newsletter, wish.edition, pending, now)
    elif wish.name and found.state is SubscriptionState.PENDING and _never_confirmed(connection, reader.id):
        subscribers.rename(connection, reader.id, wish.name)
    return _present(connection, reader.id, wish.newsletter)


def _follow(connection: Connection, found: Subscription, edition: str) -> None:
    """What waits is shown in the edition that its newest mail names."""
    if found.state is SubscriptionState.PENDING and found.edition != edition:
        subscribers.move(connection, found.subscriber.id, found.newsletter, edition)


def _present(connection: Connection, subscriber: int, newsletter: str) -> Subscription:
    found = subscribers.subscription(connection, subscriber, newsletter)
    assert found is not None
    return found


def _never_confirmed(connection: Connection, subscriber: int) -> bool:
    theirs = subscribers.subscriptions_of(connection, subscriber)
    return all(one.state is SubscriptionState.PENDING for one in theirs)


def _payload(found: Subscription, edition: str) -> str:
    """The date in it makes the link good for one use: confirming and unsubscribing both change it.

    The edition is in it because anybody may ask for another one before the link is opened.
    """
    return f"{found.subscriber.id}:{found.since.timestamp():.6f}:{found.newsletter}:{edition}"


def _moves(connection: Connection, signer: Signer, found: Subscription) -> str:
    """How often they changed their edition: in a link to change it that is good for one use, for the date stays."""
    record = consents.of(connection, signer.person(found.subscriber.email))
    return str(sum(one.action is ConsentAction.MOVED and one.newsletter == found.newsletter for one in record))


def _named(signer: Signer, token: str) -> list[str]:
    """What a confirmation link names: subscriber, since when, newsletter, edition, and for a change `_moves`."""
    parts = signer.read(CONFIRM, token, CONFIRM_WITHIN).split(":")
    if len(parts) not in (4, 5):  # of a version whose links named no edition
        raise TokenError(*_USED)
    return parts


def _confirmable(connection: Connection, signer: Signer, token: str, has: HasEdition) -> Confirmation:
    subscriber, since, newsletter, edition, *moves = _named(signer, token)
    found = subscribers.subscription(connection, int(subscriber), newsletter)
    if found is None:
        raise TokenError(*_USED)
    is_active = found.state is SubscriptionState.ACTIVE
    is_of_now = f"{found.since.timestamp():.6f}" == since and moves in ([], [_moves(connection, signer, found)])
    wanted = replace(found, edition=edition) if has(newsletter, edition) else found
    if is_active and (not is_of_now or wanted == found):
        return Confirmation(found, is_done=True)
    if not is_of_now:
        raise TokenError(*_USED)
    if subscribers.suppressed(connection, signer.person(found.subscriber.email)):
        raise TokenError(*NEVER_MAILED)
    return Confirmation(wanted, is_done=False)


def _consent(wish: SignUp, action: ConsentAction, now: datetime) -> Consent:
    return Consent(now, action, wish.newsletter, wish.edition, wish.method, wish.origin, wish.words)
