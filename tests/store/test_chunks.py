"""Chunks of an issue and their jobs: deferred with its start or not at all, never lost while anybody waits."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text, update

from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import DeliveryState
from newsletter.domain.issue import Issue, IssueState
from newsletter.errors import WrongState
from newsletter.services import steer
from newsletter.store import chunks, deliveries, erasure, queue, tables
from newsletter.store.database import Database
from tests.ledger import NOW, draft, subscribe

pytestmark = pytest.mark.postgres
HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(furnished_url: str) -> Iterator[Database]:
    opened = Database(furnished_url)
    yield opened
    opened.close()


def jobs(ledger: Database) -> list[Any]:
    with ledger.read() as connection:
        return list(connection.execute(text("SELECT * FROM procrastinate_jobs ORDER BY id")))


def rows(ledger: Database) -> list[Any]:
    with ledger.read() as connection:
        return list(connection.execute(select(tables.chunks).order_by(tables.chunks.c.number)))


def started(ledger: Database, readers: int) -> Issue:
    subscribe(ledger, readers)
    issue = draft(ledger)
    steer.start(ledger, issue.id, NOW)
    return issue


def the_chunk(connection: Connection) -> tuple[Chunk, int]:
    row = connection.execute(select(tables.chunks)).one()
    chunk = chunks.get(connection, row.issue, row.number, row.job)
    assert chunk
    return chunk, row.job


def set_all(ledger: Database, **values: object) -> None:
    with ledger.write() as connection:
        connection.execute(update(tables.deliveries).values(**values))


def go_on(ledger: Database, *, cut_short: bool = False) -> None:
    """As at the end of the only chunk's job."""
    with ledger.write() as connection:
        chunk, job = the_chunk(connection)
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :job"), {"job": job})
        chunks.go_on(connection, chunk, job, NOW, HOUR, cut_short=cut_short)
        connection.execute(text("DELETE FROM procrastinate_jobs WHERE id = :job"), {"job": job})


def test_every_delivery_of_an_issue_stands_in_a_chunk_that_has_a_job(ledger: Database) -> None:
    subscribe(ledger, 300)
    issue = draft(ledger)
    with ledger.write() as connection:
        chunks.enqueue(connection, issue, size=30, lanes=2)
        span = text(
            "SELECT count(*), count(DISTINCT chunks.lane) FROM deliveries "
            "JOIN chunks ON deliveries.id BETWEEN first AND last AND chunks.issue = deliveries.issue"
        )
        assert connection.execute(span).one() == (300, 6)  # three domains, two lanes each
    made = rows(ledger)
    assert len(made) == 12  # a hundred readers of each domain, thirty to a chunk
    assert {row.job for row in made} == {job.id for job in jobs(ledger)}
    assert {(job.args["number"], job.lock) for job in jobs(ledger)} == {(row.number, row.lane) for row in made}


def test_domains_do_not_share_a_big_groups_lanes(ledger: Database) -> None:
    subscribe(ledger, 300)
    issue = draft(ledger)
    with ledger.write() as connection:
        chunks.enqueue(connection, issue, size=30, lanes=2)
        domains = text(
            "SELECT chunks.lane, count(DISTINCT domain) FROM deliveries "
            "JOIN chunks ON deliveries.id BETWEEN first AND last GROUP BY chunks.lane"
        )
        assert {count for _, count in connection.execute(domains)} == {1}


