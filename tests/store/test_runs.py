"""The table of runs: claimed once, kept by a lease, taken over when that is over. On both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from newsletter.domain.occurrence import Occurrence
from newsletter.store import runs
from newsletter.store.database import Database
from newsletter.store.runs import LetGo, Run, RunState

NOW = datetime(2026, 6, 5, 7, tzinfo=UTC)
FRIDAY = Occurrence(date(2026, 6, 5), NOW)
LEASE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def claimed(database: Database, worker: str = "one") -> Run | None:
    with database.write() as connection:
        return runs.claim(connection, "a", "uk", FRIDAY, worker, NOW, LEASE)


def taken(database: Database, run: Run, worker: str = "two") -> Run | None:
    with database.write() as connection:
        return runs.take_over(connection, run, worker, NOW, LEASE)


def test_a_run_is_claimed_once(database: Database) -> None:
    assert claimed(database) is not None
    assert claimed(database, "two") is None
    with database.write() as connection:
        assert not runs.note_skipped(connection, "a", "uk", FRIDAY, NOW, LetGo.MISSED)
        assert runs.note_skipped(connection, "a", "world", FRIDAY, NOW, LetGo.MISSED)
        latest = runs.latest(connection, "a", "uk", FRIDAY.local_date)
        assert latest
        assert latest.occurrence == FRIDAY
        assert runs.latest(connection, "a", "elsewhere", FRIDAY.local_date) is None
        assert runs.latest(connection, "a", "uk", date(2026, 6, 4)) is None  # by a clock that was ahead


def test_only_a_run_without_a_living_owner_is_abandoned(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    claimed(database)
    with database.read() as connection:
        assert runs.abandoned(connection, NOW + LEASE, LEASE, HOUR) == []
        assert len(runs.abandoned(connection, NOW + LEASE + timedelta(seconds=1), LEASE, HOUR)) == 1
        a_day_before = NOW - timedelta(days=1)  # the clock was set back after the claim
        assert len(runs.abandoned(connection, a_day_before, LEASE, HOUR)) == 1
    database.close()


def test_on_many_machines_the_databases_clock_tells_who_lives(furnished_url: str) -> None:
    """Theirs may differ by more than a lease: a run was taken over again and again while its owner was at it."""
    database = Database(furnished_url)
    first = claimed(database)
    assert first
    with database.write() as connection:
        for clock in (NOW, NOW + timedelta(days=1), NOW - timedelta(days=1)):
            assert runs.abandoned(connection, clock, LEASE, HOUR) == []
        assert runs.renew(connection, first, NOW, -LEASE)  # a minute ago, it then was
        assert len(runs.abandoned(connection, NOW, LEASE, HOUR)) == 1
    database.close()


def test_it_is_taken_over_once_and_its_first_owner_notices(database: Database) -> None:
    first = claimed(database)
    assert first is not None
    second = taken(database, first)
    assert second is not None
    assert taken(database, first, "three") is None
    with database.write() as connection:
        assert not runs.renew(connection, first, NOW, LEASE)
        assert not runs.remember(connection, first, 7)
        assert not runs.finish(connection, first, RunState.DONE, 7, "")
        assert runs.renew(connection, second, NOW, LEASE)
        assert runs.remember(connection, second, 8)
        assert runs.finish(connection, second, RunState.DONE, 8, "issue 8 started")
        assert runs.listing(connection, "a", "uk") == [Run("a", "uk", FRIDAY, RunState.DONE, 8, "issue 8 started")]
        assert runs.abandoned(connection, NOW + 9 * LEASE, LEASE, HOUR) == []


def test_one_that_failed_waits_and_is_taken_up_once(database: Database) -> None:
    first = claimed(database)
    assert first is not None
    with database.write() as connection:
        assert runs.put_off(connection, first, "no template", NOW + HOUR)
        assert not runs.renew(connection, first, NOW, LEASE)
        assert runs.abandoned(connection, NOW + HOUR - LEASE, LEASE, HOUR) == []
        [waiting] = runs.abandoned(connection, NOW + HOUR, LEASE, HOUR)
        assert (waiting.state, waiting.text) == (RunState.WAITING, "no template")
        assert len(runs.abandoned(connection, NOW - 2 * HOUR, LEASE, HOUR)) == 1  # the clock was set back since
    assert taken(database, waiting) is not None
    assert taken(database, waiting, "three") is None


def test_a_schedule_is_watched_from_when_it_was_seen_first(database: Database) -> None:
    with database.write() as connection:
        assert runs.watched_since(connection, "a", "uk", "friday 08:00", NOW) is None
        runs.watch_from(connection, "a", "uk", "friday 08:00", NOW)
        assert runs.watched_since(connection, "a", "uk", "friday 08:00", NOW + HOUR) == NOW
        assert runs.watched_since(connection, "a", "uk", "friday 09:00", NOW + HOUR) is None
        assert runs.watched_since(connection, "a", "uk", "friday 08:00", NOW - HOUR) is None
        runs.watch_from(connection, "a", "uk", "friday 09:00", NOW + HOUR)
        assert runs.watched_since(connection, "a", "uk", "friday 08:00", NOW + 2 * HOUR) is None
