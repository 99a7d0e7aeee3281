"""Scheduled runs: once per local date, through restarts, crashes and two processes on one database."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter import schedule
from newsletter.app import App, open_app
from newsletter.config import load
from newsletter.domain.edition import EditionKey
from newsletter.domain.issue import Issue, IssueState
from newsletter.errors import Away, StoreError
from newsletter.schedule import Scheduler, coming, planned, tick, upcoming
from newsletter.services import due, steer
from newsletter.services.due import trouble
from newsletter.services.run import make_draft
from newsletter.services.steer import cancel
from newsletter.services.steer import schedule as schedule_issue
from newsletter.services.tallying import new_name
from newsletter.store import issues, runs, tables
from newsletter.store.database import Database
from tests.cli.desk import REPOSITORY, Desk

THURSDAY = datetime(2026, 6, 4, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 6, 5, 7, tzinfo=UTC)  # 08:00 in London; `far` follows at 12:00 in Kathmandu, 06:15 UTC
NEAR = EditionKey("harbour", "near")
WEEK = timedelta(days=7)
Watch = Callable[[datetime], App]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One reader for each edition."""
    desk = Desk(tmp_path).furnish()
    desk.enlist(near="r1", far="r2")
    return desk


@pytest.fixture
def watch(desk: Desk) -> Watch:
    """The application at a moment."""

    def at(now: datetime) -> App:
        return open_app(load(desk.folder / "config.yaml", {}), clock=lambda: now)

    return at


def states(app: App, edition: str = "near") -> list[tuple[str, str]]:
    with app.database.read() as connection:
        return [(str(run.occurrence.local_date), run.state) for run in runs.listing(connection, "harbour", edition)]


def sent(app: App) -> list[tuple[int, str, str]]:
    with app.database.read() as connection:
        return [(issue.id, issue.edition, issue.state.value) for issue in reversed(issues.listing(connection))]


def ticked(app: App) -> list[tuple[str, str, int | None]]:
    return [(run.edition, run.state, run.issue) for run in tick(app, new_name())]


def test_a_week_goes_by(watch: Watch) -> None:
    assert ticked(watch(THURSDAY)) == []
    assert ticked(watch(FRIDAY - timedelta(seconds=1))) == [("far", "done", 1)]
    assert ticked(watch(FRIDAY)) == [("near", "done", 2)]
    assert ticked(watch(FRIDAY + timedelta(minutes=1))) == []
    assert ticked(watch(FRIDAY + timedelta(days=1))) == []
    assert sent(watch(FRIDAY)) == [(1, "far", "sending"), (2, "near", "sending")]
    later = watch(FRIDAY + WEEK)
    assert ticked(later) == [("near", "empty", None), ("far", "empty", None)]
    assert states(later) == [("2026-06-12", "empty"), ("2026-06-05", "done"), ("2026-05-29", "skipped")]


def test_a_run_that_nobody_reads_keeps_its_draft_and_its_stories_for_the_next(
    desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "newsletter.schedule")
    assert desk.call("subscribers", "remove", "r1@example.com").status == 0
    tick(watch(THURSDAY), new_name())
    app = watch(FRIDAY)
    assert ticked(app) == [("near", "empty", 1), ("far", "done", 2)]
    assert "nobody reads it yet; draft 1 stays" in caplog.text
    assert sent(app) == [(1, "near", "draft"), (2, "far", "sending")]
    desk.enlist(near="r3")
    later = watch(FRIDAY + WEEK)
    assert ticked(later) == [("near", "done", 1), ("far", "empty", None)]
    with later.database.read() as connection:
        assert len(issues.get(connection, 1).stories) == 3
    assert states(later) == [("2026-06-12", "done"), ("2026-06-05", "empty"), ("2026-05-29", "skipped")]


