"""Real processes on one database: two that send, one that stops another, readers who leave, a disk that is full.

NEWSLETTER_FAULTS=all tries some of it on the other database as well.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.services import steer
from newsletter.store.database import Database
from tests import postgres
from tests.cli.desk import Desk
from tests.smtp_sink import HOLD, Sink, delay, reply

pytestmark = pytest.mark.long
LONG = os.environ.get("NEWSLETTER_FAULTS") == "all"
CONNECTIONS = 8  # the configuration's default


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a draft, made once: copies are cheap."""
    return _build(Desk(tmp_path_factory.mktemp("built") / "desk"))


@pytest.fixture(scope="module")
def built_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: Path) -> Iterator[Path]:
    with postgres.database(postgres_server, "built") as url:
        yield _build(Desk(tmp_path_factory.mktemp("built") / "desk", environ={"NEWSLETTER_DATABASE": url}))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path, sink: Sink) -> Iterator[Desk]:
    """Issue 1 is a draft for the edition `near`."""
    desk = Desk(tmp_path / "desk", sink.port, {"NEWSLETTER_SMTP__PORT": str(sink.port)})
    with ExitStack() as opened:
        made: Path = request.getfixturevalue("built" if request.param == "sqlite" else "built_on_postgres")
        shutil.copytree(made, desk.folder)
        if request.param == "postgres":
            copy = postgres.database(request.getfixturevalue("postgres_server"), "copied", template="built")
            desk.environ["NEWSLETTER_DATABASE"] = opened.enter_context(copy)
        yield desk


def _build(desk: Desk) -> Path:
    desk.furnish()
    assert desk.run("build", "harbour", "--edition", "near").status == 0
    return desk.folder


def on(*cases: tuple[str, object]) -> pytest.MarkDecorator:
    """Each case on the database that is named first."""
    return pytest.mark.parametrize(("desk", "case"), cases, indirect=["desk"])


def mostly(case: tuple[str, object], rarely: tuple[str, object]) -> pytest.MarkDecorator:
    """The second one only in the long run: other tests hold its promise too, with less around it."""
    return on(case, rarely) if LONG else on(case)


def readers(desk: Desk, number: int) -> None:
    """r1@example.com …"""
    lines = ["email", *(f"r{one}@example.com" for one in range(1, number + 1))]
    (desk.folder / "list.csv").write_text("\n".join(lines) + "\n")
    assert desk.call("subscribers", "import", "list.csv").status == 0


def _day(moment: datetime) -> int:
    """As POSIX counts the days of a year in a TZ rule, the 29th of February never."""
    return moment.replace(year=2027).timetuple().tm_yday


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    return process.returncode, out, err


@on(("sqlite", ["serve", "--port", 0]), ("postgres", ["worker"]))
def test_two_that_look_after_everything_mail_each_reader_once(desk: Desk, sink: Sink, case: list[object]) -> None:
    readers(desk, 80)
    database = Database(desk.environ.get("NEWSLETTER_DATABASE", f"sqlite:///{desk.folder}/subscribers.db"))
    steer.start(database, 1, datetime.now(UTC))
    steer.pause(database, 1)
    sink.fail("dot", delay(0.02))
    both = [desk.start(*case), desk.start(*case)]
    for process in both:
        ready = process.stdout if case[0] == "serve" else process.stderr
        assert ready
        assert ready.readline()
    steer.resume(database, 1)
    sink.wait_for(80, 60)
    shown = desk.call("show", 1, "--json").json
    until = time.monotonic() + 20
    while shown["state"] != "sent" and time.monotonic() < until:
        time.sleep(0.1)
        shown = desk.call("show", 1, "--json").json
    for process in both:
        process.send_signal(signal.SIGTERM)
    said = [end(process) for process in both]
    assert [status for status, _, _ in said] == [0, 0], said
    assert (shown["state"], shown["sent"], set(sink.recipients.values())) == ("sent", 80, {1})
    assert any("issue 1 is being sent" in err or "issue 1: this process sends a part" in err for _, _, err in said), (
        said
    )


def test_two_sends_of_one_draft_start_it_once(desk: Desk, sink: Sink) -> None:
    readers(desk, 40)
    both = [desk.start("send", 1, "--yes", "--json"), desk.start("send", 1, "--yes", "--json")]
    said = [end(process) for process in both]
    assert sorted(status for status, _, _ in said) == [0, 1], said
    assert len(sink.recipients) == 40
    assert set(sink.recipients.values()) == {1}


