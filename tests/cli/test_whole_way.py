"""The main job by hand, in real processes, against a real SMTP server: collect, build, import, send, show."""

from __future__ import annotations

import email
import email.policy
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.cli.desk import Desk
from tests.smtp_sink import HOLD, Sink, reply

pytestmark = pytest.mark.slow
COUNTS = ("recipients", "sent", "deferred", "failed", "skipped", "uncertain", "queued")


@pytest.fixture
def desk(tmp_path: Path, sink: Sink) -> Desk:
    return Desk(tmp_path, sink.port).furnish()


def readers(desk: Desk, number: int, edition: str = "near") -> None:
    lines = [f"reader{one}@example.com,Reader {one},{edition}" for one in range(number)]
    (desk.folder / "readers.csv").write_text("\n".join(["E-Mail,NAME,Edition", *lines]) + "\n")
    assert (
        desk.call("subscribers", "import", "readers.csv", "--newsletter", "harbour", "--json").json["added"] == number
    )


def test_from_posts_to_inboxes(desk: Desk, sink: Sink) -> None:
    collected = desk.call("collect", "--json").json["sources"]
    assert [one["name"] for one in collected] == ["blog"]
    assert {key: collected[0][key] for key in ("type", "seen", "new", "updated", "error")} == {
        "type": "jekyll", "seen": 4, "new": 4, "updated": 0, "error": None
    }  # fmt: skip
    assert [one["item"] for one in collected[0]["skipped"]] == ["_posts/2026-06-04-broken.md"]
    again = desk.call("collect", "harbour")
    assert again.status == 0
    assert "_posts/2026-06-04-broken.md:" in again.out

    posts = desk.call("posts", "harbour", "--json").json
    ferry = [post for post in posts if "Ferry" in post["title"]]
    assert len(posts) == 4
    assert len({post["story"] for post in ferry}) == 1
    gulls = posts[0]
    assert gulls["title"] == "Gulls [bold]outwit[/] {{ 7*7 }} drones"
    assert gulls["published"] == "2026-06-03T00:00:00+00:00"
    assert gulls["path"] == "_posts/2026-06-03-gulls.md"
    assert set(gulls) == {
        "source", "path", "url", "title", "published", "updated", "categories", "tags", "author", "excerpt", "image",
        "slug", "state", "story",
    }  # fmt: skip
    assert "Gulls [bold]outwit[/] {{ 7*7 }} drones" in desk.call("posts").out

    built = desk.call("build", "harbour", "--json").json["issues"]
    assert [(one["id"], one["edition"], one["number"], one["state"]) for one in built] == [
        (1, "near", 1, "draft"), (2, "far", 1, "draft")
    ]  # fmt: skip
    assert len(built[0]["stories"]) == 3
    told = next(story for story in built[0]["stories"] if "Ferry" in story["title"])
    assert [set(also) for also in told["also"]] == [{"title", "url", "source"}]
    assert desk.call("build", "harbour", "--edition", "near", "--json").json["issues"][0]["id"] == 1

    readers(desk, 5)
    sink.fail("RCPT", reply(550, "5.1.1 no such user"), to="reader4@example.com")
    sent = desk.call("send", 1, "--yes", "--json")
    assert sent.status == 0, sent.err
    assert {key: sent.json[key] for key in ("issue", "state", "recipients", "sent", "failed")} == {
        "issue": 1, "state": "sent", "recipients": 5, "sent": 4, "failed": 1
    }  # fmt: skip
    assert sent.json["recipients"] == sum(sent.json[name] for name in COUNTS[1:])
    assert sorted(sink.recipients) == [f"reader{one}@example.com" for one in range(4)]

    shown = desk.call("show", 1, "--json").json
    assert {name: shown[name] for name in COUNTS} == {name: sent.json[name] for name in COUNTS}
    assert [(one["domain"], one["recipients"]) for one in shown["by_domain"]] == [("example.com", 5)]
    assert [(one["code"], one["count"]) for one in shown["reasons"]] == [(550, 1)]
    failed = desk.call("show", 1, "--deliveries", "--state", "failed", "--json").json
    assert [set(row) for row in failed] == [{"email", "state", "attempts", "code", "status", "text", "at"}]
    assert failed[0]["email"] == "reader4@example.com"
    assert [issue["id"] for issue in desk.call("issues", "--json").json] == [2, 1]

    assert desk.call("build", "harbour", "--edition", "near", "--json").json == {"issues": []}
    assert "Nothing new" in desk.call("build", "harbour", "--edition", "near").out
    why = desk.call("why", "_posts/2026-06-03-gulls.md", "--json").json
    assert [(one["edition"], one["included"]) for one in why] == [("near", False), ("far", True)]

    empty = desk.call("send", 2, "--yes", "--json")
    assert (empty.status, empty.json["state"], empty.json["recipients"]) == (0, "sent", 0)