def test_who_took_a_run_over_from_one_that_lives_after_all_does_not_call_its_issue_a_failure(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(watch(THURSDAY), new_name())

    def start_after_the_other(database: Database, issue: int, *given: object, **checked: object) -> None:
        steer.start(database, issue, FRIDAY)
        steer.start(database, issue, FRIDAY)

    monkeypatch.setattr("newsletter.services.run.start", start_after_the_other)
    app = watch(FRIDAY)
    assert [state for _, state, _ in ticked(app)] == ["done", "done"]
    assert {state for _, _, state in sent(app)} == {"sending"}


def test_a_schedule_seen_for_the_first_time_has_missed_nothing(watch: Watch) -> None:
    assert ticked(watch(FRIDAY + timedelta(minutes=1))) == []
    assert sent(watch(FRIDAY)) == []
    assert ticked(watch(FRIDAY + timedelta(hours=1))) == []


def test_a_missed_run_is_caught_up_within_its_time(watch: Watch) -> None:
    tick(watch(THURSDAY), new_name())
    assert [edition for edition, *_ in ticked(watch(FRIDAY + timedelta(hours=11)))] == ["near", "far"]


def test_a_missed_run_is_given_up_after_its_time(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    tick(watch(THURSDAY), new_name())
    app = watch(FRIDAY + timedelta(hours=13))
    assert ticked(app) == [("near", "skipped", None), ("far", "skipped", None)]
    assert "2026-06-05: missed: nothing was running at the time" in caplog.text
    assert ticked(app) == []
    assert states(app) == [("2026-06-05", "skipped"), ("2026-05-29", "skipped")]


def test_skip_gives_up_at_once(desk: Desk, watch: Watch) -> None:
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("timezone: Europe/London}", "timezone: Europe/London, missed: skip}"))
    tick(watch(THURSDAY), new_name())
    assert [state for _, state, _ in ticked(watch(FRIDAY + timedelta(hours=1)))] == ["skipped", "done"]
    assert states(watch(FRIDAY))[0] == ("2026-06-05", "skipped")


def test_a_run_that_fails_says_why_and_harms_no_other(
    desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    templates = desk.folder / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "digest.txt").write_text("{{ subject }}, and no way out")
    tick(watch(THURSDAY), new_name())
    app = watch(FRIDAY)
    assert [(edition, state) for edition, state, _ in ticked(app)] == [("near", "waiting"), ("far", "waiting")]
    assert "unsubscribe" in caplog.text
    assert "it is tried again" in caplog.text
    assert {state for *_, state in sent(app)} == {"draft"}
    assert ticked(app) == []
    later = [watch(FRIDAY + timedelta(minutes=minutes)) for minutes in range(5, 13 * 60, 10)]
    states_by_minute = [[state for _, state, _ in ticked(one)] for one in later]
    tries = [state for minute in states_by_minute for state in minute]
    assert tries.count("failed") == 2  # when nobody would catch up any more, twelve hours after it fell due
    assert tries[-1] == "failed"
    told = desk.call("schedule").out
    assert "last run  harbour near, Fri 5 Jun 2026 08:00 BST: " in told
    assert "came to nothing" in desk.call("doctor").out
    assert 40 < len(tries) < 70  # with pauses that grow to half an hour
    assert {state for *_, state in sent(app)} == {"draft"}


def test_a_database_that_is_locked_for_one_part_of_a_wake_costs_no_other(
    desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", "newsletter.schedule")

    def locked(*given: object) -> list[Issue]:
        raise Away("the database is locked")

    tick(watch(THURSDAY), new_name())
    monkeypatch.setattr(schedule, "abandoned", locked)
    monkeypatch.setattr(issues, "due", locked)
    assert ticked(watch(FRIDAY)) == [("near", "done", 1), ("far", "done", 2)]
    told = [line for line in caplog.messages if "tried again within a minute" in line]
    assert len(told) == 2
    assert all("locked" in line for line in told)
    assert any(line.startswith("harbour near, 2026-06-05: ") for line in caplog.messages)


def test_a_run_that_was_mended_in_time_goes_out(desk: Desk, watch: Watch) -> None:
    templates = desk.folder / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "digest.txt").write_text("{{ subject }}, and no way out")
    tick(watch(THURSDAY), new_name())
    assert {state for _, state, _ in ticked(watch(FRIDAY))} == {"waiting"}
    (templates / "digest.txt").unlink()
    assert [state for _, state, _ in ticked(watch(FRIDAY + timedelta(minutes=50)))] == ["done", "done"]
    assert ticked(watch(FRIDAY + timedelta(minutes=90))) == []
    assert {state for *_, state in sent(watch(FRIDAY))} == {"sending"}


def test_a_source_that_is_down_at_the_hour_does_not_cost_the_week(
    desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    """With nothing to send and not everything read, nobody can say that there is nothing new."""
    tick(watch(THURSDAY), new_name())
    site = next(desk.folder.rglob("_posts")).parent
    away = site.rename(site.with_name("away"))
    assert {state for _, state, _ in ticked(watch(FRIDAY))} == {"waiting"}
    assert "not all could be read" in caplog.text
    away.rename(site)
    assert [state for _, state, _ in ticked(watch(FRIDAY + timedelta(minutes=50)))] == ["done", "done"]


def test_a_run_that_waits_sends_nothing_when_somebody_sent_by_hand(desk: Desk, watch: Watch) -> None:
    """Its readers have their mail of this date: what appeared since is for the next."""
    templates = desk.folder / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "digest.txt").write_text("{{ subject }}, and no way out")
    tick(watch(THURSDAY), new_name())
    assert {state for _, state, _ in ticked(watch(FRIDAY))} == {"waiting"}
    (templates / "digest.txt").unlink()
    app = watch(FRIDAY + timedelta(minutes=20))
    for issue in desk.call("build", "harbour", "--as-of", "2026-06-05T07:20", "--json").json["issues"]:
        steer.start(app.database, issue["id"], app.clock())
    site = next(desk.folder.rglob("_posts"))
    (site / "2026-06-05-late.md").write_text("---\ntitle: A late one\n---\nIt came after the mail had gone out.\n")
    later = watch(FRIDAY + timedelta(minutes=50))
    assert {state for _, state, _ in ticked(later)} == {"empty"}
    assert len(sent(later)) == 2
    assert trouble(later.database, NEAR, later.clock()) is None


def test_a_clock_that_was_ahead_costs_no_date(watch: Watch) -> None:
    tick(watch(THURSDAY), new_name())
    assert [state for _, state, _ in ticked(watch(FRIDAY))] == ["done", "done"]
    tick(watch(FRIDAY + 2 * WEEK + timedelta(hours=13)), new_name())  # and lets that date go
    assert [state for _, state, _ in ticked(watch(FRIDAY + timedelta(days=1)))] == []
    app = watch(FRIDAY + timedelta(days=1))
    assert trouble(app.database, NEAR, app.clock()) is None
    assert [state for _, state, _ in ticked(watch(FRIDAY + WEEK))] == ["empty", "empty"]
    assert [state for _, state, _ in ticked(watch(FRIDAY + 2 * WEEK))] == ["empty", "empty"]


def test_the_scheduler_reads_the_sources_and_nobody_waits_for_them(
    desk: Desk, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "WAKE_EVERY", timedelta(seconds=0.05))
    reading, over = threading.Event(), threading.Event()

    def slow(*given: object) -> set[str]:
        reading.set()
        over.wait(30)
        return set()

    monkeypatch.setattr(schedule, "read_sources", slow)
    scheduler = Scheduler(watch(THURSDAY))
    scheduler.start()
    assert reading.wait(20)
    assert scheduler.stop(10)
    over.set()


def test_a_run_that_does_not_end_is_not_waited_for_for_ever(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    running, over = threading.Event(), threading.Event()

    def endless(*given: object) -> list[object]:
        running.set()
        over.wait(30)
        return []

    monkeypatch.setattr(schedule, "tick", endless)
    scheduler = Scheduler(watch(THURSDAY))
    scheduler.start()
    assert running.wait(20)
    assert not scheduler.stop(0.1)
    over.set()


def test_what_is_wrong_with_a_source_is_told_once(desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("    editions:", "      - {type: feed, url: gone.xml}\n    editions:"))
    app = watch(THURSDAY)
    told = schedule.read_sources(app)
    assert caplog.text.count("gone.xml") >= 1
    caplog.clear()
    assert schedule.read_sources(app, told) == told
    assert caplog.text == ""


def test_a_clock_that_was_ahead_does_not_silence_the_schedule(watch: Watch) -> None:
    tick(watch(THURSDAY + timedelta(days=400)), new_name())
    tick(watch(THURSDAY), new_name())
    assert [state for _, state, _ in ticked(watch(FRIDAY))] == ["done", "done"]
    assert all(date <= "2026-06-05" for date, _ in states(watch(FRIDAY)))


def test_a_schedule_that_was_changed_begins_with_its_next_date(desk: Desk, watch: Watch) -> None:
    """Nothing was missed: nobody is mailed because somebody moved the hour to one that is over."""
    config = desk.folder / "config.yaml"
    before = config.read_text()
    tick(watch(THURSDAY), new_name())
    changed = before.replace('at: "08:00"', 'at: "07:30"')
    assert changed != before
    config.write_text(changed)
    at = FRIDAY - timedelta(minutes=5)  # 07:55
    assert [(edition, state) for edition, state, _ in ticked(watch(at)) if edition == "near"] == [("near", "skipped")]
    assert [edition for edition, *_ in ticked(watch(FRIDAY + timedelta(hours=1)))] == []
    assert [state for _, state, _ in ticked(watch(at + WEEK))] == ["done", "empty"]


def test_a_later_hour_on_a_day_on_which_nothing_went_out_is_kept(desk: Desk, watch: Watch) -> None:
    """As on the first day: the hour was over when the program was started, and somebody sets one that is to come."""
    config = desk.folder / "config.yaml"
    first = FRIDAY + timedelta(minutes=30)
    tick(watch(first), new_name())
    assert states(watch(first)) == [("2026-06-05", "skipped")]
    config.write_text(config.read_text().replace('at: "08:00"', 'at: "09:00"'))  # 08:00 UTC
    later = first + timedelta(minutes=10)
    assert ticked(watch(later)) == []
    assert [one.at for plan, one in upcoming(watch(later), later) if plan.edition == "near"] == [
        FRIDAY + timedelta(hours=1)
    ]
    assert [(edition, state) for edition, state, _ in ticked(watch(FRIDAY + timedelta(hours=1)))] == [("near", "done")]
    assert ticked(watch(FRIDAY + timedelta(hours=2))) == []


def test_a_later_hour_brings_no_second_issue_on_a_day_that_had_one(desk: Desk, watch: Watch) -> None:
    """Sent by hand, before the hour was set later."""
    config = desk.folder / "config.yaml"
    first = FRIDAY + timedelta(minutes=30)
    tick(watch(first), new_name())
    app = watch(first + timedelta(minutes=5))
    plan = next(plan for plan in planned(app) if plan.edition == "near")
    draft = make_draft(schedule.newsroom(app, plan, "by hand"))
    assert draft
    steer.start(app.database, draft.id, app.clock())
    config.write_text(config.read_text().replace('at: "08:00"', 'at: "18:00"'))
    [following] = [one for plan, one in upcoming(watch(first), first) if plan.edition == "near"]
    assert str(following.local_date) == "2026-06-12"
    assert [edition for edition, *_ in ticked(watch(datetime(2026, 6, 5, 17, 1, tzinfo=UTC)))] == []


def test_an_issue_that_was_missed_stays_told_when_its_hour_is_set_later(desk: Desk, watch: Watch) -> None:
    config = desk.folder / "config.yaml"
    tick(watch(THURSDAY), new_name())
    saturday = FRIDAY + timedelta(days=1)
    tick(watch(saturday), new_name())
    config.write_text(config.read_text().replace('at: "08:00"', 'at: "09:00"'))
    app = watch(saturday + timedelta(minutes=5))
    tick(app, new_name())
    told = trouble(app.database, NEAR, app.clock())
    assert told
    assert told.text.startswith("missed")


def test_a_day_that_had_its_run_is_announced_for_no_second_one(desk: Desk, watch: Watch) -> None:
    config = desk.folder / "config.yaml"
    tick(watch(THURSDAY), new_name())
    assert ("near", "done", 1) in ticked(watch(FRIDAY))
    config.write_text(config.read_text().replace('at: "08:00"', 'at: "18:00"'))
    later = FRIDAY + timedelta(minutes=10)
    [following] = [one for plan, one in upcoming(watch(later), later) if plan.edition == "near"]
    assert str(following.local_date) == "2026-06-12"
    assert "2026-06-05T18:00" not in desk.call("schedule", "--json").out
    assert [edition for edition, *_ in ticked(watch(FRIDAY + timedelta(hours=11)))] == []


def test_sources_are_read_between_the_runs(desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    """Of a feed that shows its latest ten the others would be lost. A source that is sick stops no other."""
    caplog.set_level("INFO", "newsletter.schedule")
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("    editions:", "      - {type: feed, url: gone.xml}\n    editions:"))
    app = watch(THURSDAY)
    schedule.read_sources(app)
    with app.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.posts)) > 0
    assert "gone" in caplog.text
    assert " new" in caplog.text


