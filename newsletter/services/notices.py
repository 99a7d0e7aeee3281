"""Sends what waits in the queue of notices: one mail to one person about their own subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from newsletter.domain.delivery import DeliveryState, Envelope, Outcome, OutcomeKind, growing
from newsletter.domain.edition import Edition
from newsletter.domain.notice import NoticeKind
from newsletter.domain.subscriber import Subscription, SubscriptionState
from newsletter.errors import AddressError, NewsletterError, NotFound, WrongState
from newsletter.services.subscribe import CONFIRM_WITHIN, ONE_MAIL_EVERY
from newsletter.store import notices
from newsletter.store.database import Database
from newsletter.store.notices import Latest, Notice
from newsletter.text.headers import mailbox
from newsletter.text.message import Content, notice_headers, plain_message
from newsletter.text.reply import unaddressed
from newsletter.text.token import ADDRESS, CONFIRM, PREFERENCES, UNSUBSCRIBE, Signer
from newsletter.transports.base import Connection, Transport

GIVE_UP_AFTER = timedelta(hours=24)
_LEASE = timedelta(minutes=15)  # longer than the slowest answer of a server (RFC 5321: 10 minutes)
_PURPOSES = {NoticeKind.CONFIRM: CONFIRM, NoticeKind.SWITCH: CONFIRM, NoticeKind.ADDRESS: ADDRESS}
"""Of the link in a notice that asks for a yes."""

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


class NoticeText(Protocol):
    """What a rendered notice has."""

    @property
    def subject(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def text(self) -> str: ...


Letter = tuple[Envelope, list[bytes]]
Compose = Callable[[Notice, datetime], Letter]
"""Makes a notice that is more than a template; raises as `send_due` expects of a template."""

Render = Callable[[NoticeKind, Mapping[str, object]], NoticeText]
"""(kind, values) -> text: `text.render.Renderer.notice`."""


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """How many went, or wait; `troubles` are what kept us from making some, which only the operator can mend."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    troubles: tuple[str, ...] = ()


async def send_due(
    database: Database,
    transport: Transport,
    render: Render,
    signer: Signer,
    edition_of: Callable[[str, str], Edition],
    clock: Callable[[], datetime],
    person: bytes | None = None,
    composers: Mapping[str, Compose] = MappingProxyType({}),
) -> NoticeReport:
    """Sends every notice that is due, over one connection, and returns when none is left; or only those to `person`.

    `composers` make the kinds that are no template alone (the editor's reminder). The database is asked in threads: one
    that is locked holds up no message of an issue.

    What a server refuses for now is tried again with growing pauses for a day; nothing raised harms the others.
    `edition_of(newsletter, edition)` raises NotFound for one that config.yaml no longer has.
    """
    troubles: dict[str, None] = {}
    counted = dict.fromkeys((DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED), 0)
    session: Connection | None = None

    def plain(notice: Notice, now: datetime) -> Letter:
        edition = edition_of(notice.newsletter, notice.edition)
        return letter(
            notice, edition, render(NoticeKind(notice.kind), values_for(notice, edition, signer)), signer, now
        )

    try:
        while notice := await asyncio.to_thread(_claim, database, clock(), person):
            session = session or transport.connection()
            made = await asyncio.to_thread(_made, notice, composers.get(notice.kind, plain), clock())
            if isinstance(made, Outcome) and made.kind is OutcomeKind.DEFERRED:
                troubles[f"{notice.kind}: {unaddressed(made.text)}"] = None
            outcome = made if isinstance(made, Outcome) else await session.send(*made)
            counted[await asyncio.to_thread(_record, database, notice, outcome, clock())] += 1
    finally:
        if session is not None:
            await session.close()
    return NoticeReport(
        sent=counted[DeliveryState.SENT],
        deferred=counted[DeliveryState.DEFERRED],
        failed=counted[DeliveryState.FAILED],
        troubles=tuple(troubles),
    )


