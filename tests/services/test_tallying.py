"""What a process counts comes into the database, once, and whatever the database does meanwhile."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.domain.delivery import Outcome, OutcomeKind
from newsletter.domain.tally import Tally
from newsletter.services.tallying import Deposit, depositing
from newsletter.store import tallies
from newsletter.store.database import Database
from tests.cli.desk import Desk
from tests.smtp_sink import CUT, Sink, reply

ACCEPTED = Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", "taken")


def clock() -> datetime:
    return datetime.now(UTC)


def sums(database: Database) -> dict[tuple[str, str], float]:
    with database.read() as connection:
        return tallies.sums(connection)


def test_each_thing_is_added_once(database: Database) -> None:
    tally = Tally()
    deposit = Deposit(database, tally, "one", "send", clock)
    tally.attempt(ACCEPTED, 0.5)
    deposit.add()
    deposit.add()
    tally.attempt(ACCEPTED, 0.25)
    deposit.add()
    found = sums(database)
    assert found["attempts", "accepted 2xx"] == 2
    assert found["send_seconds", "sum"] == 0.75
    with database.read() as connection:
        assert tallies.living(connection, clock()) == {"send": 1}
    deposit.close()
    with database.read() as connection:
        assert tallies.living(connection, clock()) == {}


def test_what_a_locked_database_does_not_take_comes_later(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.store.database.BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr("newsletter.services.tallying.EVERY", 0.01)
    database, tally = Database(sqlite_url), Tally()
    with ExitStack() as lock:
        lock.enter_context(database.write())  # first, for neither waits long for the other
        with depositing(database, tally, "one", "send", clock):
            for _ in range(5):
                tally.attempt(ACCEPTED, 0.1)
                threading.Event().wait(0.03)
            lock.close()
            tally.attempt(ACCEPTED, 0.1)
    assert sums(database)["attempts", "accepted 2xx"] == 6
    database.close()


def test_many_processes_add_to_the_same_sums(database: Database) -> None:
    def work(name: str) -> None:
        tally = Tally()
        with depositing(database, tally, name, "worker", clock):
            for number in range(1000):
                tally.attempt(ACCEPTED if number % 2 else Outcome(OutcomeKind.REJECTED, 550), 0.001 * number)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sums(database)
    assert (found["attempts", "accepted 2xx"], found["attempts", "rejected 5xx"]) == (2000, 2000)


def test_a_sending_on_the_command_line_leaves_its_counts(tmp_path: Path) -> None:
    with Sink() as sink:
        desk = Desk(tmp_path, sink.port).furnish()
        desk.call("build", "harbour", "--edition", "near")
        (tmp_path / "list.csv").write_text("email\n" + "".join(f"r{n}@example.com\n" for n in range(9)))
        desk.call("subscribers", "import", "list.csv")
        sink.fail("RCPT", reply(550, "5.1.1 unknown"), to="r1@example.com")
        sink.fail("RCPT", reply(451, "4.7.1 later"), to="r2@example.com", times=1)
        sink.fail("MAIL", CUT, times=1)
        assert desk.call("send", 1, "--yes", "--json").json["sent"] == 8
        database = Database(f"sqlite:///{tmp_path / 'subscribers.db'}")
        found = sums(database)
        with database.read() as connection:
            assert tallies.living(connection, clock()) == {}
        database.close()
    assert found["attempts", "accepted 2xx"] == 8
    assert found["attempts", "rejected 5xx"] == 1
    assert found["attempts", "deferred 4xx"] == 1
    assert found["sessions_broken", ""] >= 1
    assert 1 <= found["sessions_opened", ""] <= sink.sessions
