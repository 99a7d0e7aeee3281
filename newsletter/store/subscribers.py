"""Subscribers, their subscriptions, and who is never mailed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from newsletter.domain.subscriber import Subscriber, Subscription, SubscriptionState
from newsletter.store.database import insert
from newsletter.store.tables import subscribers, subscriptions, suppressions

_JOINED = select(subscribers, subscriptions).join(subscriptions, subscriptions.c.subscriber == subscribers.c.id)


def find(connection: Connection, email: str) -> Subscriber | None:
    """The subscriber with that normalised address."""
    row = connection.execute(select(subscribers).where(subscribers.c.email == email)).mappings().first()
    return _subscriber(row) if row else None


def get(connection: Connection, subscriber: int) -> Subscriber | None:
    row = connection.execute(select(subscribers).where(subscribers.c.id == subscriber)).mappings().first()
    return _subscriber(row) if row else None


def create(connection: Connection, email: str, name: str, now: datetime) -> Subscriber:
    """The subscriber with that address, made when there is none."""
    row = {"email": email, "name": name, "tags": [], "created_at": now}
    connection.execute(insert(connection, subscribers).values(row).on_conflict_do_nothing())
    found = find(connection, email)
    assert found is not None
    return found


def rename(connection: Connection, subscriber: int, name: str) -> None:
    connection.execute(update(subscribers).where(subscribers.c.id == subscriber).values(name=name))


def retag(connection: Connection, subscriber: int, tags: list[str]) -> None:
    connection.execute(update(subscribers).where(subscribers.c.id == subscriber).values(tags=tags))


def readdress(connection: Connection, subscriber: int, email: str) -> None:
    connection.execute(update(subscribers).where(subscribers.c.id == subscriber).values(email=email))


def subscription(connection: Connection, subscriber: int, newsletter: str) -> Subscription | None:
    wanted = _JOINED.where(subscriptions.c.subscriber == subscriber, subscriptions.c.newsletter == newsletter)
    row = connection.execute(wanted).mappings().first()
    return _subscription(row) if row else None


def subscriptions_of(connection: Connection, subscriber: int) -> list[Subscription]:
    wanted = _JOINED.where(subscriptions.c.subscriber == subscriber).order_by(subscriptions.c.newsletter)
    return [_subscription(row) for row in connection.execute(wanted).mappings()]


def subscribe(
    connection: Connection, subscriber: int, newsletter: str, edition: str, state: SubscriptionState, now: datetime
) -> None:
    """Puts the subscription into that edition and state, whatever it was before."""
    row = {"subscriber": subscriber, "newsletter": newsletter, "edition": edition, "state": state, "since": now}
    statement = insert(connection, subscriptions).values(row)
    changed = {"edition": edition, "state": state, "since": now}
    connection.execute(statement.on_conflict_do_update(index_elements=["subscriber", "newsletter"], set_=changed))


def move(connection: Connection, subscriber: int, newsletter: str, edition: str) -> None:
    """Another edition of the same newsletter; state and date stay."""
    theirs = (subscriptions.c.subscriber == subscriber) & (subscriptions.c.newsletter == newsletter)
    connection.execute(update(subscriptions).where(theirs).values(edition=edition))


def of_edition(connection: Connection, newsletter: str, edition: str) -> list[Subscription]:
    """All that are in it, whatever their state."""
    wanted = _JOINED.where(subscriptions.c.newsletter == newsletter, subscriptions.c.edition == edition)
    return [_subscription(row) for row in connection.execute(wanted).mappings()]


def move_all(connection: Connection, newsletter: str, edition: str, other: str) -> None:
    """All subscriptions of an edition to another; state and date stay."""
    theirs = (subscriptions.c.newsletter == newsletter) & (subscriptions.c.edition == edition)
    connection.execute(update(subscriptions).where(theirs).values(edition=other))


def listing(
    connection: Connection, newsletter: str | None = None, state: SubscriptionState | None = None
) -> Iterator[Subscription]:
    """Subscriptions in the order of their addresses, read from the database as they are wanted."""
    wanted = _JOINED.order_by(subscribers.c.email, subscriptions.c.newsletter)
    if newsletter is not None:
        wanted = wanted.where(subscriptions.c.newsletter == newsletter)
    if state is not None:
        wanted = wanted.where(subscriptions.c.state == state)
    for row in connection.execution_options(yield_per=1000).execute(wanted).mappings():
        yield _subscription(row)


def counts(connection: Connection) -> dict[tuple[str, str, str], int]:
    """How many subscriptions there are for each (newsletter, edition, state)."""
    columns = (subscriptions.c.newsletter, subscriptions.c.edition, subscriptions.c.state)
    rows = connection.execute(select(*columns, func.count()).group_by(*columns))
    return {(newsletter, edition, state): number for newsletter, edition, state, number in rows}


def suppress(connection: Connection, person: bytes, reason: str, now: datetime) -> None:
    """Never mails that person again; the first reason stays."""
    row = {"person": person, "reason": reason, "at": now}
    connection.execute(insert(connection, suppressions).values(row).on_conflict_do_nothing())


def let_back(connection: Connection, person: bytes) -> bool:
    """Whether the person was suppressed, and is not any more."""
    return connection.execute(delete(suppressions).where(suppressions.c.person == person)).rowcount == 1


def suppressed(connection: Connection, person: bytes) -> str | None:
    """Why the person is never mailed, None when they may be."""
    reason: str | None = connection.scalar(select(suppressions.c.reason).where(suppressions.c.person == person))
    return reason


def _subscriber(row: RowMapping) -> Subscriber:
    return Subscriber(row["id"], row["email"], row["name"], tuple(row["tags"]))


def _subscription(row: RowMapping) -> Subscription:
    return Subscription(
        subscriber=_subscriber(row),
        newsletter=row["newsletter"],
        edition=row["edition"],
        state=SubscriptionState(row["state"]),
        since=row["since"],
    )


def count_active(connection: Connection, newsletter: str, edition: str) -> int:
    """How many an issue of the edition would go to."""
    s = subscriptions.c
    theirs = (s.newsletter == newsletter, s.edition == edition, s.state == SubscriptionState.ACTIVE)
    return connection.scalar(select(func.count()).select_from(subscriptions).where(*theirs)) or 0
