"""Real processes on one database: two that send, one that stops another, readers who leave, a disk that is full."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.smtp_sink import HOLD, Sink, delay, reply

pytestmark = pytest.mark.slow
CONNECTIONS = 8  # the configuration's default


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, sink: Sink) -> Desk:
    """On SQLite."""
    desk = Desk(tmp_path, sink.port).furnish()
    desk.call("build", "harbour", "--edition", "near")
    return desk


@pytest.fixture
def shared(tmp_path: Path, sink: Sink, database_url: str) -> Desk:
    """On SQLite and on PostgreSQL."""
    desk = Desk(tmp_path, sink.port, {"NEWSLETTER_DATABASE": database_url}).furnish()
    desk.call("build", "harbour", "--edition", "near")
    return desk


def readers(desk: Desk, number: int) -> None:
    """r1@example.com …"""
    lines = ["email", *(f"r{one}@example.com" for one in range(1, number + 1))]
    (desk.folder / "list.csv").write_text("\n".join(lines) + "\n")
    assert desk.call("subscribers", "import", "list.csv").status == 0


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    return process.returncode, out, err


@pytest.mark.parametrize("command", [["serve", "--port", 0], ["worker"]], ids=["serve", "worker"])
def test_two_that_look_after_everything_mail_each_reader_once(shared: Desk, sink: Sink, command: list[object]) -> None:
    readers(shared, 80)
    sink.fail("RCPT", reply(451, "4.7.1 later"), times=80)
    assert shared.call("send", 1, "--yes", "--wait", "0s", "--json").json["deferred"] == 80
    sink.fail("dot", delay(0.02))
    both = [shared.start(*command), shared.start(*command)]
    sink.wait_for(80, 60)
    shown = shared.call("show", 1, "--json").json
    until = time.monotonic() + 20
    while shown["state"] != "sent" and time.monotonic() < until:
        time.sleep(0.1)
        shown = shared.call("show", 1, "--json").json
    for process in both:
        process.send_signal(signal.SIGTERM)
    said = [end(process) for process in both]
    assert [status for status, _, _ in said] == [0, 0], said
    assert (shown["state"], shown["sent"], set(sink.recipients.values())) == ("sent", 80, {1})


def test_two_sends_of_one_draft_start_it_once(shared: Desk, sink: Sink) -> None:
    readers(shared, 40)
    both = [shared.start("send", 1, "--yes", "--json"), shared.start("send", 1, "--yes", "--json")]
    said = [end(process) for process in both]
    assert sorted(status for status, _, _ in said) == [0, 1], said
    assert len(sink.recipients) == 40
    assert set(sink.recipients.values()) == {1}


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_another_process_stops_the_send_within_a_second(shared: Desk, sink: Sink, verb: str) -> None:
    readers(shared, 600)
    sink.fail("answer", delay(0.05))
    sending = shared.start("send", 1, "--yes", "--json")
    sink.wait_for(20)
    said = shared.call(verb, 1, "--json")
    returned, seen = time.monotonic(), len(sink.received)
    status, out, err = end(sending)
    late = [taken for taken in sink.received[seen:] if taken.at > returned + 1.0]
    assert said.status == 0, said.err
    assert len(late) <= CONNECTIONS  # what was in flight when the second was over
    books = json.loads(out)
    assert (status, books["state"]) == (1, {"pause": "paused", "cancel": "cancelled"}[verb]), err
    assert (books["sent"], books["uncertain"]) == (len(sink.received), 0)
    assert sum(sink.heard.values()) == len(sink.received) < 600
    sink.faults.clear()
    resumed = shared.call("resume", 1, "--json")
    if verb == "pause":
        assert (resumed.status, resumed.json["sent"]) == (0, 600)
        assert len(sink.recipients) == 600
    else:
        assert resumed.status == 1
        assert shared.call("show", 1, "--json").json["skipped"] == 600 - len(sink.received)
    assert set(sink.recipients.values()) == {1}


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_what_is_in_flight_and_begins_nothing(
    shared: Desk, sink: Sink, asked: signal.Signals
) -> None:
    readers(shared, 100)
    sink.fail("answer", HOLD, after=30)
    sending = shared.start("send", 1, "--yes", "--json")
    sink.wait_for(30 + CONNECTIONS)
    sending.send_signal(asked)
    time.sleep(0.3)
    sink.release()
    status, out, err = end(sending)
    books = json.loads(out)
    assert status == 128 + asked, err
    assert (books["state"], books["sent"], books["uncertain"]) == ("sending", 30 + CONNECTIONS, 0)
    assert len(sink.received) == 30 + CONNECTIONS
    done = shared.call("resume", 1, "--json").json
    assert (done["state"], done["sent"], set(sink.recipients.values())) == ("sent", 100, {1})


@pytest.mark.parametrize("command", [["remove"], ["erase", "--yes"]], ids=["unsubscribe", "erase and suppress"])
def test_who_leaves_by_another_process_gets_nothing_more(shared: Desk, sink: Sink, command: list[object]) -> None:
    readers(shared, 60)
    sink.fail("answer", HOLD, after=10)
    sending = shared.start("send", 1, "--yes", "--json")
    sink.wait_for(10 + CONNECTIONS)
    got = set(sink.recipients)
    leaving = [f"r{number}@example.com" for number in range(1, 61) if f"r{number}@example.com" not in got][-8:]
    staying = [f"r{number}@example.com" for number in range(1, 61) if f"r{number}@example.com" not in leaving]
    for address in leaving:
        assert shared.call("subscribers", *command, address).status == 0
    sink.release()
    status, out, err = end(sending)
    books = json.loads(out)
    assert (status, books["state"]) == (0, "sent"), err
    assert (books["sent"], books["skipped"]) == (52, 8)
    assert sorted(sink.recipients.elements()) == sorted(staying)


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


@pytest.mark.parametrize("hours", [1, -1], ids=["autumn", "spring"])
def test_summer_time_ends_in_mid_send(shared: Desk, sink: Sink, hours: int) -> None:
    """The process's zone changes while retries wait: they come after their pause, not an hour late or never."""
    readers(shared, 20)
    sink.fail("RCPT", reply(451, "4.7.1 later"), times=100)  # five tries each: over about four seconds
    change = datetime.now() + timedelta(seconds=3)  # noqa: DTZ005 - the rule of a zone is written in its own time
    zero, day = ("AAA0BBB-1", change.timetuple().tm_yday)
    again = f"J{day}/{change:%H:%M:%S}"
    far = "J1/0" if day > 180 else "J360/0"
    zone = f"{zero},{far},{again}" if hours == 1 else f"{zero},{again},{far}"
    shared.environ["TZ"] = zone
    done = shared.start("send", 1, "--yes", "--json", "--wait", "20s")
    status, out, err = end(done)
    books = json.loads(out)
    assert (status, books["state"], books["sent"]) == (0, "sent", 20), err
    assert set(sink.recipients.values()) == {1}