@mostly(("sqlite", "pause"), ("postgres", "cancel"))
def test_another_process_stops_the_send_within_a_second(desk: Desk, sink: Sink, case: str) -> None:
    readers(desk, 600)
    sink.fail("answer", delay(0.05))
    sending = desk.start("send", 1, "--yes", "--json")
    sink.wait_for(20)
    said = desk.call(case, 1, "--json")
    returned, seen = time.monotonic(), len(sink.received)
    status, out, err = end(sending)
    late = [taken for taken in sink.received[seen:] if taken.at > returned + 1.0]
    assert said.status == 0, said.err
    assert len(late) <= CONNECTIONS  # what was in flight when the second was over
    books = json.loads(out)
    assert (status, books["state"]) == (1, {"pause": "paused", "cancel": "cancelled"}[case]), err
    assert (books["sent"], books["uncertain"]) == (len(sink.received), 0)
    assert sum(sink.heard.values()) == len(sink.received) < 600
    sink.faults.clear()
    resumed = desk.call("resume", 1, "--json")
    if case == "pause":
        assert (resumed.status, resumed.json["sent"]) == (0, 600)
        assert len(sink.recipients) == 600
    else:
        assert resumed.status == 1
        assert desk.call("show", 1, "--json").json["skipped"] == 600 - len(sink.received)
    assert set(sink.recipients.values()) == {1}


@mostly(("sqlite", signal.SIGINT), ("postgres", signal.SIGTERM))
def test_a_signal_finishes_what_is_in_flight_and_begins_nothing(desk: Desk, sink: Sink, case: int) -> None:
    readers(desk, 100)
    sink.fail("answer", HOLD, after=30)
    sending = desk.start("send", 1, "--yes", "--json")
    sink.wait_for(30 + CONNECTIONS)
    sending.send_signal(case)
    time.sleep(0.3)
    sink.release()
    status, out, err = end(sending)
    books = json.loads(out)
    assert status == 128 + case, err
    assert (books["state"], books["sent"], books["uncertain"]) == ("sending", 30 + CONNECTIONS, 0)
    assert len(sink.received) == 30 + CONNECTIONS
    done = desk.call("resume", 1, "--json").json
    assert (done["state"], done["sent"], set(sink.recipients.values())) == ("sent", 100, {1})


@mostly(("sqlite", ["erase", "--yes"]), ("postgres", ["remove"]))
def test_who_leaves_by_another_process_gets_nothing_more(desk: Desk, sink: Sink, case: list[object]) -> None:
    readers(desk, 60)
    sink.fail("answer", HOLD, after=10)
    sending = desk.start("send", 1, "--yes", "--json")
    sink.wait_for(10 + CONNECTIONS)
    got = set(sink.recipients)
    leaving = [f"r{number}@example.com" for number in range(1, 61) if f"r{number}@example.com" not in got][-3:]
    staying = [f"r{number}@example.com" for number in range(1, 61) if f"r{number}@example.com" not in leaving]
    for address in leaving:
        assert desk.call("subscribers", *case, address).status == 0
    sink.release()
    status, out, err = end(sending)
    books = json.loads(out)
    assert (status, books["state"]) == (0, "sent"), err
    assert (books["sent"], books["skipped"]) == (57, 3)
    assert sorted(sink.recipients.elements()) == sorted(staying)


@pytest.mark.parametrize("desk", ["sqlite"], indirect=True)
def test_a_disk_that_is_full_for_a_while_loses_and_doubles_nobody(desk: Desk, sink: Sink) -> None:
    """No file of the sending process may grow past its first page: SQLite is refused each write, as on a full disk."""
    readers(desk, 60)
    sink.fail("answer", HOLD, after=10)
    sending = desk.start("send", 1, "--yes", "--json")
    sink.wait_for(10 + CONNECTIONS)
    free = resource.prlimit(sending.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(sending.pid, resource.RLIMIT_FSIZE, (1, free[1]))
    sink.release()
    time.sleep(1.0)
    assert len(sink.received) == 10 + CONNECTIONS  # nothing leaves while nothing can be written down
    assert sending.poll() is None
    resource.prlimit(sending.pid, resource.RLIMIT_FSIZE, free)
    status, out, err = end(sending)
    books = json.loads(out)
    assert (status, books["state"], books["sent"]) == (0, "sent", 60), err
    assert sorted(sink.recipients.values()) == [1] * 60


@mostly(("sqlite", "autumn"), ("postgres", "spring"))
def test_the_clocks_change_in_mid_send(desk: Desk, sink: Sink, case: str) -> None:
    """The process's zone changes while retries wait: they come after their pause, not an hour late or never."""
    readers(desk, 20)
    sink.fail("RCPT", reply(451, "4.2.0 later"), times=100)  # five tries each: over about four seconds
    zone = "AAA0BBB-1"  # an hour ahead in summer
    local = datetime.now(UTC) + timedelta(seconds=2.5, hours=case == "autumn")  # a zone's rule is in its own time
    now, far = f"J{_day(local)}/{local:%H:%M:%S}", f"J{(_day(local) + 180) % 365 + 1}/0"
    zone += f",{now},{far}" if case == "spring" else f",{far},{now}"
    desk.environ["TZ"] = zone
    done = desk.start("send", 1, "--yes", "--json", "--wait", "20s")
    status, out, err = end(done)
    books = json.loads(out)
    assert (status, books["state"], books["sent"]) == (0, "sent", 20), err
    assert set(sink.recipients.values()) == {1}
