"""A started issue delivered into the sink, and the check of its books: the ledger against the sink's log."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from sqlalchemy import Row, select

from newsletter.domain import backoff
from newsletter.domain.accounting import Accounting
from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import Claim, DeliveryPolicy
from newsletter.domain.issue import Issue
from newsletter.domain.subscriber import Reader
from newsletter.domain.tally import Tally
from newsletter.loop import run
from newsletter.services import steer
from newsletter.services.delivery.copies import Copies
from newsletter.services.delivery.deliver import deliver
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.line import Pace, unlimited
from newsletter.services.delivery.means import Means
from newsletter.store import accounts, tables
from newsletter.store.database import Database
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_wire import Timeouts
from tests.ledger import NOW, RETURN_PATH, draft, message, message_id, reader, subscribe
from tests.smtp_sink import Sink

QUICK = Timeouts(connect=5, greeting=0.4, command=0.4, group=0.3, data=0.4, block=0.4, dot=1.0, quit=0.2)
PATIENT = Timeouts(connect=20, greeting=20, command=20, group=20, data=20, block=20, dot=20, quit=0.2)
"""For a server that answers in the end, however busy the machine is."""
HASTY = DeliveryPolicy(
    retry_first=timedelta(milliseconds=10),
    retry_most=timedelta(milliseconds=40),
    give_up_after=timedelta(minutes=5),
    retry_wait=timedelta(seconds=20),
)
_numbers = itertools.count(1)


class Server(Protocol):
    """The sink, or a real one."""

    port: int


@pytest.fixture(autouse=True)
def short_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pushes back is left alone for a moment, not for a quarter of a minute, and hardly slower after it.

    For each room whose conftest imports it.
    """
    monkeypatch.setattr(backoff, "PAUSE_FIRST", 0.05)
    monkeypatch.setattr(backoff, "AT_FIRST", 1000.0)


def now_utc() -> datetime:
    return datetime.now(UTC)


def address(subscriber: int) -> str:
    """As tests.ledger.subscribe makes it."""
    return f"reader{subscriber}@d{subscriber % 3}.example"


def started(database: Database, readers: int = 0) -> Issue:
    """A new issue of `tech` on its way to all who read it, `readers` more among them."""
    if readers:
        subscribe(database, readers)
    issue = draft(database, next(_numbers))
    steer.start(database, issue.id, NOW)
    return issue


def send(
    database: Database,
    issue: Issue,
    server: Server,
    policy: DeliveryPolicy = HASTY,
    connections: int = 2,
    timeouts: Timeouts = PATIENT,
    clock: Callable[[], datetime] = now_utc,
    progress: Callable[[Accounting], None] = lambda now: None,
    meanwhile: Callable[[Callable[[], object]], object] | None = None,
    pace: Pace | None = None,
    tally: Tally | None = None,
    readers: Callable[[Claim], Reader] = reader,
    chunk: Chunk | None = None,
    **transport: Any,
) -> Accounting:
    """One run; `meanwhile` goes on in a thread beside it, and may call what it is given to stop the run."""

    async def main() -> Accounting:
        stop = asyncio.Event()
        door = SmtpTransport("127.0.0.1", server.port, connections=connections, timeouts=timeouts, **transport)
        halt = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, stop.set)
        beside = asyncio.create_task(asyncio.to_thread(meanwhile, halt)) if meanwhile else None
        errand = Errand(database, issue, Copies(message(), readers, RETURN_PATH), policy, clock, chunk)
        end = await deliver(errand, Means(door, pace or unlimited(), tally or Tally()), progress, stop)
        if beside:
            await beside
        return end

    return run(main())


def lines(database: Database, issue: Issue) -> dict[int, Row[Any]]:
    """The ledger's lines of an issue, as they stand there, by the number of their reader."""
    d = tables.deliveries
    with database.read() as connection:
        return {row.subscriber: row for row in connection.execute(select(d).where(d.c.issue == issue.id))}


def check_the_books(database: Database, issue: Issue, sink: Sink) -> dict[int, str]:
    """Each delivery has one right state; gives them by their reader's number.

    `sent` is exactly who the server told us it took, once. Who it took without telling (the connection was cut in
    that moment) may have one copy more for each time.
    """
    with database.read() as connection:
        books = accounts.accounting(connection, issue.id)
    states = {number: row.state for number, row in lines(database, issue).items()}
    counted = Counter(states.values())
    assert books.recipients == len(states) == sum(getattr(books, name) for name in accounts.COUNTED)
    assert all(getattr(books, name) == counted[name] for name in accounts.COUNTED)  # so nothing is in flight
    sent = Counter(message_id(number) for number, state in states.items() if state == "sent")
    assert sink.heard == sent, {"told, not sent": sink.heard - sent, "sent, not told": sent - sink.heard}
    doubts = Counter({message_id(number): row.doubts for number, row in lines(database, issue).items()})
    assert sink.accepted - sink.heard <= doubts
    assert sink.bodies_without_recipient == 0
    return states