def test_a_start_that_fails_leaves_no_job(ledger: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribe(ledger, 10)
    draft(ledger)
    real = chunks.enqueue

    def then_fail(*given: Any) -> None:
        real(*given)
        raise WrongState("at the very end")

    monkeypatch.setattr(chunks, "enqueue", then_fail)
    with pytest.raises(WrongState):
        steer.start(ledger, 1, NOW)
    assert not jobs(ledger)
    assert not rows(ledger)
    monkeypatch.undo()
    steer.start(ledger, 1, NOW)
    assert len(jobs(ledger)) == 1


def test_a_chunk_with_nothing_open_is_done(ledger: Database) -> None:
    started(ledger, 5)
    set_all(ledger, state=DeliveryState.SENT.value)
    go_on(ledger)
    assert not rows(ledger)
    assert not jobs(ledger)


@pytest.mark.parametrize("state", [IssueState.SENT, IssueState.CANCELLED])
def test_a_chunk_of_an_issue_that_is_over_is_done(ledger: Database, state: IssueState) -> None:
    started(ledger, 5)
    with ledger.write() as connection:
        connection.execute(update(tables.issues).values(state=state.value))
    go_on(ledger)
    assert not rows(ledger)
    assert not jobs(ledger)


def test_who_is_erased_while_an_issue_starts_is_not_written_down_after_it(ledger: Database) -> None:
    """Readers are gathered, and written into the ledger a while later: whoever erases waits for that."""
    subscribe(ledger, 5)
    issue = draft(ledger, state="sending")
    with ThreadPoolExecutor(1) as beside:
        with ledger.write() as connection:
            chunks.enqueue(connection, issue)
            erasing = beside.submit(erase, ledger, 1)
            with pytest.raises(TimeoutError):
                erasing.result(0.5)
        erasing.result(20)
    with ledger.read() as connection:
        kept = connection.execute(select(tables.deliveries).where(tables.deliveries.c.subscriber == 1)).one()
    assert (kept.state, kept.email, kept.domain) == (DeliveryState.SKIPPED, "", "")


def test_an_issue_that_starts_waits_for_who_is_being_erased(ledger: Database) -> None:
    subscribe(ledger, 5)
    issue = draft(ledger, state="sending")

    def start() -> int:
        with ledger.write() as connection:
            return chunks.enqueue(connection, issue)

    with ThreadPoolExecutor(1) as beside:
        with ledger.write() as connection:
            erasure.erase(connection, 1, b"somebody", NOW)
            starting = beside.submit(start)
            with pytest.raises(TimeoutError):
                starting.result(0.5)
        assert starting.result(20) == 4


def erase(ledger: Database, subscriber: int) -> None:
    with ledger.write() as connection:
        erasure.erase(connection, subscriber, b"somebody", NOW)


def test_what_is_deferred_comes_back_when_it_is_due_and_behind_the_others(ledger: Database) -> None:
    started(ledger, 5)
    due = NOW + timedelta(minutes=5)
    set_all(ledger, state=DeliveryState.DEFERRED.value, due_at=due)
    fresh = jobs(ledger)[0]
    go_on(ledger)
    [job] = jobs(ledger)
    assert job.scheduled_at == due
    assert job.priority < fresh.priority
    assert (job.lock, job.id) == (fresh.lock, rows(ledger)[0].job)


def test_a_retry_that_falls_due_later_blocks_no_other_chunk_of_its_lane(ledger: Database) -> None:
    chunk = Chunk(issue=1, number=0, lane="one lane", position=0, first=1, last=1)
    draft(ledger, state="sending")
    now = datetime.now(NOW.tzinfo)
    with ledger.write() as connection:
        [late] = queue.defer(connection, [chunk], now + HOUR)
        [soon] = queue.defer(connection, [chunk], now - timedelta(minutes=1))
        [fresh] = queue.defer(connection, [chunk])
        fetch = text("SELECT id FROM procrastinate_fetch_job_v2(NULL, NULL)")
        taken = [connection.scalar(fetch)]
        assert connection.scalar(fetch) is None  # the lane is in use
        connection.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'doing'"))
        taken.append(connection.scalar(fetch))
    assert taken == [fresh, soon]
    assert late not in taken


def test_who_is_stopped_leaves_the_rest_to_another_at_once(ledger: Database) -> None:
    started(ledger, 5)
    go_on(ledger, cut_short=True)
    assert jobs(ledger)[0].scheduled_at is None


def test_what_another_holds_is_looked_at_again(ledger: Database) -> None:
    started(ledger, 5)
    set_all(ledger, worker="a terminal")
    go_on(ledger)
    assert jobs(ledger)[0].scheduled_at == NOW + chunks.HELD_ELSEWHERE


def test_a_paused_issue_has_no_jobs_and_resume_brings_them_back(ledger: Database) -> None:
    started(ledger, 5)
    steer.pause(ledger, 1)
    go_on(ledger)
    assert not jobs(ledger)
    steer.resume(ledger, 1)
    assert [job.id for job in jobs(ledger)] == [rows(ledger)[0].job]


def test_resume_defers_nothing_twice(ledger: Database) -> None:
    started(ledger, 5)
    steer.resume(ledger, 1)
    assert len(jobs(ledger)) == 1


def test_a_job_that_was_lost_is_deferred_anew(ledger: Database) -> None:
    started(ledger, 5)
    with ledger.write() as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'failed'"))
        assert chunks.cover(connection) == 1
        assert chunks.cover(connection) == 0


def test_a_job_that_another_one_replaced_does_nothing(ledger: Database) -> None:
    issue = started(ledger, 5)
    old = rows(ledger)[0].job
    go_on(ledger, cut_short=True)
    with ledger.write() as connection:
        assert chunks.get(connection, issue.id, 0, old) is None
        chunk, _ = the_chunk(connection)
        chunks.go_on(connection, chunk, old, NOW, HOUR)
    assert len(jobs(ledger)) == 1


def test_an_issue_for_nobody_is_finished(ledger: Database) -> None:
    draft(ledger)
    steer.start_for_anybody(ledger, 1, NOW)
    with ledger.write() as connection:
        assert chunks.finish_done(connection, NOW) == [1]
        assert deliveries.issue_state(connection, 1) is IssueState.SENT


def test_what_a_terminal_sent_is_tidied_away(ledger: Database) -> None:
    started(ledger, 5)
    set_all(ledger, state=DeliveryState.SENT.value)
    with ledger.write() as connection:
        assert deliveries.finish(connection, 1, NOW)
        chunks.forget(connection)
    assert not rows(ledger)
    assert not jobs(ledger)


def test_a_chunk_is_found_by_the_primary_key(ledger: Database) -> None:
    """Not through all that the issue has queued: a million rows would be read for every claim."""
    issue = draft(ledger)
    twenty_thousand_join(ledger)
    with ledger.write() as connection:
        chunks.enqueue(connection, issue)
        assert connection.scalar(select(func.count()).select_from(tables.deliveries)) == 20000
        plan = "\n".join(
            row[0]
            for row in connection.execute(
                text(
                    "EXPLAIN SELECT id FROM deliveries WHERE issue = 1 AND state = 'queued' AND worker IS NULL "
                    "AND id BETWEEN 3001 AND 4000 ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED"
                )
            )
        )
    assert "deliveries_pkey" in plan


def test_a_list_that_passed_for_empty_a_moment_ago_is_queued_at_once(ledger: Database) -> None:
    """Where everybody was erased and came back, PostgreSQL may plan for nobody: 20,000 would take a minute."""
    issue = draft(ledger)
    twenty_thousand_join(ledger)
    with ledger.write() as connection:
        connection.execute(text("DELETE FROM subscriptions"))
        connection.execute(text("DELETE FROM subscribers"))
        connection.execute(text("ANALYZE"))
    twenty_thousand_join(ledger)
    with ledger.write() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '10s'"))
        chunks.enqueue(connection, issue)
        assert connection.scalar(select(func.count()).select_from(tables.deliveries)) == 20000


def test_an_issue_does_not_wait_for_the_end_of_a_vacuum(ledger: Database) -> None:
    subscribe(ledger, 20)
    issue = draft(ledger)
    with ledger.engine.connect() as other:  # as VACUUM and CREATE INDEX CONCURRENTLY do, for as long as they take
        for table in ("subscribers", "deliveries"):
            other.execute(text(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE"))
        steer.start(ledger, issue.id, NOW)
    assert sum(row.last - row.first + 1 for row in rows(ledger)) == 20
    with ledger.read() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "1min"  # as before


def test_who_was_just_imported_is_known_of_before_they_are_sent_to(ledger: Database) -> None:
    """Else each turn looks through the whole list, as long as the server has not looked at it by itself."""
    issue = draft(ledger)
    twenty_thousand_join(ledger)
    with ledger.write() as connection:
        chunks.enqueue(connection, issue)
    with ledger.read() as connection:
        known = dict(connection.execute(text("SELECT relname, reltuples FROM pg_class")).tuples().all())
    assert {known[table] for table in ("subscribers", "subscriptions", "deliveries")} == {20000}


def twenty_thousand_join(ledger: Database) -> None:
    people = "SELECT n, 'r' || n || '@d' || n % 3 || '.example', '', '[]', now() FROM generate_series(1, 20000) n"
    with ledger.write() as connection:
        connection.execute(text(f"INSERT INTO subscribers (id, email, name, tags, created_at) {people}"))
        connection.execute(
            text(
                "INSERT INTO subscriptions (subscriber, newsletter, edition, state, since) "
                "SELECT id, 'tech', 'uk', 'active', now() FROM subscribers"
            )
        )


def test_a_chunk_whose_day_is_out_goes_on_later(ledger: Database) -> None:
    started(ledger, 3)
    with ledger.write() as connection:
        chunk, job = the_chunk(connection)
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :job"), {"job": job})
        chunks.go_on(connection, chunk, job, NOW, HOUR, not_before=NOW + HOUR)
    assert jobs(ledger)[-1].scheduled_at == NOW + HOUR
