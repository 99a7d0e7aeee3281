"""The ledger cannot be written for a while: locked by another process, its disk full, its server's sessions cut."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from newsletter.domain.issue import IssueState
from newsletter.services.delivery import apart
from newsletter.store import database as store
from newsletter.store import embedded
from newsletter.store.database import Database
from tests.faults.conftest import READERS
from tests.sending import address, check_the_books, send, started
from tests.smtp_sink import HOLD, Sink, delay

LOCKER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the database meanwhile."""
    command = [sys.executable, "-c", LOCKER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        yield
        other.communicate("\n")


def test_another_process_that_locks_the_database_does_not_hold_the_send_up(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than SQLite itself is patient: the journal has what happened, and the rows follow."""
    monkeypatch.setattr(store, "BUSY_TIMEOUT_MS", 50)
    path = tmp_path_factory.mktemp("locked") / "subscribers.db"
    database = Database(f"sqlite:///{path}")
    issue = started(database, READERS)
    seen: list[int] = []

    def lock(stop: Callable[[], object]) -> None:
        sink.wait_for(3)
        with locked(path):
            sink.release()
            time.sleep(0.6)
            seen.append(len(sink.received))

    with Sink() as sink:
        sink.fail("answer", HOLD, after=2)
        end = send(database, issue, sink, connections=2, meanwhile=lock)
    states = check_the_books(database, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})
    assert set(sink.accepted.values()) == {1}
    assert seen[0] > 4
    database.close()


def test_who_stops_a_run_does_not_wait_for_a_locked_database(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The accounting is what the run knows, and the journal has it for whoever goes on."""
    monkeypatch.setattr(store, "BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr(apart, "STOPPING_PATIENCE", 0.5)
    path = tmp_path_factory.mktemp("locked") / "subscribers.db"
    database = Database(f"sqlite:///{path}")
    issue, ended = started(database, READERS), threading.Event()

    def lock() -> None:
        sink.wait_for(5)
        with locked(path):
            stops[0]()
            ended.wait(20)

    stops: list[Callable[[], object]] = []
    with Sink() as sink, ThreadPoolExecutor(1) as beside:
        sink.fail("answer", delay(0.02), times=READERS)
        other = beside.submit(lock)
        end = send(database, issue, sink, connections=2, meanwhile=stops.append)
        ended.set()
        other.result()
        assert (end.state, end.sent) == (IssueState.SENDING, len(sink.received))
        assert "cannot be written" in end.reason
        assert end.seconds < 10
        assert send(database, issue, sink).state is IssueState.SENT
    assert set(sink.accepted.values()) == {1}
    database.close()


def test_a_locked_database_is_not_knocked_at_for_every_message(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each knock waits; once much is unwritten, a knock a message would be the pace of the whole send."""
    monkeypatch.setattr(embedded, "_PATIENCE_MS", 500)
    path = tmp_path_factory.mktemp("locked") / "subscribers.db"
    database = Database(f"sqlite:///{path}")
    issue = started(database, 180)
    seen: list[int] = []

    def lock(stop: Callable[[], object]) -> None:
        sink.wait_for(3)
        with locked(path):
            sink.release()
            until = time.monotonic() + 20  # seventy knocks would take 35 seconds
            while len(sink.received) < 170 and time.monotonic() < until:
                time.sleep(0.02)
            seen.append(len(sink.received))

    with Sink() as sink:
        sink.fail("answer", HOLD, after=2)
        end = send(database, issue, sink, connections=2, meanwhile=lock)
    check_the_books(database, issue, sink)
    assert (end.state, end.sent) == (IssueState.SENT, 180)
    assert seen[0] >= 170
    database.close()


@pytest.mark.postgres
def test_a_locked_table_holds_the_send_up_and_no_more(postgres_books: Database) -> None:
    issue = started(postgres_books)

    def lock(stop: Callable[[], object]) -> None:
        sink.wait_for(3)
        with postgres_books.write() as connection:
            connection.execute(text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
            sink.release()
            time.sleep(0.6)

    with Sink() as sink:
        sink.fail("answer", HOLD, after=2)
        end = send(postgres_books, issue, sink, meanwhile=lock)
    states = check_the_books(postgres_books, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})


@pytest.mark.postgres
def test_a_database_server_that_cuts_every_session_in_mid_send(postgres_books: Database) -> None:
    """A restart of the server, say. Who was alive is alive: what it has in flight is not taken for a dead one's."""
    issue = started(postgres_books)

    def cut(stop: Callable[[], object]) -> None:
        sink.wait_for(READERS - 1)  # one may be reserved for the worker that is held up
        with postgres_books.engine.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(text(f"{others} AND datname = current_database()"))
        until = time.monotonic() + 3  # leases are renewed meanwhile, and the dead looked for
        while set(sink.accepted.values()) == {1} and time.monotonic() < until:
            time.sleep(0.1)
        sink.release()

    with Sink() as sink:
        sink.fail("answer", HOLD, to=address(READERS))
        end = send(postgres_books, issue, sink, meanwhile=cut)
    states = check_the_books(postgres_books, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})
    assert set(sink.accepted.values()) == {1}


@pytest.mark.postgres
def test_a_database_server_that_lets_nobody_in_for_a_while_is_waited_for(postgres_books: Database) -> None:
    """Longer than one try takes: what was answered meanwhile is written down when it is back."""
    issue = started(postgres_books)
    url = postgres_books.engine.url
    ours = {"name": url.database}

    def shut_out(stop: Callable[[], object]) -> None:
        sink.wait_for(5)
        server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(cut), ours)
            sink.release()
            time.sleep(1.0)
            connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))
        server.dispose()

    with Sink() as sink:
        sink.fail("answer", HOLD, after=5)
        end = send(postgres_books, issue, sink, meanwhile=shut_out)
    states = check_the_books(postgres_books, issue, sink)
    assert (end.state, set(states.values())) == (IssueState.SENT, {"sent"})
    assert set(sink.accepted.values()) == {1}
