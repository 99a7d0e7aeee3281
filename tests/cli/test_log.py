"""Whole ways with the log captured: deliveries that fail, sign-ups, unsubscribes: and nobody's address in it."""

from __future__ import annotations

import json
import re
import signal
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.desk import Desk
from tests.smtp_sink import CUT, Sink, reply
from tests.waiting import until

ADDRESS = re.compile(r"[^\s\"<>]@|%40|\b(ada|bob|eve|grace|hedy|joan)\b", re.IGNORECASE)


@pytest.fixture
def desk(desk: Desk, tmp_path: Path, sink: Sink) -> Desk:
    rows = ["email", "ada@example.org", "bob@example.net", "eve@example.com", "grace@example.org", "hedy@example.net"]
    (tmp_path / "list.csv").write_text("\n".join(rows) + "\n")
    assert desk.call("subscribers", "import", "list.csv").status == 0
    sink.fail("RCPT", reply(550, "5.1.1 <ada@example.org>: user unknown"), to="ada@example.org")
    sink.fail("dot", reply(554, "5.7.1 bob@example.net does not want this"), to="bob@example.net")
    sink.fail("RCPT", reply(451, "4.7.1 <eve@example.com>: greylisted"), to="eve@example.com", times=1)
    sink.fail("RCPT", reply(421, "4.3.2 not now, grace@example.org"), to="grace@example.org", times=2)
    sink.fail("dot", CUT, to="hedy@example.net", times=1)
    return desk


def facts(err: str) -> list[dict[str, Any]]:
    """Every line of a log; each is an object with the keys that all have."""
    lines = [json.loads(line) for line in err.splitlines()]
    assert all({"time", "level", "event", "message"} <= line.keys() for line in lines)
    return lines


def test_a_sending_that_fails_in_every_way(desk: Desk) -> None:
    done = desk.run("send", 1, "--yes", "--log", "json", "--json")
    assert done.json["failed"] == 2
    assert not ADDRESS.search(done.err), done.err
    told = {line["event"]: line for line in facts(done.err)}
    assert {"issue_begun", "issue_ended"} <= told.keys()
    ended = {"issue": 1, "level": "info", "state": "sent", "recipients": 5, "sent": 3, "failed": 2}
    assert ended.items() <= told["issue_ended"].items()


def test_what_a_terminal_would_be_told_is_in_the_log_too(desk: Desk) -> None:
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("https://letters.example.org", "http://127.0.0.1:8000"))
    assert desk.call("build", "harbour", "--edition", "near").status == 0
    done = desk.run("send", 1, "--yes", "--log", "json")
    assert "5 recipients" in done.out
    found = [line for line in facts(done.err) if line["event"] == "preflight"]
    assert any("lead to this machine" in line["message"] for line in found)


def test_an_issue_that_pauses_itself_says_why_without_an_address(desk: Desk, sink: Sink) -> None:
    sink.faults.clear()
    sink.fail("MAIL", reply(530, "5.7.0 log in first, grace@example.org"))
    desk.environ["NEWSLETTER_LOG__FORMAT"] = "json"
    done = desk.call("send", 1, "--yes", "--wait", "2s")
    log = [line for line in done.err.splitlines() if line.startswith("{")]
    assert log
    assert not ADDRESS.search("\n".join(log)), log


def test_without_being_asked_a_sending_does_not_log(desk: Desk) -> None:
    assert desk.call("send", 1, "--yes", "--json").err == ""
    wrong = desk.call("resume", 1, "--log", "xml")
    assert (wrong.status, wrong.out) == (2, "")
    assert "there are text and json" in wrong.err


@pytest.mark.slow
@pytest.mark.parametrize("form", ["json", pytest.param("text", marks=pytest.mark.long)])
def test_serve_through_a_whole_life(desk: Desk, sink: Sink, form: str) -> None:
    desk.call("send", 1, "--yes", "--wait", "0s")
    sink.fail("RCPT", reply(550, "5.1.1 <joan@example.org>: user unknown"), to="joan@example.org")
    process = desk.start("serve", "--port", 0, "--log", form)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        for email in ("joan@example.org", "ada@example.org"):
            form_data = urllib.parse.urlencode({"email": email, "edition": "near"}).encode()
            urllib.request.urlopen(f"{address}/subscribe/harbour", form_data).read()
        sink.wait_for(3)
        mail = next(one for one in sink.received if one.recipient == "grace@example.org")
        token = re.search(rb"List-Unsubscribe: <[^>]*/unsubscribe/([^>\s]+)>", mail.content.replace(b"\r\n ", b""))
        assert token
        urllib.request.urlopen(f"{address}/unsubscribe/{token[1].decode()}", b"List-Unsubscribe=One-Click").read()
        until(lambda: desk.call("show", 1, "--json").json["state"] == "sent")
        until(lambda: any("joan@example.org" in command for command in sink.commands))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert not ADDRESS.search(err), err
    assert "issue 1 is sent: " in err
    if form == "json":
        assert {"issue_begun", "issue_ended", "notices", "stopped"} <= {line["event"] for line in facts(err)}
