"""`send --at`: an issue with a time of its own, from the command that says it to the message that goes out."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.domain.edition import EditionKey
from newsletter.domain.occurrence import Occurrence, Schedule
from newsletter.services import due
from newsletter.store.database import Database
from tests.cli.desk import Desk
from tests.cli.test_serve import served
from tests.smtp_sink import Sink

LATER = "2126-12-06 09:00"  # in London; a Friday


@pytest.fixture
def read(desk: Desk) -> Desk:
    """With a reader of the draft."""
    desk.enlist(near="ann")
    return desk


def state(desk: Desk) -> tuple[str, str | None]:
    shown = desk.call("show", 1, "--json").json
    return shown["state"], shown["scheduled_for"]


def test_it_says_when_it_goes_by_whom_and_how_to_change_that(read: Desk) -> None:
    said = read.call("send", 1, "--at", LATER, "--yes").out
    for words in ("1 recipient", "Fri 6 Dec 2126 09:00 GMT", "newsletter serve", "newsletter pause 1", "send 1"):
        assert words in said, words
    assert state(read) == ("scheduled", "2126-12-06T09:00:00+00:00")
    again = read.call("send", 1, "--at", "2126-06-07T09:00+02:00", "--yes", "--json").json
    assert (again["state"], again["recipients"]) == ("scheduled", 0)
    assert again["scheduled_for"] == "2126-06-07T07:00:00+00:00"


def test_it_asks_like_send_and_a_list_is_not_mailed_unasked(read: Desk) -> None:
    refused = read.call("send", 1, "--at", LATER)
    assert (refused.status, state(read)[0]) == (2, "draft")
    assert "this would mail 1 recipient: say --yes" in refused.err


def test_what_must_not_leave_is_not_scheduled(read: Desk) -> None:
    templates = read.folder / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "digest.txt").write_text("{{ subject }}, and no way out")
    read.call("build", "harbour", "--edition", "near")
    assert read.call("send", 1, "--at", LATER, "--yes").status == 3
    assert state(read) == ("draft", None)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2001-06-01 09:00", "Fri 1 Jun 2001 09:00 BST has passed"),
        ("2126-12-06", "say at what time of that day, like “2126-12-06 09:00”"),
        ("soon", "write a time like “2026-12-01 09:00” (clocks of Europe/London)"),
        ("9999-12-06 09:00", "write a year from 1970 to 9998"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(read: Desk, at: str, told: str) -> None:
    refused = read.call("send", 1, "--at", at, "--yes")
    assert (refused.status, state(read)[0]) == (2, "draft")
    assert told in refused.err


def test_a_time_that_the_clocks_leave_out_is_read_as_a_schedule_reads_it(read: Desk) -> None:
    read.call("send", 1, "--at", "2126-03-31 01:30", "--yes")
    assert state(read)[1] == "2126-03-31T01:00:00+00:00"


def test_without_readers_it_is_scheduled_for_whoever_comes(desk: Desk) -> None:
    said = desk.call("send", 1, "--at", LATER)
    assert said.status == 0
    assert "whoever reads it then" in said.out
    assert state(desk)[0] == "scheduled"


def test_every_list_tells_the_time(read: Desk) -> None:
    read.call("send", 1, "--at", LATER, "--yes")
    assert "due Fri 6 Dec 2126 09:00 GMT" in read.call("show", 1).out
    assert re.search(r"scheduled +6 Dec 2126 09:00 GMT", read.call("issues").out)
    assert "Issue 1 (harbour near #1) goes on Fri 6 Dec 2126 09:00 GMT" in read.call("schedule").out
    assert "scheduled for Fri 6 Dec 2126 09:00 GMT" in read.call("why", "_posts/2026-06-01-crane.md").out


def test_the_next_build_leaves_it_and_its_stories_alone(read: Desk) -> None:
    read.call("send", 1, "--at", LATER, "--yes")
    built = read.call("build", "harbour", "--edition", "near")
    assert "Issue 1 for near goes out on Fri 6 Dec 2126 09:00 GMT as it is, with its 3 stories." in built.out
    (read.folder / "blog/_posts/2026-06-05-lamp.md").write_text(
        "---\ntitle: A lamp counts ships\n---\nIt never sleeps.\n"
    )
    [next_draft] = read.call("build", "harbour", "--edition", "near", "--json").json["issues"]
    assert (next_draft["id"], next_draft["number"]) == (2, 2)
    assert [story["title"] for story in next_draft["stories"]] == ["A lamp counts ships"]
    assert state(read)[0] == "scheduled"
    paused = read.call("pause", 1)
    assert "issue 2 is a draft of harbour, edition near, too. newsletter cancel 1 drops the older one" in paused.err


def test_pause_makes_it_a_draft_again_and_then_a_build_makes_that_anew(read: Desk) -> None:
    read.call("send", 1, "--at", LATER, "--yes")
    paused = read.call("pause", 1)
    assert (paused.status, state(read)) == (0, ("draft", None))
    assert "Issue 1 is a draft again" in paused.out
    assert [one["id"] for one in read.call("build", "harbour", "--edition", "near", "--json").json["issues"]] == [1]


def test_it_may_be_sent_at_once_or_cancelled_all_the_same(read: Desk, sink: Sink) -> None:
    read.call("send", 1, "--at", LATER, "--yes")
    assert read.call("send", 1, "--yes", "--json").json["sent"] == 1
    assert "due" not in read.call("show", 1).out
    late = read.call("send", 1, "--at", LATER, "--yes")
    assert (late.status, "issue 1 is sent and stays so" in late.err) == (1, True)


@pytest.mark.slow
def test_serve_sends_it_at_its_time(read: Desk, sink: Sink) -> None:
    at = datetime.now(UTC) + timedelta(seconds=6)
    assert read.call("send", 1, "--at", at.isoformat(), "--yes").status == 0
    with served(read) as (_, _):
        sink.wait_for(1)
        assert datetime.now(UTC) >= at
        assert sink.recipients == {"ann@example.com": 1}
        until = time.monotonic() + 10
        while state(read)[0] != "sent" and time.monotonic() < until:
            time.sleep(0.1)
    assert state(read)[0] == "sent"


@pytest.mark.slow
def test_serve_sends_what_fell_due_while_it_was_away(read: Desk, sink: Sink) -> None:
    at = datetime.now(UTC) + timedelta(seconds=1)
    read.call("send", 1, "--at", at.isoformat(), "--yes")
    time.sleep(1.5)
    with served(read):
        sink.wait_for(1)
    assert sink.recipients == {"ann@example.com": 1}


def test_the_next_date_of_the_schedule_can_be_skipped(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    first, second, _ = [
        one["date"] for one in desk.call("schedule", "--next", "6", "--json").json if one["edition"] == "near"
    ]
    done = desk.call("skip", "harbour", "--edition", "near")
    assert (done.status, done.out.startswith("harbour near: nothing goes on ")) == (0, True)
    assert "The next one goes on " in done.out
    [again] = desk.call("skip", "--edition", "near", "--json").json
    assert (again["newsletter"], again["edition"], again["date"]) == ("harbour", "near", second)
    told = desk.call("schedule").out
    dates = [f"{date.fromisoformat(day):%a} {date.fromisoformat(day).day} " for day in (first, second)]
    assert re.search(f"harbour near: nothing goes on {dates[0]}.*, {dates[1]}", told)
    assert "newsletter skip harbour --edition near --undo takes that back." in told
    assert first not in {one["date"] for one in desk.call("schedule", "--json").json if one["edition"] == "near"}
    back = desk.call("skip", "--undo").out
    assert re.search(f"harbour near: on again: {dates[0]}.*, {dates[1]}", back)
    assert "harbour far: no date to come was skipped." in back
    assert desk.call("skip", "--undo", "--json").json == []


def test_a_late_run_that_is_made_up_for_after_all_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, ahead = (Occurrence(date(year, 6, 5), datetime(year, 6, 5, 7, tzinfo=UTC)) for year in (2026, 2126))
    monkeypatch.setattr(due, "run_after_all", lambda *_: [late, ahead])
    told = Desk(tmp_path).furnish().call("skip", "harbour", "--edition", "near", "--undo").out
    assert "the run of Fri 5 Jun 2026 08:00 BST is made up for after all. on again: Wed 5 Jun 2126" in told


def test_an_edition_whose_date_is_under_way_keeps_no_other_from_being_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = due.skip

    def taken(database: Database, place: EditionKey, schedule: Schedule, now: datetime) -> Occurrence | None:
        return None if place.edition == "near" else real(database, place, schedule, now)

    monkeypatch.setattr(due, "skip", taken)
    done = Desk(tmp_path).furnish().call("skip", "harbour")
    assert done.status == 1
    assert "error: harbour near: that date is under way" in done.err
    assert "harbour far: nothing goes on " in done.out


def test_who_cancels_a_draft_hears_that_the_schedule_makes_another(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    told = desk.call("cancel", "1").err
    assert "The schedule makes another issue of what is new on " in told
    assert "newsletter skip harbour --edition near lets that date go." in told


def test_without_a_schedule_there_is_nothing_to_skip(tmp_path: Path) -> None:
    desk = Desk(tmp_path).furnish()
    config = desk.folder / "config.yaml"
    config.write_text(re.sub(r"schedule: \{.*?\}", "", config.read_text()).replace("far: {}", "far: {}"))
    failed = desk.call("skip", "harbour")
    assert (failed.status, "harbour has no schedule, so there is nothing to skip" in failed.err) == (1, True)
