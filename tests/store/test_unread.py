"""What the dead heard on this machine is in the ledger on PostgreSQL, whoever comes next."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import DeliveryPolicy, Outcome, OutcomeKind, settle
from newsletter.domain.issue import Issue, IssueState
from newsletter.errors import Away
from newsletter.services import steer
from newsletter.store import accounts, holders, issues, tables
from newsletter.store.database import Database
from newsletter.store.journal import Journal
from newsletter.store.ledger import read_the_notebooks
from newsletter.store.notebook import shelf_of, unread
from newsletter.store.shared import SharedLedger
from tests.ledger import NOW, draft, subscribe
from tests.limits import OPEN_FILES, limited
from tests.web.site import make_app

pytestmark = pytest.mark.postgres
POLICY = DeliveryPolicy(on_uncertain="hold")
HOUR = timedelta(hours=1)


@pytest.fixture
def server(furnished_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = Database(furnished_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def issue(server: Database) -> Issue:
    """Being sent to three."""
    subscribe(server, 3)
    made = draft(server)
    steer.start(server, made.id, NOW)
    return made


@pytest.fixture
def died(server: Database, issue: Issue) -> SharedLedger:
    """Whose server took one message, and who could not record it."""
    ledger = at_work(server, issue, "w")
    hear(ledger, OutcomeKind.ACCEPTED)
    die(ledger)
    return ledger


def at_work(database: Database, issue: Issue, worker: str) -> SharedLedger:
    ledger = SharedLedger(database, issue, POLICY, worker)
    ledger.open(NOW)
    return ledger


def at_work_beside(database: Database, issue: Issue) -> SharedLedger:
    """On another machine."""
    ledger = SharedLedger(database, issue, POLICY, "x")
    ledger._connected()
    return ledger


def hear(ledger: SharedLedger, kind: OutcomeKind) -> None:
    claim, *_ = ledger.claim(1, NOW, frozenset())
    assert ledger.turn([], [claim])
    ledger.hear(settle(claim, Outcome(kind, 250, "2.0.0", "words"), POLICY, NOW))


def die(ledger: SharedLedger) -> None:
    """As kill -9 does it: the file stays, and its lock goes."""
    if ledger._notebook._journal:
        ledger._notebook._journal.close()
    ledger._close()


def books(database: Database) -> Accounting:
    with database.read() as connection:
        return accounts.accounting(connection, 1)


def notebooks(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def take_over(database: Database) -> None:
    with database.write() as connection:
        holders.take_over(connection, 1, ["w"], POLICY, NOW)


@pytest.mark.usefixtures("died")
def test_the_next_run_reads_it_as_it_opens(server: Database, issue: Issue, tmp_path: Path) -> None:
    assert books(server).sent == 0
    assert len(notebooks(tmp_path)) == 1
    assert SharedLedger(server, issue, POLICY, "x").open(NOW).sent == 1
    assert notebooks(tmp_path) == []


def test_who_runs_beside_it_reads_it_soon(server: Database, issue: Issue) -> None:
    beside, ledger = at_work(server, issue, "x"), at_work(server, issue, "w")
    hear(ledger, OutcomeKind.REJECTED)
    beside.renew(NOW)
    assert books(server).failed == 0  # it lives, and will say so itself
    die(ledger)
    beside.renew(NOW)
    assert books(server).failed == 1
    beside.leave(NOW)
    beside.let_go()


@pytest.mark.usefixtures("died")
def test_so_does_who_cancels_the_issue(server: Database) -> None:
    steer.cancel(server, 1, NOW)
    take_over(server)
    assert (books(server).sent, books(server).uncertain) == (1, 0)


def test_what_would_be_tried_again_is_not_once_the_issue_is_cancelled(server: Database, issue: Issue) -> None:
    ledger = at_work(server, issue, "w")
    for kind in (OutcomeKind.DEFERRED, OutcomeKind.ACCEPTED):
        hear(ledger, kind)
    die(ledger)
    steer.cancel(server, 1, NOW)
    assert (books(server).deferred, books(server).skipped, books(server).sent) == (0, 2, 1)


@pytest.mark.usefixtures("died")
def test_who_starts_another_issue_reads_it_before_anything_is_closed(server: Database) -> None:
    """Here somebody cancelled it from another machine."""
    with server.write() as connection:
        issues.move(connection, 1, [IssueState.SENDING], IssueState.CANCELLED, finished_at=NOW)
        connection.execute(text("UPDATE leases SET until = until - interval '1 hour'"))
    other = draft(server, number=2, stories=(9,))
    steer.start(server, other.id, NOW)
    assert (books(server).sent, books(server).uncertain) == (1, 0)


@pytest.mark.usefixtures("died")
def test_who_looks_while_another_reads_takes_nothing_over(server: Database, issue: Issue) -> None:
    beside = at_work_beside(server, issue)
    with server.write() as connection, unread(shelf_of(server)):
        assert holders.may_take_over(connection)
        with server.write() as another:
            another.execute(text("UPDATE leases SET until = until - interval '1 hour' WHERE worker = 'w'"))
        beside.renew(NOW)
        assert books(server).uncertain == 0
    die(beside)


@pytest.mark.usefixtures("died")
def test_nobody_who_tidies_up_reads_beside_who_takes_over(server: Database, issue: Issue, tmp_path: Path) -> None:
    """Who opens while the other reads would find it locked, and take over without it."""
    with server.write() as connection:
        assert holders.may_take_over(connection)
        steer.end_half_cancelled(server, NOW)
        read_the_notebooks(server)
        assert len(notebooks(tmp_path)) == 1
    assert at_work(server, issue, "x").open(NOW).sent == 1


@pytest.mark.usefixtures("died")
def test_so_does_who_moves_everything_elsewhere(server: Database) -> None:
    steer.catch_up(server, POLICY, NOW)
    assert books(server).sent == 1


@pytest.mark.usefixtures("died")
@pytest.mark.parametrize("differs", ["its start", "its deliveries"])
def test_after_an_older_copy_was_put_back_it_says_nothing(server: Database, tmp_path: Path, differs: str) -> None:
    """There the same numbers are others' deliveries."""
    names = ", ".join(table.name for table in tables.metadata.sorted_tables if table.name != "settings")
    with server.write() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    subscribe(server, 3)
    first, second = draft(server), draft(server, number=2, stories=(9,))
    if differs == "its deliveries":
        steer.start(server, second.id, NOW)
    steer.start(server, first.id, NOW + HOUR if differs == "its start" else NOW)
    read_the_notebooks(server)
    with server.read() as connection:
        assert not any(accounts.accounting(connection, issue.id).sent for issue in (first, second))
    assert notebooks(tmp_path) == []


