"""The append-only record of consent: who (as a keyed hash) agreed to or stopped what, when, how, in which words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from newsletter.domain.subscriber import Consent, ConsentAction, ConsentMethod
from newsletter.store.tables import consents, lists, subscriptions


def append(connection: Connection, person: bytes, consent: Consent) -> None:
    append_all(connection, [(person, consent)])


def append_all(connection: Connection, lines: Iterable[tuple[bytes, Consent]]) -> None:
    """Each with the person whose line it is."""
    if rows := [_row(person, consent) for person, consent in lines]:
        connection.execute(insert(consents), rows)


def _row(person: bytes, consent: Consent) -> dict[str, object]:
    return {
        "person": person,
        "newsletter": consent.newsletter,
        "edition": consent.edition,
        "action": consent.action.value,
        "method": consent.method.value,
        "origin": consent.origin,
        "words": consent.words,
        "at": consent.at,
    }


def of(connection: Connection, person: bytes) -> list[Consent]:
    """All that is recorded of a person under their keyed hash, oldest first."""
    rows = connection.execute(
        select(consents).where(consents.c.person == person).order_by(consents.c.at, consents.c.id)
    )
    return [_consent(row, ConsentAction(row.action), ConsentMethod(row.method)) for row in rows]


def of_subscriber(connection: Connection, subscriber: int, person: bytes) -> list[Consent]:
    """All that is recorded of a reader: their own lines, and those of the lists they came with."""
    return sorted([*_of_lists(connection, subscriber), *of(connection, person)], key=lambda consent: consent.at)


def take_along(connection: Connection, before: bytes, after: bytes) -> None:
    """What is recorded under one hash stands under another too: the person has a new address, and agreed already."""
    there = set(of(connection, after))  # who comes back to an old address has these lines there
    append_all(connection, [(after, consent) for consent in of(connection, before) if consent not in there])


def keep(connection: Connection, subscriber: int, person: bytes) -> None:
    """Writes the lines of a reader's lists under their hash, for the reader is about to be deleted."""
    append_all(connection, [(person, consent) for consent in _of_lists(connection, subscriber)])


def _of_lists(connection: Connection, subscriber: int) -> list[Consent]:
    wanted = select(subscriptions, lists).join(lists, lists.c.id == subscriptions.c.list)
    rows = connection.execute(wanted.where(subscriptions.c.subscriber == subscriber))
    return [_consent(row, ConsentAction.IMPORTED, ConsentMethod.IMPORT) for row in rows]


def _consent(row: Row[Any], action: ConsentAction, method: ConsentMethod) -> Consent:
    return Consent(row.at, action, row.newsletter, row.edition, method, row.origin, row.words)