def test_what_a_run_warns_of_is_logged_and_it_goes_out(
    desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("postal_address: 1 Pier Road, Saltby", 'postal_address: ""'))
    tick(watch(THURSDAY), new_name())
    assert [state for _, state, _ in ticked(watch(FRIDAY))] == ["done", "done"]
    assert "There is no `postal_address`" in caplog.text


def test_a_source_that_cannot_be_read_is_noted_in_the_issue(desk: Desk, watch: Watch) -> None:
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("    editions:", "      - {type: feed, url: gone.xml}\n    editions:"))
    tick(watch(THURSDAY), new_name())
    app = watch(FRIDAY)
    tick(app, new_name())
    with app.database.read() as connection:
        made = issues.listing(connection)
    assert len(made) == 2
    assert all("gone could not be read" in issue.notes[0] for issue in made)


def scheduled(desk: Desk, watch: Watch, at: datetime) -> App:
    """The draft of `near`, to go out at a time of its own; on Thursday."""
    app = watch(THURSDAY)
    tick(app, new_name())
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    schedule_issue(app.database, 1, at)
    return app


def test_an_operators_own_time_is_kept(desk: Desk, watch: Watch) -> None:
    app = scheduled(desk, watch, FRIDAY + timedelta(hours=2))
    tick(watch(FRIDAY + timedelta(hours=2, seconds=-1)), new_name())
    assert states(app)[0] == ("2026-06-05", "empty")  # the schedule's own run takes none of its stories
    assert sent(app) == [(1, "near", "scheduled"), (2, "far", "sending")]
    tick(watch(FRIDAY + timedelta(hours=2)), new_name())
    assert sent(app)[0] == (1, "near", "sending")