@pytest.mark.usefixtures("died")
def test_a_row_that_somebody_holds_is_waited_for_a_moment_and_read_later(
    server: Database, issue: Issue, tmp_path: Path
) -> None:
    with server.write() as somebody:
        somebody.execute(text("SELECT * FROM deliveries FOR UPDATE"))
        began = time.monotonic()
        with pytest.raises(Away):
            read_the_notebooks(server)
        assert time.monotonic() - began < 10
    assert len(notebooks(tmp_path)) == 1
    read_the_notebooks(server)
    assert books(server).sent == 1


def test_an_answer_to_an_earlier_try_says_nothing_of_the_one_that_was_begun(server: Database, issue: Issue) -> None:
    ledger = at_work(server, issue, "w")
    first, *_ = ledger.claim(1, NOW, frozenset())
    ledger.turn([], [first])
    answer = settle(first, Outcome(OutcomeKind.DEFERRED, 451, "4.2.0", "later"), POLICY, NOW)
    ledger.hear(answer)
    ledger.turn([answer], [])
    (again,) = (claim for claim in ledger.claim(3, NOW + HOUR, frozenset()) if claim.id == first.id)
    assert ledger.turn([], [again])
    die(ledger)
    read_the_notebooks(server)
    take_over(server)
    assert books(server).uncertain == 1


def test_what_was_not_tried_is_not_kept(server: Database, issue: Issue, tmp_path: Path) -> None:
    ledger = at_work(server, issue, "w")
    hear(ledger, OutcomeKind.BROKEN)
    assert notebooks(tmp_path) == []
    die(ledger)


@pytest.mark.usefixtures("died")
def test_many_are_read_with_few_files_open(server: Database, tmp_path: Path) -> None:
    """Sessions need some, too; and living ones lie there."""
    there = shelf_of(server)
    assert there
    living = [Journal(there.place(f"living{number}"), there.title) for number in range(60)]
    for number in range(300):
        there.place(f"w{number}").touch()
    with limited(OPEN_FILES, len(list(Path("/proc/self/fd").iterdir())) + 20):
        read_the_notebooks(server)
    assert books(server).sent == 1
    assert len(notebooks(tmp_path)) == 60
    for journal in living:
        journal.close()


def test_a_torn_file_is_tidied_away(server: Database, tmp_path: Path) -> None:
    there = shelf_of(server)
    assert there
    Journal(there.place("w"), there.title).close()
    read_the_notebooks(server)
    assert notebooks(tmp_path) == []


def test_each_database_has_a_shelf_of_its_own(server: Database, sqlite_url: str, tmp_path: Path) -> None:
    other = Database(sqlite_url, tmp_path)
    mine, theirs = shelf_of(server), shelf_of(other)
    other.close()
    assert mine
    assert theirs
    assert mine.start != theirs.start
    assert mine == shelf_of(server)


def test_its_folder_is_that_of_the_configuration(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    assert app.database.folder == app.config.folder
    app.database.close()
