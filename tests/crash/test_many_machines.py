"""Three machines share one issue while one is killed, one falls asleep, one is cut off: nobody is lost.

Every machine is a real `newsletter worker`; PostgreSQL and the mail server are reached over wires that can be cut.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from newsletter.chunks import SESSIONS
from newsletter.domain.accounting import Accounting
from newsletter.domain.issue import IssueState
from newsletter.services import steer
from newsletter.store import accounts, chunks, issues, tables
from newsletter.store.database import Database
from tests.ledger import NOW, draft, subscribe
from tests.machines import Machine, Wire, over, socket_of
from tests.smtp_sink import HOLD, Sink, delay, reply

pytestmark = [pytest.mark.long, pytest.mark.postgres]
CONNECTIONS = 8


@pytest.fixture
def ledger(postgres_url: str) -> Iterator[Database]:
    opened = Database(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def machines() -> Iterator[list[Machine]]:
    """To be filled by the test; none outlives it."""
    running: list[Machine] = []
    yield running
    for machine in running:
        machine.kill()


def books(ledger: Database) -> Accounting:
    with ledger.read() as connection:
        return accounts.accounting(connection, 1)


def left(ledger: Database) -> int:
    """How many chunks there are."""
    with ledger.read() as connection:
        return connection.scalar(select(func.count()).select_from(tables.chunks)) or 0


def wait_for(what: Callable[[], bool], machines: list[Machine], seconds: float = 100.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        said = "\n".join(machine.log.read_text()[-2000:] for machine in machines)
        assert time.monotonic() < until, said
        time.sleep(0.05)


def test_three_machines_share_an_issue_and_one_dies_one_sleeps_one_is_cut_off(
    ledger: Database, postgres_url: str, machines: list[Machine], tmp_path: Path
) -> None:
    readers = 6000
    subscribe(ledger, readers)
    draft(ledger)
    log = tmp_path / "sink.log"
    with Sink(log=log, keep=False) as sink:
        sink.fail("MAIL", delay(0.05))
        to_ledger, to_server = Wire(socket_of(postgres_url)), Wire(("127.0.0.1", sink.port))
        dying = Machine(tmp_path / "dying", postgres_url, sink.port, CONNECTIONS)
        asleep = Machine(tmp_path / "asleep", postgres_url, sink.port, CONNECTIONS)
        far = Machine(tmp_path / "far", over(to_ledger, postgres_url), to_server.port, CONNECTIONS)
        machines += [dying, asleep, far]
        for machine in machines:
            machine.start()
        steer.start(ledger, 1, NOW)
        sink.wait_for(600, 60)
        asleep.signal(signal.SIGSTOP)
        dying.kill()
        sink.wait_for(1200, 60)
        dying.start()
        sink.wait_for(1500, 60)
        to_ledger.cut()
        to_server.cut()
        sink.wait_for(2500, 60)
        to_ledger.mend()
        to_server.mend()
        time.sleep(32)  # the sleeping one has lost its lease by now
        asleep.signal(signal.SIGCONT)
        wait_for(lambda: books(ledger).state is IssueState.SENT, machines)
        wait_for(lambda: left(ledger) == 0, machines, 10)  # whoever ends a chunk, or looks after it, takes it away
        status = [machine.stop() for machine in machines]
        for wire in (to_ledger, to_server):
            wire.close()
    accepted = Counter(line.split()[0] for line in log.read_text().splitlines())
    doubles = sum(accepted.values()) - len(accepted)
    end = books(ledger)
    print(f"{readers} readers, three mishaps: doubles {doubles}, uncertain {end.uncertain}")
    assert status == [0, 0, 0]
    assert not [machine.log.read_text() for machine in machines if "Traceback" in machine.log.read_text()]
    assert len(accepted) == readers
    assert doubles <= 3 * CONNECTIONS
    assert (end.sent, end.recipients, end.queued, end.deferred) == (readers, readers, 0, 0)


def started_small(ledger: Database, readers: int, size: int, lanes: int = 4) -> None:
    """An issue for readers at one mailbox provider, in more chunks than it would need."""
    subscribe(ledger, readers)
    issue = draft(ledger)
    with ledger.write() as connection:
        connection.execute(text("UPDATE subscribers SET email = 'reader' || id || '@gmail.com'"))
        issues.move(connection, 1, [IssueState.DRAFT], IssueState.SENDING, started_at=NOW)
        chunks.enqueue(connection, issue, size, lanes)


def test_a_mailbox_provider_never_gets_more_at_once_than_its_lanes_allow(
    ledger: Database, postgres_url: str, machines: list[Machine], tmp_path: Path
) -> None:
    """Three machines have 24 sessions; two lanes of four sessions each let eight deliveries out."""
    started_small(ledger, 240, size=20, lanes=2)
    with Sink(keep=False) as sink:
        sink.fail("dot", HOLD)
        for number in range(3):
            machines.append(Machine(tmp_path / str(number), postgres_url, sink.port, CONNECTIONS).start())
        wait_for(lambda: sink.commands.count("DATA") >= 2 * SESSIONS, machines)
        time.sleep(1.5)  # time for a third job to begin, if one could
        assert sink.commands.count("DATA") == 2 * SESSIONS
        sink.release()
        wait_for(lambda: books(ledger).state is IssueState.SENT, machines)
        assert [machine.stop() for machine in machines] == [0, 0, 0]
    assert set(sink.accepted.values()) == {1}
    assert len(sink.accepted) == 240


def test_a_retry_blocks_no_lane(ledger: Database, postgres_url: str, machines: list[Machine], tmp_path: Path) -> None:
    started_small(ledger, 100, size=10, lanes=1)
    with Sink(keep=False) as sink:
        sink.fail("RCPT", reply(451, "4.2.1 later"), to="reader3@gmail.com", times=1)
        machines.append(Machine(tmp_path / "one", postgres_url, sink.port, CONNECTIONS).start())
        wait_for(lambda: books(ledger).state is IssueState.SENT, machines)
    assert [message.recipient for message in sink.received][-1] == "reader3@gmail.com"
    assert len(sink.received) == 100


def test_a_dead_machines_jobs_are_taken_over(
    ledger: Database, postgres_url: str, machines: list[Machine], tmp_path: Path
) -> None:
    started_small(ledger, 100, size=10, lanes=1)
    with Sink(keep=False) as sink:
        sink.fail("MAIL", HOLD, after=5)
        dead = Machine(tmp_path / "dead", postgres_url, sink.port, CONNECTIONS).start()
        machines.append(dead)
        sink.wait_for(5)
        dead.kill()
        sink.release()
        machines.append(Machine(tmp_path / "heir", postgres_url, sink.port, CONNECTIONS).start())
        wait_for(lambda: books(ledger).state is IssueState.SENT, machines)
    assert len(sink.accepted) == 100
    assert sum(sink.accepted.values()) <= 100 + CONNECTIONS


@pytest.mark.parametrize("steering", ["pause", "cancel"])
def test_pause_and_cancel_act_on_all_machines(
    steering: str, ledger: Database, postgres_url: str, machines: list[Machine], tmp_path: Path
) -> None:
    started_small(ledger, 2000, size=100)
    with Sink(keep=False) as sink:
        sink.fail("MAIL", delay(0.02))
        for number in range(2):
            machines.append(Machine(tmp_path / str(number), postgres_url, sink.port, CONNECTIONS).start())
        sink.wait_for(50)
        assert machines[0].run(steering, "1").wait(30) == 0
        time.sleep(1.0)
        settled = len(sink.received)
        time.sleep(1.0)
        assert len(sink.received) == settled < 2000
        if steering == "pause":
            assert machines[0].run("resume", "1").wait(60) == 0
            assert books(ledger).state is IssueState.SENT
            assert set(sink.accepted.values()) == {1}
            assert len(sink.accepted) == 2000
        assert [machine.stop() for machine in machines] == [0, 0]


def test_machines_that_are_told_to_stop_lose_nothing_and_send_nothing_twice(
    ledger: Database, postgres_url: str, machines: list[Machine], tmp_path: Path
) -> None:
    started_small(ledger, 1500, size=100)
    with Sink(keep=False) as sink:
        sink.fail("MAIL", delay(0.02))
        for number in range(2):
            machines.append(Machine(tmp_path / str(number), postgres_url, sink.port, CONNECTIONS).start())
        sink.wait_for(100)
        assert [machine.stop() for machine in machines] == [0, 0]
        now = books(ledger)
        assert (now.state, now.sent, now.uncertain) == (IssueState.SENDING, len(sink.received), 0)
        machines[0].start()
        wait_for(lambda: books(ledger).state is IssueState.SENT, machines)
    assert set(sink.accepted.values()) == {1}
    assert len(sink.accepted) == 1500
