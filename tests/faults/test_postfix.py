"""Against a real Postfix: its queue holds each reader's message once, through a restart in mid-send too."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from newsletter.domain.issue import IssueState
from newsletter.services import steer
from newsletter.store.database import Database
from tests import postfix as real
from tests.ledger import NOW, draft, subscribe
from tests.sending import HASTY, address, lines, send

pytestmark = pytest.mark.long
READERS = 300
BRIEF = replace(HASTY, retry_wait=timedelta(seconds=30), give_up_after=timedelta(seconds=30))


@pytest.fixture(scope="module")
def postfix() -> Iterator[real.Postfix]:
    with real.server() as running:
        yield running


def delivered(database: Database, postfix: real.Postfix, first: int, **options: Any) -> Counter[str]:
    """What an issue to readers of its own left in the queue."""
    subscribe(database, READERS, first=first)
    issue = draft(database)
    steer.start(database, issue.id, NOW)
    end = send(database, issue, postfix, BRIEF, 4, **options)
    ledger = lines(database, issue)
    assert (end.state, end.sent) == (IssueState.SENT, READERS), Counter(line.text for line in ledger.values())
    mine = {address(number) for number in ledger}
    print(f"doubts: {sum(line.doubts for line in ledger.values())}")
    return Counter({reader: count for reader, count in postfix.queue().items() if reader in mine})


def everyone(first: int) -> Counter[str]:
    return Counter({address(number): 1 for number in range(first, first + READERS)})


def test_its_queue_holds_each_readers_message_once(database: Database, postfix: real.Postfix) -> None:
    first = 1 if database.is_sqlite else 10_001
    assert delivered(database, postfix, first) == everyone(first)


def test_a_restart_in_mid_send_loses_and_doubles_nobody(sqlite_url: str, postfix: real.Postfix) -> None:
    """It stops as it does for an upgrade, is away for a moment, and comes back."""
    database, begun = Database(sqlite_url), threading.Event()

    def restart(stop: object) -> None:
        assert begun.wait(30)
        postfix.stop()
        time.sleep(0.3)
        postfix.start()

    def look(books: Any) -> None:
        if books.sent > 0:
            begun.set()

    queue = delivered(database, postfix, 20_001, meanwhile=restart, progress=look)
    twice = sum((queue - everyone(20_001)).values())
    print(f"twice in the queue: {twice}")
    assert set(queue) == set(everyone(20_001))
    assert twice <= 4  # one a connection, whose answer was cut off
    database.close()


def test_what_it_puts_off_waits_and_is_not_lost(sqlite_url: str) -> None:
    """A client that it does not serve just now."""
    database = Database(sqlite_url)
    subscribe(database, 5)
    issue = draft(database)
    steer.start(database, issue.id, NOW)
    with real.server("defer") as postfix:
        end = send(
            database,
            issue,
            postfix,
            replace(BRIEF, retry_first=timedelta(minutes=1), retry_most=timedelta(minutes=1), retry_wait=timedelta(0)),
        )
        assert not postfix.queue()
    assert (end.state, end.deferred) == (IssueState.SENDING, 5)
    assert {line.code // 100 for line in lines(database, issue).values()} == {4}
    database.close()
