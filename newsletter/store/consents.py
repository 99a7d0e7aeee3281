"""The append-only record of consent: who (as a keyed hash) agreed to or stopped what, when, how, in which words."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from newsletter.domain.subscriber import Consent
from newsletter.store.tables import consents


def append(connection: Connection, person: bytes, consent: Consent) -> None:
    row = {
        "person": person,
        "newsletter": consent.newsletter,
        "edition": consent.edition,
        "action": consent.action,
        "method": consent.method,
        "origin": consent.origin,
        "words": consent.words,
        "at": consent.at,
    }
    connection.execute(insert(consents).values(row))


def of(connection: Connection, person: bytes) -> list[Consent]:
    """All that is recorded of a person, oldest first."""
    rows = connection.execute(select(consents).where(consents.c.person == person).order_by(consents.c.id))
    return [Consent(row.at, row.action, row.newsletter, row.edition, row.method, row.origin, row.words) for row in rows]
