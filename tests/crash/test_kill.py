"""kill -9 in the middle of a delivery, again and again: nobody is lost, hardly anybody is mailed twice.

NEWSLETTER_KILLS sets how often (20 here, 200 in the long run), NEWSLETTER_SPAN after how many messages at most each
time (60, which is in the first moments of a run), NEWSLETTER_SEED repeats a run. At most a quarter of what could be
mailed twice may be, on either database, at a server that is as fast as we are and at one that is slower.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from newsletter.domain.issue import Issue, IssueState
from newsletter.services import steer
from newsletter.services.delivery.oversight import DRAIN_SECONDS
from newsletter.store import accounts
from newsletter.store.database import Database
from tests.crash.server import Log, sink_of_its_own
from tests.crash.victim import victim
from tests.ledger import NOW, draft, message_id, subscribe
from tests.smtp_sink import HOLD, Sink

KILLS = int(os.environ.get("NEWSLETTER_KILLS", "20"))
SPAN = int(os.environ.get("NEWSLETTER_SPAN", "60"))
CONNECTIONS = 8


def kill_again_and_again(database: Database, url: str, log: Log, kills: int, chance: random.Random) -> int:
    """Kills deliveries until `kills` of them died at work; how many did."""
    done = 0
    while done < kills:
        wanted = len(log) + chance.randint(1, SPAN)
        process = victim(url, log.port, CONNECTIONS, log.path.parent)
        while len(log) < wanted and process.is_alive:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.01)
        if process.is_alive:
            process.send_signal(signal.SIGKILL)
            done += 1
        process.end(60)
        with database.read() as connection:
            if accounts.accounting(connection, 1).state is IssueState.SENT:
                break
    return done


def started(database: Database, readers: int) -> Issue:
    subscribe(database, readers)
    issue = draft(database)
    steer.start(database, issue.id, NOW)
    return issue


@pytest.mark.slow
@pytest.mark.parametrize("toil", [None, 0.001], ids=["quick", "slow"])
def test_kill_9_loses_nobody(database: Database, database_url: str, tmp_path: Path, toil: float | None) -> None:
    kills = KILLS if database.is_sqlite else max(KILLS // 4, 3)
    seed = int(os.environ.get("NEWSLETTER_SEED", random.SystemRandom().randrange(10**6)))
    readers = kills * 2 * SPAN  # half as many as that are sent before a kill, and some until it comes
    started(database, readers)
    with sink_of_its_own(tmp_path / "sink.log", toil) as log:
        done = kill_again_and_again(database, database_url, log, kills, random.Random(seed))
        said = victim(database_url, log.port, CONNECTIONS, tmp_path).end(120)
    accepted = Counter(line.split()[0] for line in log.path.read_text().splitlines())
    lost = {message_id(n) for n in range(1, readers + 1)} - set(accepted)
    doubles = sum(accepted.values()) - len(accepted)
    print(f"seed {seed}: {done} kills, lost {len(lost)}, doubles {doubles} ({doubles / done:.2f} a kill)")
    assert done == kills, said
    assert not lost
    assert doubles <= done * CONNECTIONS * 0.25
    with database.read() as connection:
        end = accounts.accounting(connection, 1)
    assert (end.state, end.sent, end.recipients, end.queued) == (IssueState.SENT, readers, readers, 0)


@pytest.mark.slow
def test_sigterm_finishes_what_is_in_flight(database: Database, database_url: str) -> None:
    started(database, 600)
    with Sink() as sink:
        sink.fail("answer", HOLD, after=50)  # so that the signal comes in the middle, however slow the machine
        process = victim(database_url, sink.port, CONNECTIONS)
        sink.wait_for(51)
        process.send_signal(signal.SIGTERM)
        sink.release()
        said = process.end(DRAIN_SECONDS)
        with database.read() as connection:
            drained = accounts.accounting(connection, 1)
        assert (drained.state, drained.sent, drained.uncertain) == (IssueState.SENDING, len(sink.received), 0), said
        victim(database_url, sink.port, CONNECTIONS).end(60)
    assert set(sink.accepted.values()) == {1}
    assert len(sink.accepted) == 600