def test_a_scheduled_issue_that_was_missed_goes_out_when_somebody_is_there_again(desk: Desk, watch: Watch) -> None:
    scheduled(desk, watch, THURSDAY + timedelta(hours=1))
    tick(watch(THURSDAY + timedelta(days=3)), new_name())
    assert sent(watch(FRIDAY))[0] == (1, "near", "sending")


def test_a_scheduled_issue_that_nobody_reads_is_a_draft_again_and_said_once(
    desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.call("subscribers", "remove", "r1@example.com")
    app = scheduled(desk, watch, THURSDAY + timedelta(hours=1))
    for minutes in (60, 61):
        tick(watch(THURSDAY + timedelta(minutes=minutes)), new_name())
    assert sent(app) == [(1, "near", "draft")]
    assert caplog.text.count("issue 1 did not go out at its time and is a draft again: nobody reads harbour") == 1


def test_a_scheduled_issue_that_the_checks_stop_is_a_draft_again(
    desk: Desk, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    app = scheduled(desk, watch, THURSDAY + timedelta(hours=1))
    with app.database.write() as connection:
        connection.execute(tables.issues.update().values(html="<p>No way out.</p>"))
    tick(watch(THURSDAY + timedelta(hours=1)), new_name())
    assert sent(app) == [(1, "near", "draft")]
    assert "is a draft again" in caplog.text


def test_the_run_of_a_dead_process_leaves_an_issue_alone_that_got_its_own_time(desk: Desk, watch: Watch) -> None:
    app = scheduled(desk, watch, FRIDAY + WEEK)
    plan = planned(app)[0]
    with app.database.write() as connection:
        occurrence = next(one for found, one in upcoming(app, THURSDAY) if found == plan)
        run = runs.claim(connection, "harbour", "near", occurrence, "dead", FRIDAY, timedelta(minutes=1))
        assert run is not None
        runs.remember(connection, run, 1)
    assert ("near", "empty", 1) in ticked(watch(FRIDAY + timedelta(minutes=2)))
    assert sent(app)[0] == (1, "near", "scheduled")


def test_the_run_of_a_dead_process_ends_when_its_issue_was_cancelled(desk: Desk, watch: Watch) -> None:
    app = watch(THURSDAY)
    tick(app, new_name())
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    with app.database.write() as connection:
        occurrence = next(one for found, one in upcoming(app, THURSDAY) if found.edition == "near")
        run = runs.claim(connection, "harbour", "near", occurrence, "dead", FRIDAY, timedelta(minutes=1))
        assert run is not None
        runs.remember(connection, run, 1)
    cancel(app.database, 1, FRIDAY)
    done = [run for run in tick(watch(FRIDAY + timedelta(minutes=2)), new_name()) if run.edition == "near"]
    assert [(run.state, run.text) for run in done] == [("empty", "issue 1 was cancelled meanwhile")]


def test_a_fault_with_one_scheduled_issue_holds_up_no_other(
    desk: Desk, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = scheduled(desk, watch, THURSDAY + timedelta(hours=1))
    assert desk.call("build", "harbour", "--edition", "far").status == 0
    schedule_issue(app.database, 2, THURSDAY + timedelta(hours=2))

    def check(app: App, issue: Issue) -> None:
        if issue.id == 1:
            raise ZeroDivisionError("a slip of ours")

    monkeypatch.setattr("newsletter.schedule._check", check)
    tick(watch(THURSDAY + timedelta(hours=3)), new_name())
    assert sent(app) == [(1, "near", "scheduled"), (2, "far", "sending")]
    assert "issue 1 is tried again: ZeroDivisionError: a slip of ours" in caplog.text


def other(desk: Desk, now: datetime, *steps: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.runner", str(desk.folder / "config.yaml"), now.isoformat(), *steps],
        cwd=REPOSITORY, env=desk.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.long
def test_two_processes_run_it_once(desk: Desk, watch: Watch) -> None:
    tick(watch(THURSDAY), new_name())
    both = [other(desk, FRIDAY), other(desk, FRIDAY)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    done = "".join(process.communicate(timeout=60)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(line.split()[1] for line in done.splitlines()) == ["far", "near"]
    assert sorted(edition for _, edition, _ in sent(watch(FRIDAY))) == ["far", "near"]


@pytest.mark.long
@pytest.mark.parametrize("step", ["collect", "build", "remember", "start"])
def test_the_next_process_finishes_what_a_dead_one_began(desk: Desk, watch: Watch, step: str) -> None:
    tick(watch(THURSDAY), new_name())
    victim = other(desk, FRIDAY, step)
    victim.communicate("go\n", timeout=60)
    assert victim.returncode == -9
    assert states(watch(FRIDAY))[0] == ("2026-06-05", "running")
    soon = watch(FRIDAY + timedelta(seconds=30))
    assert [edition for edition, *_ in ticked(soon)] == ["far"]  # its own; the other may be alive still
    assert [edition for edition, *_ in ticked(watch(FRIDAY + timedelta(seconds=90)))] == ["near"]
    near = [state for _, edition, state in sent(soon) if edition == "near"]
    assert near == ["sending"]
    assert states(soon)[0] == ("2026-06-05", "done")
    assert ticked(watch(FRIDAY + timedelta(minutes=5))) == []


def test_a_run_that_died_long_ago_is_given_up(desk: Desk, watch: Watch) -> None:
    tick(watch(THURSDAY), new_name())
    app = watch(FRIDAY)
    plan = planned(app)[0]
    with app.database.write() as connection:
        occurrence = next(one for found, one in upcoming(app, THURSDAY) if found == plan)
        runs.claim(connection, "harbour", "near", occurrence, "dead", FRIDAY, timedelta(minutes=1))
    late = watch(FRIDAY + timedelta(hours=13))
    tick(late, new_name())
    assert states(late)[0] == ("2026-06-05", "failed")
    assert all(edition != "near" for _, edition, _ in sent(late))


def test_a_lease_that_was_lost_starts_nothing(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that slept while another took its run over must not start an issue when it wakes."""
    tick(watch(THURSDAY), new_name())
    app = watch(FRIDAY)
    from newsletter.services import run as service

    real = service.build

    def slow_build(*given: object) -> object:
        with app.database.write() as connection:
            connection.execute(tables.runs.update().where(tables.runs.c.state == "running").values(worker="another"))
        return real(*given)

    monkeypatch.setattr(service, "build", slow_build)
    tick(app, new_name())
    assert {state for *_, state in sent(app)} == {IssueState.DRAFT.value}


def test_who_lost_a_run_and_fails_at_it_tells_of_no_failure(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another's by then, who may well bring it to its end: nobody is to be alarmed, and nothing tried again."""
    tick(watch(THURSDAY), new_name())
    app = watch(FRIDAY)

    def lose_and_fail(*given: object) -> object:
        with app.database.write() as connection:
            connection.execute(tables.runs.update().where(tables.runs.c.state == "running").values(worker="another"))
        raise StoreError("the disk is full")

    monkeypatch.setattr("newsletter.services.run.build", lose_and_fail)
    ended = [(run.state, "disk" in run.text) for run in tick(app, new_name())]
    assert ended == [("empty", False), ("empty", False)]
    assert states(app)[0] == ("2026-06-05", "running")


def test_a_draft_that_somebody_builds_anew_between_check_and_start_is_checked_again(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(watch(THURSDAY), new_name())
    app, seen = watch(FRIDAY), []

    def check(app: App, issue: Issue) -> None:
        seen.append(issue.hash)
        if len(seen) == 1:
            with app.database.write() as connection:
                connection.execute(tables.issues.update().where(tables.issues.c.id == issue.id).values(hash="other"))

    monkeypatch.setattr(schedule, "_check", check)
    assert ticked(app)[0] == ("near", "done", 1)
    assert seen[1] == "other"


def test_the_scheduler_wakes_when_something_falls_due(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the alarm, not by the minute's look."""
    began = datetime.now(UTC)
    soon = began + timedelta(seconds=3)
    config = desk.folder / "config.yaml"
    text = config.read_text().replace("days: [friday]", "days: [mon, tue, wed, thu, fri, sat, sun]")
    config.write_text(text)
    shift = soon - FRIDAY
    app = open_app(load(config, {}), clock=lambda: datetime.now(UTC) - shift)
    woken = threading.Event()
    real = schedule.tick

    def counted(app: App, worker: str) -> list[runs.Run]:
        done = real(app, worker)
        if any(run.edition == "near" for run in done):
            woken.set()
        return done

    def real_time(app: App, now: datetime) -> list[tuple[object, object]]:
        return [(plan, type(one)(one.local_date, one.at + shift)) for plan, one in upcoming(app, now)]

    monkeypatch.setattr(schedule, "tick", counted)
    monkeypatch.setattr(schedule, "upcoming", real_time)
    scheduler = Scheduler(app)
    scheduler.start()
    try:
        assert woken.wait(20)
        assert datetime.now(UTC) >= soon
    finally:
        started = time.monotonic()
        assert scheduler.stop(30)
    assert time.monotonic() - started < 5
    with app.database.read() as connection:
        found = connection.scalars(select(tables.runs.c.state).where(tables.runs.c.edition == "near")).all()
    assert sorted(found) == ["done", "skipped"]


def skip_near(app: App, now: datetime = THURSDAY) -> str:
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    skipped = due.skip(app.database, NEAR, plan.schedule, now)
    assert skipped
    return skipped.local_date.isoformat()


def fail_on_friday(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is begun, and waits for another try."""

    def blocked(app: App, issue: Issue) -> None:
        raise StoreError("the disk is away")

    with monkeypatch.context() as patch:
        patch.setattr(schedule, "_check", blocked)
        tick(watch(FRIDAY), new_name())


def comes_next(app: App, now: datetime = THURSDAY) -> datetime:
    return next(one.at for plan, one in upcoming(app, now) if plan.edition == "near")


def test_a_date_that_is_skipped_by_hand_brings_no_issue_and_the_next_one_does(watch: Watch) -> None:
    app = watch(THURSDAY)
    tick(app, new_name())
    assert skip_near(app) == "2026-06-05"
    assert comes_next(app) == FRIDAY + WEEK
    for minutes in (-60, 0, 1, 60 * 24 * 3):
        assert "near" not in {run.edition for run in tick(watch(FRIDAY + timedelta(minutes=minutes)), new_name())}
    assert states(app)[:1] == [("2026-06-05", "skipped")]
    assert trouble(app.database, NEAR, FRIDAY + timedelta(hours=1)) is None
    assert ("near", "done") in {run[:2] for run in ticked(watch(FRIDAY + WEEK))}


def test_a_skipped_date_whose_hour_was_changed_is_taken_back_at_the_new_one(desk: Desk, watch: Watch) -> None:
    tick(watch(THURSDAY), new_name())
    skip_near(watch(THURSDAY))
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace('at: "08:00", timezone: Europe', 'at: "18:00", timezone: Europe'))
    now, changed = FRIDAY + timedelta(hours=1), FRIDAY + timedelta(hours=10)  # later than the hour that it had
    app = watch(now)
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    assert [one.at for one in due.run_after_all(app.database, NEAR, plan.schedule, now)] == [changed]
    assert comes_next(app, now) == changed


def test_a_date_skipped_before_anybody_watched_does_not_cost_the_one_after_it(watch: Watch) -> None:
    skip_near(watch(THURSDAY))
    assert "near" not in {run[0] for run in ticked(watch(FRIDAY + timedelta(days=1)))}
    assert comes_next(watch(FRIDAY), FRIDAY + timedelta(days=1)) == FRIDAY + WEEK
    assert ("near", "done") in {run[:2] for run in ticked(watch(FRIDAY + WEEK))}


def test_a_date_that_is_skipped_does_not_cost_the_one_before_it(desk: Desk, watch: Watch) -> None:
    """A daily schedule: tomorrow is let go, and today's hour is still to come."""
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("[friday]", "[thursday, friday]"))
    app = watch(FRIDAY - timedelta(days=2))
    tick(app, new_name())
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    _, tomorrow = islice(coming(app, plan, FRIDAY - timedelta(hours=30)), 2)
    with app.database.write() as connection:
        runs.note_skipped(connection, *NEAR, tomorrow, FRIDAY - timedelta(hours=30), runs.LetGo.BY_HAND)
    assert ("near", "done") in {run[:2] for run in ticked(watch(FRIDAY - timedelta(days=1)))}
    assert "near" not in {run[0] for run in ticked(watch(FRIDAY))}


def test_what_was_missed_and_would_be_made_up_for_is_skipped_first(watch: Watch) -> None:
    tick(watch(THURSDAY), new_name())
    later = FRIDAY + timedelta(minutes=10)
    app = watch(later)  # nothing was running at the hour
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    late = due.pending(app.database, NEAR, plan.schedule, later)
    assert late is not None
    assert late.at == FRIDAY
    assert skip_near(app, later) == "2026-06-05"
    assert due.pending(app.database, NEAR, plan.schedule, later) is None
    assert "near" not in {run[0] for run in ticked(app)}
    assert ("near", "done") in {run[:2] for run in ticked(watch(FRIDAY + WEEK))}


def test_a_failure_of_last_week_hides_no_date_that_was_missed_since(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(watch(THURSDAY), new_name())
    fail_on_friday(watch, monkeypatch)
    for days, at in ((0, FRIDAY), (7, FRIDAY + WEEK)):
        later = FRIDAY + timedelta(days=days, minutes=10)
        app = watch(later)
        [plan] = [plan for plan in planned(app) if plan.edition == "near"]
        late = due.pending(app.database, NEAR, plan.schedule, later)
        assert late is not None
        assert late.at == at


def test_an_hour_that_was_set_earlier_than_now_is_not_to_be_made_up_for(desk: Desk, watch: Watch) -> None:
    tick(watch(THURSDAY), new_name())
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace('at: "08:00", timezone: Europe', 'at: "07:30", timezone: Europe'))
    soon = FRIDAY - timedelta(minutes=10)
    app = watch(soon)
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    assert due.pending(app.database, NEAR, plan.schedule, soon) is None
    assert ("near", "skipped") in {run[:2] for run in ticked(app)}


def test_what_failed_and_waits_for_another_try_is_skipped_first(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    tick(watch(THURSDAY), new_name())
    fail_on_friday(watch, monkeypatch)
    app = watch(FRIDAY + timedelta(minutes=1))
    assert states(app)[0] == ("2026-06-05", "waiting")
    assert skip_near(app, FRIDAY + timedelta(minutes=1)) == "2026-06-05"
    for minutes in (2, 30, 120):
        assert "near" not in {run[0] for run in ticked(watch(FRIDAY + timedelta(minutes=minutes)))}
    assert states(app)[0] == ("2026-06-05", "skipped")
    assert ("near", "done") in {run[:2] for run in ticked(watch(FRIDAY + WEEK))}


@pytest.mark.parametrize("fails", [False, True], ids=["missed", "failed"])
def test_a_late_run_that_was_let_go_is_made_up_for_after_all_while_it_can_be(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    tick(watch(THURSDAY), new_name())
    if fails:
        fail_on_friday(watch, monkeypatch)
    later, too_late = FRIDAY + timedelta(minutes=10), FRIDAY + timedelta(hours=13)
    app = watch(later)
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    assert skip_near(app, later) == "2026-06-05"
    assert due.run_after_all(app.database, NEAR, plan.schedule, too_late) == []
    [back] = due.run_after_all(app.database, NEAR, plan.schedule, later)
    assert back.at == FRIDAY
    assert ("near", "done") in {run[:2] for run in ticked(app)}
    assert due.run_after_all(app.database, NEAR, plan.schedule, later) == []


def test_dates_skipped_weeks_ahead_are_no_sign_of_a_clock_that_was_ahead(watch: Watch) -> None:
    app = watch(THURSDAY)
    tick(app, new_name())
    assert [skip_near(app) for _ in range(3)] == ["2026-06-05", "2026-06-12", "2026-06-19"]
    tick(watch(THURSDAY + timedelta(minutes=1)), new_name())
    assert comes_next(app) == FRIDAY + 3 * WEEK
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    assert len(due.run_after_all(app.database, NEAR, plan.schedule, FRIDAY + WEEK)) == 1
    assert comes_next(app, FRIDAY + WEEK) == FRIDAY + 2 * WEEK
    assert "near" not in {run[0] for run in ticked(watch(FRIDAY + WEEK))}
    assert ("near", "done") in {run[:2] for run in ticked(watch(FRIDAY + 2 * WEEK))}