def values_for(notice: Notice, edition: Edition, signer: Signer) -> dict[str, object]:
    """What the templates of all notices may use (text.render.NOTICES): links that end, and last."""
    site, subscriber = edition.site_url, int(notice.data.get("subscriber", "0"))
    payload = notice.data.get("payload", "")
    purpose = _PURPOSES.get(NoticeKind(notice.kind), "")
    return {
        "edition": edition,
        "confirm_url": f"{site}/{purpose}/{signer.sign_expiring(purpose, payload)}" if purpose else "",
        "days": CONFIRM_WITHIN.days,
        "archive_url": f"{site}/archive/{notice.newsletter}?edition={notice.edition}",
        "signup_url": f"{site}/subscribe/{notice.newsletter}?edition={notice.edition}",
        "preferences_url": f"{site}/preferences/{signer.subscription(PREFERENCES, subscriber, notice.newsletter)}",
        "unsubscribe_url": f"{site}/unsubscribe/{signer.subscription(UNSUBSCRIBE, subscriber, notice.newsletter)}",
    }


def asking_mail(database: Database, person: bytes, found: Subscription, now: datetime) -> Latest | None:
    """The mail that asks that person to confirm, or to change the edition; None where none was queued lately."""
    kind = NoticeKind.SWITCH if found.state is SubscriptionState.ACTIVE else NoticeKind.CONFIRM
    with database.read() as connection:
        return notices.latest(connection, person, kind, found.newsletter, now - ONE_MAIL_EVERY)


def _claim(database: Database, now: datetime, person: bytes | None) -> Notice | None:
    with database.write() as connection:
        return notices.claim(connection, now, _LEASE, person)


def letter(notice: Notice, edition: Edition, rendered: NoticeText, signer: Signer, now: datetime) -> Letter:
    """A rendered notice as a message in its envelope; its Message-ID is the same at each try."""
    sender = mailbox(edition.sender)[1]
    message_id = f"notice.{notice.id}.{signer.person(f'notice {notice.id}').hex()[:24]}@{sender.rpartition('@')[2]}"
    content = Content(rendered.subject, rendered.html, rendered.text)
    message = plain_message(content, notice_headers(edition, now), notice.email, message_id)
    return Envelope(sender, notice.email), message


def _made(notice: Notice, compose: Compose, now: datetime) -> Letter | Outcome:
    """The letter, or what keeps it from being made: not for good where the operator can mend it meanwhile."""
    try:
        return compose(notice, now)
    except (NotFound, WrongState, AddressError) as error:
        return Outcome(OutcomeKind.REJECTED, text=str(error))
    except NewsletterError as error:  # a template, say
        return Outcome(OutcomeKind.DEFERRED, text=str(error))
    except Exception as error:  # whatever is wrong with this one, the others' can be made
        return Outcome(OutcomeKind.DEFERRED, text=f"the mail could not be made: {type(error).__name__}: {error}")


def _record(database: Database, notice: Notice, outcome: Outcome, now: datetime) -> DeliveryState:
    text = " ".join(str(part) for part in (outcome.code or "", outcome.status, outcome.text) if part)
    state = _state(notice, outcome.kind, now)
    with database.write() as connection:
        if state is DeliveryState.DEFERRED:
            pause = growing(_FIRST_PAUSE, _LONGEST_PAUSE, notice.attempts)
            notices.defer(connection, notice.id, now + pause, text)
        else:
            notices.finish(connection, notice.id, state, text)
    return state


def _state(notice: Notice, kind: OutcomeKind, now: datetime) -> DeliveryState:
    """A second confirmation mail harms less than none, so what is uncertain is tried again."""
    if kind is OutcomeKind.ACCEPTED:
        return DeliveryState.SENT
    if kind is OutcomeKind.REJECTED or now - notice.created_at >= GIVE_UP_AFTER:
        return DeliveryState.FAILED
    return DeliveryState.DEFERRED