def test_a_preview_is_what_is_sent(desk: Desk, sink: Sink) -> None:
    desk.call("build", "harbour")
    assert desk.call("preview", 1, "--out", "look", "--json").json["files"] == [
        "look/message.eml", "look/message.html", "look/message.txt"
    ]  # fmt: skip
    seen = email.message_from_bytes((desk.folder / "look" / "message.eml").read_bytes(), policy=email.policy.default)
    html = (desk.folder / "look" / "message.html").read_text()
    assert "{{ 7*7 }}" in html
    assert "\ufdd0" not in html

    mailed = desk.call("send-preview", "harbour", "--to", "me@example.com", "--to", "you@example.com", "--json")
    assert (mailed.status, mailed.json["sent"], mailed.json["issue"]) == (0, 2, 1), mailed.err
    assert "--edition shows the other" in mailed.err
    assert desk.call("send-preview", 1, "--to", "me@example.com").status == 0
    sink.wait_for(3)
    mine = email.message_from_bytes(sink.received[0].content, policy=email.policy.default)
    assert mine["Subject"] == f"[Preview] {seen['Subject']}"
    assert len(sink.accepted) == 3
    for part in ("plain", "html"):
        body, expected = mine.get_body((part,)), seen.get_body((part,))
        assert body is not None
        assert expected is not None
        assert body.get_content() == expected.get_content()
    assert desk.call("show", 1, "--json").json["recipients"] == 0

    sink.fail("RCPT", reply(550, "5.7.1 not you"), to="nobody@example.com")
    refused = desk.call("send-preview", 1, "--to", "nobody@example.com", "--json")
    assert (refused.status, refused.json["sent"]) == (1, 0)
    assert "nobody@example.com did not get it: 550 5.7.1 not you" in refused.err


def test_what_is_put_off_is_waited_for_or_left(desk: Desk, sink: Sink) -> None:
    desk.call("build", "harbour")
    readers(desk, 2)
    sink.fail("RCPT", reply(451, "4.2.0 later"), to="reader1@example.com", times=2)
    left = desk.call("send", 1, "--yes", "--wait", "0s", "--json")
    assert (left.status, left.json["state"], left.json["deferred"]) == (0, "sending", 1)
    assert desk.call("send", 1, "--yes").status == 1
    done = desk.call("resume", 1, "--wait", "20s", "--json")
    assert (done.status, done.json["state"], done.json["sent"]) == (0, "sent", 2)
    assert desk.call("resume", 1).status == 1


def test_a_signal_drains_and_resume_goes_on(desk: Desk, sink: Sink) -> None:
    desk.call("build", "harbour")
    readers(desk, 80)
    sink.fail("answer", HOLD, after=20)  # so that the signal comes in the middle, however slow the machine
    sending = desk.start("send", 1, "--yes", "--json")
    sink.wait_for(21)
    second, third = desk.call("resume", 1), desk.call("send", 1, "--yes")
    assert (second.status, third.status) == (1, 1)
    assert "another process" in second.err
    assert "another process is sending issue 1 now; --wait TIME waits for it" in third.err
    sending.send_signal(signal.SIGTERM)
    time.sleep(1.0)  # what is in flight is waited for
    sink.release()
    out, err = sending.communicate(timeout=30)
    assert sending.returncode == 128 + signal.SIGTERM, err
    cut = Desk(desk.folder).run("show", 1, "--json").json
    assert '"state": "sending"' in out
    assert 0 < cut["sent"] < 80
    assert cut["sent"] == len(sink.received)
    sink.faults.clear()
    done = desk.call("resume", 1, "--json")
    assert (done.status, done.json["sent"]) == (0, 80)
    assert set(sink.recipients.values()) == {1}


