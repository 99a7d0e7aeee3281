"""People who mean well, in the database's folder: what stands beside it is deleted, linked, copied, moved."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.domain.issue import IssueState
from newsletter.errors import Busy, StoreError
from newsletter.store import database as store
from newsletter.store.database import Database
from tests.faults.conftest import READERS
from tests.ledger import subscribe
from tests.sending import check_the_books, send, started
from tests.smtp_sink import HOLD, Sink


@pytest.fixture
def ours(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    subscribe(database, READERS)
    return database


def test_who_deletes_the_lock_of_a_living_delivery_gets_no_second_one(ours: Database, tmp_path: Path) -> None:
    """It says that another process is at it, and the lock file looks like what is to blame."""
    issue = started(ours)

    def meddle(stop: Callable[[], object]) -> None:
        sink.wait_for(3)
        [lock] = tmp_path.glob("*.lock")
        lock.unlink()
        try:
            with pytest.raises(Busy):
                send(ours, issue, sink)
        finally:
            sink.release()

    with Sink() as sink:
        sink.fail("dot", HOLD, after=3)
        end = send(ours, issue, sink, meanwhile=meddle)
    check_the_books(ours, issue, sink)
    assert (end.state, end.sent, set(sink.accepted.values())) == (IssueState.SENT, READERS, {1})
    assert not list(tmp_path.glob("*.lock"))
    assert not list(tmp_path.glob("*.journal"))


@pytest.mark.parametrize("what", ["*.lock", "*.journal", "*-issue-*"])
def test_what_is_deleted_beside_a_delivery_costs_nobody_anything(ours: Database, tmp_path: Path, what: str) -> None:
    issue = started(ours)

    def meddle(stop: Callable[[], object]) -> None:
        sink.wait_for(3)
        for path in tmp_path.glob(what):
            path.unlink()
        sink.release()

    with Sink() as sink:
        sink.fail("dot", HOLD, after=3)
        end = send(ours, issue, sink, meanwhile=meddle)
    check_the_books(ours, issue, sink)
    assert (end.state, end.sent, set(sink.accepted.values())) == (IssueState.SENT, READERS, {1})
    assert not list(tmp_path.glob("*-issue-*"))


def test_a_link_in_the_journals_place_stops_the_send_at_once_and_is_not_followed(
    ours: Database, tmp_path: Path
) -> None:
    issue = started(ours)
    precious = tmp_path / "precious"
    precious.write_text("years of work")
    place = tmp_path / f"subscribers.db-issue-{issue.id}.journal"
    place.symlink_to(precious)
    with Sink() as sink:
        with pytest.raises(StoreError, match="journal cannot be written"):
            send(ours, issue, sink)
        assert not sink.received
        assert precious.read_text() == "years of work"
        place.unlink()
        assert send(ours, issue, sink).sent == READERS


def test_a_link_in_the_locks_place_is_not_followed(ours: Database, tmp_path: Path) -> None:
    issue = started(ours)
    (tmp_path / f"subscribers.db-issue-{issue.id}.lock").symlink_to(tmp_path / "elsewhere")
    with Sink() as sink, pytest.raises(StoreError, match="lock file cannot be made"):
        send(ours, issue, sink)
    assert not (tmp_path / "elsewhere").exists()


def test_a_database_behind_a_link_is_synced_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite keeps its log beside the file itself."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "subscribers.db").symlink_to(tmp_path / "disk" / "real.db")
    ours = Database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    subscribe(ours, 1)
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(str(Path(f"/proc/self/fd/{file}").readlink())))
    store.harden(ours)
    assert synced == [str(tmp_path / "disk" / "real.db-wal")]
