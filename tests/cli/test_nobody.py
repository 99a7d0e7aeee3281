"""An issue that nobody reads yet: its stories are kept for the first who does."""

from __future__ import annotations

from tests.cli.desk import Desk
from tests.smtp_sink import Sink


def test_send_keeps_the_draft_without_a_terminal_too(desk: Desk, sink: Sink) -> None:
    refused = desk.call("send", 1)
    assert (refused.status, refused.out) == (1, "")
    assert "nobody reads harbour, edition near, yet: nothing was sent, and the draft stays" in refused.err
    assert "newsletter subscribers import FILE.csv" in refused.err
    assert desk.call("show", 1, "--json").json["state"] == "draft"
    desk.enlist(near="first")
    assert desk.call("send", 1, "--yes", "--json").json["sent"] == 1
    assert sink.recipients == {"first@example.com": 1}


def test_yes_sends_to_nobody_and_says_what_that_costs(desk: Desk) -> None:
    done = desk.call("send", 1, "--yes", "--json")
    assert (done.status, done.json["state"], done.json["recipients"]) == (0, "sent", 0)
    assert "no reader of its edition was active. Its stories count as told" in done.err
    desk.enlist(near="first")
    assert desk.call("build", "harbour", "--edition", "near", "--json").json == {"issues": []}
    assert "Its stories count as told" in desk.call("show", 1).out


def test_schedule_and_doctor_say_which_edition_nobody_reads(desk: Desk) -> None:
    told = "nobody reads edition far yet"
    desk.enlist(near="first")
    for command in ("schedule", "doctor"):
        shown = desk.call(command)
        assert told in shown.out
        assert "edition near yet" not in shown.out
    desk.enlist(far="second")
    assert told not in desk.call("schedule").out