EARLY = """
import os, signal, sys
from newsletter.services import steer
name, number = sys.argv[1], int(sys.argv[2])
begin = getattr(steer, name)
def begin_and_be_asked_to_stop(*given, **more):
    done = begin(*given, **more)
    os.kill(os.getpid(), number)
    return done
setattr(steer, name, begin_and_be_asked_to_stop)
sys.argv = ["newsletter", *sys.argv[3:]]
from newsletter.cli import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", ["send", "resume"])
def test_who_is_asked_to_stop_as_soon_as_it_began_says_how_it_stands(
    desk: Desk, sink: Sink, command: str, number: signal.Signals
) -> None:
    """Before there is an event loop that could hear it."""
    desk.call("build", "harbour")
    readers(desk, 40)
    words, began = ("send", "1", "--yes", "--json"), "start_for_anybody"
    if command == "resume":
        begun = subprocess.run(
            [sys.executable, "-c", EARLY, began, "15", *words], cwd=desk.folder, env=desk.environment
        )
        assert begun.returncode == 143
        words, began = ("resume", "1", "--json"), "resume"
    done = subprocess.run(
        [sys.executable, "-c", EARLY, began, str(int(number)), *words],
        cwd=desk.folder, env=desk.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 128 + number, done.stderr
    assert json.loads(done.stdout)["state"] == "sending"
    assert "newsletter resume 1 goes on" in done.stderr
    assert desk.call("resume", 1, "--json").json["sent"] == 40
    assert set(sink.recipients.values()) == {1}


def test_a_draft_that_was_judged_goes_out_without_what_drafts_are_written_with(desk: Desk, sink: Sink) -> None:
    """A third of what the program would have to load."""
    desk.call("build", "harbour")
    readers(desk, 1)
    script = (
        "import atexit, sys; sys.argv = ['newsletter', 'send', '1', '--yes']; from newsletter.cli import main\n"
        "atexit.register(lambda: print('drafting' in str(list(sys.modules)), file=sys.stderr)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=desk.folder, env=desk.environment, capture_output=True, text=True
    )
    assert sink.recipients
    assert done.stderr.splitlines()[-1] == "False"


@pytest.mark.parametrize("ignored", [False, True], ids=["closed", "nohup"])
def test_a_window_that_is_closed_drains_too_unless_nohup_is_there(desk: Desk, sink: Sink, ignored: bool) -> None:
    desk.call("build", "harbour")
    readers(desk, 80)
    sink.fail("answer", HOLD, after=20)
    mine, theirs = pty.openpty()
    command = ["nohup", *desk.command("send", 1, "--yes")] if ignored else desk.command("send", 1, "--yes")
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run behind `nohup` themselves
    try:
        sending = subprocess.Popen(
            command, cwd=desk.folder, env=desk.environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    os.close(theirs)
    sink.wait_for(21)
    sending.send_signal(signal.SIGHUP)
    if not ignored:
        os.close(mine)
    time.sleep(0.5)
    sink.release()
    if ignored:
        while sending.poll() is None:
            with suppress(OSError):
                os.read(mine, 4096)
        os.close(mine)
    assert sending.wait(30) == (0 if ignored else 128 + signal.SIGHUP)
    sink.faults.clear()
    if not ignored:
        assert 0 < len(sink.received) < 80
        assert desk.call("resume", 1, "--json").json["sent"] == 80
    assert len(sink.recipients) == 80
    assert set(sink.recipients.values()) == {1}


@pytest.mark.parametrize("again", [["resume", 1], ["send", 1, "--yes"]], ids=["resume", "send"])
def test_waiting_for_the_process_that_delivers_is_no_failure(desk: Desk, sink: Sink, again: list[object]) -> None:
    desk.call("build", "harbour")
    readers(desk, 40)
    sink.fail("answer", HOLD, after=3)
    sending = desk.start("send", 1, "--yes", "--json")
    sink.wait_for(4)
    waiting = desk.start(*again, "--wait", "30s", "--json")
    assert waiting.stderr is not None
    assert "Another process is sending issue 1: waiting for it." in waiting.stderr.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)
    sink.release()
    assert sending.wait(30) == 0
    out, err = waiting.communicate(timeout=30)
    told = json.loads(out)
    assert (waiting.returncode, told["state"], told["sent"]) == (0, "sent", 40), err
    assert set(sink.recipients.values()) == {1}


def test_pause_and_cancel(desk: Desk, sink: Sink) -> None:
    desk.call("build", "harbour")
    readers(desk, 1)
    assert desk.call("pause", 1).status == 1
    sink.fail("RCPT", reply(451, "4.2.0 later"))
    desk.call("send", 1, "--yes", "--wait", "0s")
    assert desk.call("pause", 1, "--json").json["state"] == "paused"
    assert desk.call("cancel", 1, "--json").json["state"] == "cancelled"
    assert desk.call("resume", 1).status == 1
    assert "cancelled" in desk.call("issues").out


def test_an_issue_that_cannot_be_resumed_stays_paused(desk: Desk, sink: Sink) -> None:
    desk.call("build", "harbour")
    readers(desk, 1)
    sink.fail("RCPT", reply(451, "4.2.0 later"))
    desk.call("send", 1, "--yes", "--wait", "0s")
    desk.call("pause", 1)
    config = desk.folder / "config.yaml"
    config.write_text(config.read_text().replace("      near:", "      nigh:"))
    refused = desk.call("resume", 1)
    assert refused.status == 1, refused.err
    assert "near" in refused.err
    assert desk.call("show", 1, "--json").json["state"] == "paused"


def test_without_a_terminal_a_list_is_mailed_only_with_yes(desk: Desk, sink: Sink) -> None:
    desk.call("build", "harbour")
    readers(desk, 2)
    refused = desk.run("send", 1, stdin="2\n")
    assert refused.status == 2
    assert "this would mail 2 recipients: say --yes" in refused.err
    assert sink.received == []


def test_a_blocked_issue_stays(desk: Desk) -> None:
    templates = desk.folder / "templates" / "email"
    templates.mkdir(parents=True)
    (templates / "digest.txt").write_text("{{ subject }}\n")
    desk.call("build", "harbour")
    checked = desk.call("check", 1, "--offline", "--json")
    assert (checked.status, checked.json["passed"]) == (3, False)
    assert any(finding["level"] == "block" for finding in checked.json["findings"])
    sent = desk.call("send", 1, "--yes", "--json")
    assert (sent.status, sent.out) == (3, "")
    assert "unsubscribe" in sent.err
    assert desk.call("show", 1, "--json").json["state"] == "draft"


def test_two_that_send_at_one_moment_and_wait_both_end_well_and_nobody_gets_it_twice(tmp_path: Path) -> None:
    with Sink() as sink:
        desk = Desk(tmp_path, sink.port).furnish()
        assert desk.call("build", "harbour", "--edition", "near").status == 0
        lines = "".join(f"r{number}@example.com\n" for number in range(200))
        (tmp_path / "readers.csv").write_text(f"email\n{lines}")
        assert desk.call("subscribers", "import", "readers.csv", "--edition", "near").status == 0
        both = [desk.start("send", "1", "--yes", "--json", "--wait", "60s") for _ in range(2)]
        ends = [json.loads(process.communicate()[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [(end["state"], end["sent"]) for end in ends] == [("sent", 200)] * 2
    assert set(sink.recipients.values()) == {1}
    words = ("send", "1", "--yes", "--json")
    assert desk.call(*words, "--wait", "60s").json["sent"] == 200  # as late as on a busy machine
    assert desk.call(*words).status == 1
    with closing(sqlite3.connect(tmp_path / "subscribers.db")) as database, database:
        database.execute("UPDATE issues SET finished_at = datetime(finished_at, '-2 minutes') || '.000000'")
    assert "is sent and stays so" in desk.call(*words, "--wait", "60s").err


SLOW = """
import sys, time
from newsletter.cli import main, sending
real = sending._deliver
def late(*given, **named):
    time.sleep(1.5)
    real(*given, **named)
sending._deliver = late
sys.argv = ["newsletter", "send", "1", "--yes", "--json", "--wait", "60s"]
main()
"""


def test_on_a_busy_machine_too_between_its_start_and_its_lock(desk: Desk, sink: Sink) -> None:
    desk.call("build", "harbour", "--edition", "near")
    readers(desk, 20)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    slow = subprocess.Popen([sys.executable, "-c", SLOW], cwd=desk.folder, env=desk.environment, **pipes)
    while desk.call("show", "1", "--json").json["state"] == "draft":
        time.sleep(0.02)
    other = desk.call("send", "1", "--yes", "--json", "--wait", "60s")
    assert (other.status, other.json["state"]) == (0, "sent"), other.err
    assert json.loads(slow.communicate()[0])["sent"] == 20
    assert set(sink.recipients.values()) == {1}
