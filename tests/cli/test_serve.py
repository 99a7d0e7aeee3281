"""`serve` and `worker` as real processes: they answer, carry on what was left, send notices, and drain on SIGTERM."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from newsletter import serve
from newsletter.app import App
from tests.cli.desk import Desk
from tests.smtp_sink import Sink, delay, reply

pytestmark = pytest.mark.slow


@contextmanager
def served(desk: Desk, *words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address; it is told to stop at the end, and must do so cleanly."""
    process = desk.start("serve", "--port", 0, *words)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"newsletter answers at (http://\S+:\d+)\n", line)
        assert found, line + process.stderr.read() if process.stderr else line
        yield process, found[1]
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert "Traceback" not in err
    finally:
        process.kill()
        process.wait()


def readers(desk: Desk, number: int) -> None:
    (desk.folder / "list.csv").write_text(
        "\n".join(["email", *(f"r{one}@example.com" for one in range(number))]) + "\n"
    )
    assert desk.call("subscribers", "import", "list.csv").status == 0


def test_it_answers_signs_up_and_carries_on_what_is_being_sent(desk: Desk, sink: Sink) -> None:
    readers(desk, 3)
    sink.fail("RCPT", reply(451, "4.2.0 later"), to="r1@example.com", times=2)
    left = desk.call("send", 1, "--yes", "--wait", "0s", "--json").json
    assert (left["state"], left["deferred"]) == ("sending", 1)
    with served(desk) as (_, address):
        assert urllib.request.urlopen(f"{address}/healthz").status == 200
        sign_up = urllib.request.Request(
            f"{address}/subscribe/harbour",
            data=json.dumps({"email": "new@example.com", "edition": "near"}).encode(),
            headers={"Content-Type": "application/json"},
        )
        assert urllib.request.urlopen(sign_up).status == 202
        sink.wait_for(4)  # three readers, and the mail that asks the new one to confirm
    assert sorted(sink.recipients) == ["new@example.com", "r0@example.com", "r1@example.com", "r2@example.com"]
    assert desk.call("show", 1, "--json").json["state"] == "sent"


def test_sigterm_drains_and_nobody_is_mailed_twice(desk: Desk, sink: Sink) -> None:
    readers(desk, 60)
    sink.fail("RCPT", reply(451, "4.2.0 later"), times=60)
    desk.call("send", 1, "--yes", "--wait", "0s")
    sink.fail("dot", delay(0.3))
    with served(desk):
        sink.wait_for(5)
    cut = desk.call("show", 1, "--json").json
    assert cut["state"] == "sending"
    assert cut["sent"] == len(sink.received) < 60
    sink.faults.clear()
    assert desk.call("resume", 1, "--json").json["sent"] == 60
    assert set(sink.recipients.values()) == {1}


def test_a_worker_sends_without_a_web(desk: Desk, sink: Sink) -> None:
    readers(desk, 2)
    sink.fail("RCPT", reply(451, "4.2.0 later"), times=2)
    desk.call("send", 1, "--yes", "--wait", "0s")
    process = desk.start("worker")
    sink.wait_for(2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "issue 1 is sent: 2 sent" in err


@pytest.mark.parametrize(
    ("site", "warned"),
    [("http://localhost:8000", True), ("http://127.0.0.1:PORT", False), ("https://example.org", False)],
)
def test_links_that_lead_to_another_port_of_this_machine_are_told_of(desk: Desk, site: str, warned: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("https://letters.example.org", site.replace("PORT", str(port))))
    process = desk.start("serve", "--port", port)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("newsletter answers at")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (
        f'lead to {site}, but this server does not answer there. Write `url: "http://127.0.0.1:{port}"`' in err
    ) == warned


def test_a_taken_port_is_said_in_words(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = desk.run("serve", "--port", taken.getsockname()[1])
    assert (done.status, done.out) == (1, "")
    assert "is taken; name another with --port" in done.err


STUCK = """
import sys, threading
from datetime import timedelta
from newsletter import schedule, serve
from newsletter.cli import main
def tick(*given):
    print("a run begins", file=sys.stderr, flush=True)
    threading.Event().wait()
schedule.tick, serve._DRAIN_SECONDS = tick, 0.2
sys.argv = ["newsletter", "serve", "--port", "0"]
main()
"""


def test_a_run_that_does_not_end_keeps_no_process_alive(desk: Desk) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK], cwd=desk.folder, env=desk.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    while "a run begins" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "a run of the schedule still read or built" in err


def test_the_schedule_begins_nothing_more_while_the_sender_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other they would take longer than whoever asked us to stop waits."""
    ended: list[str] = []

    class Part:
        def __init__(self, *given: object) -> None: ...

        def start(self) -> None: ...

        def stop(self, patience: float) -> bool:
            ended.append("schedule")
            return True

    class Pages:
        def __init__(self, *given: object) -> None: ...

        async def start(self) -> None: ...

        async def stop(self) -> None:
            ended.append("web")

    async def send_all(app: object, stop: asyncio.Event, role: str) -> None:
        await stop.wait()
        while "schedule" not in ended:
            await asyncio.sleep(0.01)
        ended.append("sender")

    monkeypatch.setattr(serve, "Scheduler", Part)
    monkeypatch.setattr(serve, "Web", Pages)
    monkeypatch.setattr(serve, "send_all", send_all)

    async def main() -> bool:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, stop.set)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            return await asyncio.wait_for(serve.serve(cast("App", None), listening, stop, lambda told: None), 5)

    assert asyncio.run(main())
    assert ended == ["schedule", "sender", "web"]
