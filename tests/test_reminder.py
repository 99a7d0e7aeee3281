"""The editor's reminder: once per local date, through crashes and two processes; it never delays the issue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from newsletter.app import App, open_app
from newsletter.config import load
from newsletter.demo.inbox import Inbox, open_inbox
from newsletter.domain.delivery import OutcomeKind
from newsletter.domain.occurrence import WEEKDAYS, Schedule, occurrences, reminder_at, reminder_due
from newsletter.errors import ConfigError
from newsletter.reminding import composers
from newsletter.schedule import planned, tick
from newsletter.services import due, remind
from newsletter.services.notices import NoticeReport, send_due
from newsletter.services.steer import cancel
from newsletter.store import issues, tables
from newsletter.transports.base import Transport
from tests.cli.desk import Desk
from tests.services.test_notices import Post
from tests.test_schedule import other

THURSDAY = datetime(2026, 6, 4, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 6, 5, 7, tzinfo=UTC)  # 08:00 in London
DAY = timedelta(days=1)
Watch = Callable[[datetime], App]


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    with open_inbox(tmp_path_factory.mktemp("inbox")) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path, inbox: Inbox) -> Desk:
    inbox.mails.clear()
    made = Desk(tmp_path, inbox.port).furnish()
    config = tmp_path / "config.yaml"
    text = config.read_text().replace("timezone: Europe/London}", "timezone: Europe/London, remind: 24h}")
    text = text.replace("    lookback:", '    editor: ["Ed <ed@example.com>", eve@example.com]\n    lookback:')
    config.write_text(text.replace("site:", "web: {password: a long password}\nsite:"))
    made.enlist(near="r1", far="r2")
    return made


@pytest.fixture
def watch(desk: Desk) -> Watch:
    """The application at a moment."""

    def at(now: datetime) -> App:
        return open_app(load(desk.folder / "config.yaml", {}), clock=lambda: now)

    return at


def queued(app: App) -> list[tuple[str, str, str]]:
    with app.database.read() as connection:
        rows = connection.execute(select(tables.notices).order_by(tables.notices.c.id))
        return [(row.kind, row.email, row.state) for row in rows]


def reminded(app: App) -> list[tuple[str, str, int | None]]:
    with app.database.read() as connection:
        rows = connection.execute(select(tables.reminders).order_by(tables.reminders.c.local_date))
        return [(row.edition, row.local_date, row.issue) for row in rows]


def post(app: App, transport: Transport | None = None) -> NoticeReport:
    """Sends what waits."""
    door, write = transport or app.transport(), app.renderer.notice
    return asyncio.run(
        send_due(app.database, door, write, app.signer, app.edition, app.clock, composers=composers(app))
    )


TWICE = [
    ("reminder", "ed@example.com"),
    ("preview", "ed@example.com"),
    ("reminder", "eve@example.com"),
    ("preview", "eve@example.com"),
]


def test_an_editor_hears_of_it_once_and_sees_the_message(watch: Watch, inbox: Inbox) -> None:
    tick(watch(FRIDAY - DAY - timedelta(seconds=1)), "one")
    assert queued(watch(FRIDAY)) == []
    app = watch(FRIDAY - DAY)
    for worker in ("one", "two"):
        tick(app, worker)
    tick(watch(FRIDAY - timedelta(hours=3)), "one")
    assert [(kind, email) for kind, email, _ in queued(app)] == TWICE
    assert reminded(app) == [("near", "2026-06-05", 1)]
    assert post(app) == NoticeReport(sent=4)
    assert post(app) == NoticeReport()
    reminder, preview = inbox.mails[:2]
    text, html = reminder.part("plain"), reminder.part("html")
    assert reminder.recipient == preview.recipient == "ed@example.com"
    assert reminder.read()["Subject"] == "Friday, June 5, 2026, 08:00: Harbour Light"
    assert reminder.read()["Auto-Submitted"] == "auto-generated"
    for words in (
        "Europe/London, UTC+01:00",
        "1 reader",
        "Harbour crane learns to wave",
        "newsletter preview 1 --open",
        "https://letters.example.org/admin/issues/1/preview",
        "https://harbour.example.org/",
    ):
        assert words in " ".join(text.split()), words
    assert "Gulls [bold]outwit[/] {{ 7*7 }} drones" in html
    with app.database.read() as connection:
        issue = issues.get(connection, 1)
    assert preview.read()["Subject"] == f"[Preview] {issue.subject}"
    assert preview.read()["List-Unsubscribe"] is not None


def test_the_issue_goes_out_when_it_falls_due(watch: Watch) -> None:
    tick(watch(FRIDAY - DAY), "one")
    done = [(run.edition, run.state, run.issue) for run in tick(watch(FRIDAY), "one")]
    assert ("near", "done", 1) in done
    assert [name for name, *_ in reminded(watch(FRIDAY))] == ["near"]
    assert post(watch(FRIDAY)) == NoticeReport(failed=4)  # too late to remind of it


def test_what_a_server_refuses_is_tried_again_until_it_is_too_late(watch: Watch) -> None:
    tick(watch(FRIDAY - DAY), "one")
    door = Post(OutcomeKind.DEFERRED)
    assert post(watch(FRIDAY - DAY), door) == NoticeReport(deferred=4)
    later = watch(FRIDAY - timedelta(hours=2))
    assert post(later, door) == NoticeReport(deferred=4)
    assert [run.state for run in tick(watch(FRIDAY), "one") if run.edition == "near"] == ["done"]
    assert post(watch(FRIDAY + timedelta(hours=2)), Post(OutcomeKind.ACCEPTED)) == NoticeReport(failed=4)


def test_one_that_was_cancelled_meanwhile_is_no_news(watch: Watch) -> None:
    app = watch(FRIDAY - DAY)
    tick(app, "one")
    cancel(app.database, 1, app.clock())
    assert post(app) == NoticeReport(failed=4)


def test_nobody_is_reminded_of_a_date_that_is_skipped(watch: Watch) -> None:
    app = watch(THURSDAY)
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    assert due.skip(app.database, plan.place, plan.schedule, THURSDAY - DAY)
    tick(app, "somebody")
    assert queued(app) == []


@pytest.mark.parametrize("hour", ["08:00", "18:00"], ids=["same hour", "another hour"])
def test_a_reminder_of_a_date_that_is_skipped_meanwhile_is_not_sent(desk: Desk, watch: Watch, hour: str) -> None:
    """Whatever hour of it the schedule names by then."""
    tick(watch(FRIDAY - DAY), "one")
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace('at: "08:00"', f'at: "{hour}"'))
    app = watch(FRIDAY - DAY)
    [plan] = [plan for plan in planned(app) if plan.edition == "near"]
    due.skip(app.database, plan.place, plan.schedule, FRIDAY - DAY)
    assert post(app) == NoticeReport(failed=4)


def test_of_an_edited_draft_nothing_is_said_to_be_rebuilt(desk: Desk, watch: Watch, inbox: Inbox) -> None:
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    assert desk.call("edit", "1", "--without", "2").status == 0
    app = watch(THURSDAY)
    tick(app, "somebody")
    post(app)
    reminder = inbox.mails[0].part("plain")
    assert "newsletter edit 1 --undo" in reminder
    assert "It is rebuilt when it falls due" not in reminder


def test_nothing_new_is_said(desk: Desk, watch: Watch, inbox: Inbox) -> None:
    for file in (desk.folder / "blog" / "_posts").iterdir():
        file.unlink()
    app = watch(FRIDAY - DAY)
    tick(app, "one")
    assert post(app) == NoticeReport(sent=2)
    assert "has nothing to send" in inbox.mails[0].read()["Subject"]
    assert "There is nothing new for it yet" in inbox.mails[0].part("plain")


def test_what_the_issue_lacks_is_said_once_and_so_is_that_nobody_reads_it(
    desk: Desk, watch: Watch, inbox: Inbox
) -> None:
    crane = next((desk.folder / "blog" / "_posts").glob("*-crane.md"))
    crane.write_text(crane.read_text() + "\n![The crane](/images/gone.png)\n")
    app = watch(FRIDAY - DAY)
    with app.database.write() as connection:
        connection.execute(delete(tables.subscriptions))
    tick(app, "one")
    post(app)
    text = " ".join(inbox.mails[0].part("plain").split())
    assert text.count("without its picture") == 1
    assert "Nobody reads it yet: the draft is kept until somebody does." in text
    assert "0 readers" not in text


def test_what_cannot_be_built_is_said(desk: Desk, watch: Watch, inbox: Inbox) -> None:
    templates = desk.folder / "templates" / "email" / "themes"
    templates.mkdir(parents=True)
    (templates / "classic.txt").write_text("one\n{% if %}\n")
    app = watch(FRIDAY - DAY)
    tick(app, "one")
    assert post(app) == NoticeReport(sent=2)
    assert "cannot be built" in inbox.mails[0].read()["Subject"]
    assert "classic.txt:2" in " ".join(inbox.mails[0].part("plain").split())


def test_a_note_that_cannot_be_used_is_said(desk: Desk, watch: Watch, inbox: Inbox) -> None:
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("    lookback:", "    note: note.md\n    lookback:"))
    (desk.folder / "note.md").write_text("Hello.\n\n<b>you</b>\n")
    app = watch(FRIDAY - DAY)
    tick(app, "one")
    post(app)
    assert "note.md:3" in " ".join(inbox.mails[0].part("plain").split())


@pytest.mark.long
def test_a_process_that_dies_before_it_is_written_down_reminds_nobody_and_the_next_one_does(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = watch(FRIDAY - DAY)

    def dies(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(remind.notices, "queue", dies)
        with pytest.raises(KeyboardInterrupt):
            tick(app, "one")
    assert (queued(app), reminded(app)) == ([], [])
    tick(watch(FRIDAY - timedelta(hours=23)), "two")
    assert [(kind, email) for kind, email, _ in queued(app)] == TWICE


@pytest.mark.long
def test_two_at_once_remind_once(watch: Watch) -> None:
    apps = [watch(FRIDAY - DAY) for _ in range(2)]
    both = [threading.Thread(target=tick, args=(app, str(number))) for number, app in enumerate(apps)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    tick(watch(FRIDAY - DAY + timedelta(minutes=1)), "one")
    assert [(kind, email) for kind, email, _ in queued(apps[0])] == TWICE


@pytest.mark.long
def test_two_processes_remind_once_and_the_next_one_does_where_one_was_killed(desk: Desk, watch: Watch) -> None:
    victim = other(desk, FRIDAY - DAY, "build")
    victim.communicate("go\n", timeout=60)
    assert victim.returncode == -9
    assert queued(watch(FRIDAY)) == []
    both = [other(desk, FRIDAY - DAY + timedelta(minutes=2)) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert [(kind, email) for kind, email, _ in queued(watch(FRIDAY))] == TWICE
    assert reminded(watch(FRIDAY)) == [("near", "2026-06-05", 1)]


def test_schedule_shows_it(desk: Desk) -> None:
    first, second = desk.call("schedule", "--next", "2", "--json").json
    far, near = sorted((first, second), key=lambda run: str(run["edition"]))
    assert far["reminder"] is None
    assert datetime.fromisoformat(near["at"]) - datetime.fromisoformat(near["reminder"]) == DAY
    assert "Reminder" in desk.call("schedule").out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("remind: 24h", "remind: 8d", "between 1m and 7d"),
        ("remind: 24h", "remind: soon", "no duration"),
        ('editor: ["Ed <ed@example.com>", eve@example.com]', "max_stories: 3", "add `editor: you@example.org`"),
        ("eve@example.com", "eve", "no mailbox"),
    ],
)
def test_slips_are_told_with_their_line(desk: Desk, old: str, new: str, told: str) -> None:
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=r"config\.yaml:\d+: ") as caught:
        load(config, {})
    assert told in str(caught.value)


ZONES = ["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "UTC"]


@settings(max_examples=100, deadline=None)
@given(
    days=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    at=st.times().map(lambda time: time.replace(microsecond=0)),
    zone=st.sampled_from(ZONES),
    hours=st.integers(1, 168),
    begin=st.integers(0, 730 * 86400).map(lambda seconds: THURSDAY + timedelta(seconds=seconds)),
    step=st.integers(3, 60),
)
def test_every_occurrence_is_reminded_of_before_it_and_after_the_one_before(
    days: set[str], at: object, zone: str, hours: int, begin: datetime, step: int
) -> None:
    ordered = tuple(day for day in WEEKDAYS if day in days)
    schedule = Schedule(ordered, at, zone, remind=timedelta(hours=hours))
    listed = occurrences(schedule, begin)
    before, one = next(listed), next(listed)
    told = reminder_at(schedule, one)
    assert told is not None
    assert before.at <= told < one.at
    assert told >= one.at - timedelta(hours=hours)
    assert reminder_due(schedule, told) == one
    assert reminder_due(schedule, told - timedelta(seconds=1)) != one
    assert reminder_due(schedule, told + (one.at - told) * step / 61) == one
    assert reminder_due(schedule, one.at) != one
