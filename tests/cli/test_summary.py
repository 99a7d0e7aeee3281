"""The summary of a sending: one reason for one refusal, the biggest domains, and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.cli.advice import advice
from newsletter.cli.summary import show_books, show_domains, stood_still
from newsletter.domain.accounting import Accounting, DomainCount, ReasonCount
from newsletter.domain.issue import BY_HAND, IssueState
from tests.cli.desk import Desk
from tests.smtp_sink import Sink, reply


@pytest.fixture
def desk(desk: Desk, tmp_path: Path, sink: Sink) -> Desk:
    rows = ["email", *(f"r{n}@d{n % 11}.example.com" for n in range(22))]
    (tmp_path / "list.csv").write_text("\n".join(rows) + "\n")
    assert desk.call("subscribers", "import", "list.csv").status == 0
    return desk


def test_a_sending_ends_with_domains_reasons_and_what_to_do(desk: Desk, sink: Sink) -> None:
    for number in (0, 1, 2):
        address = f"r{number}@d{number}.example.com"
        sink.fail("RCPT", reply(550, f"5.1.1 <{address}>: User unknown"), to=address)
    sink.fail("RCPT", reply(451, "4.7.1 Greylisted"), to="r5@d5.example.com")
    desk.environ["NEWSLETTER_DELIVERY__RETRY_FIRST"] = "1h"
    desk.environ["NEWSLETTER_DELIVERY__RETRY_MOST"] = "1h"
    told = desk.call("send", 1, "--yes", "--wait", "0s").out
    assert "22 recipients: 18 sent, 1 deferred, 3 failed. " in told
    assert "and 3 others" in told
    assert "\n3 failed, 550 5.1.1\n  <…>: User unknown\n" in told
    assert "\n1 deferred, 451 4.7.1\n  Greylisted\n" in told
    steps = [" ".join(line.split()) for line in told.partition("Addresses that are gone")[2].splitlines()[1:3]]
    addresses = "newsletter show 1 --state failed --addresses"
    assert steps == [
        f"{addresses} lists them",
        f"{addresses} | newsletter subscribers remove - unsubscribes them all",
    ]
    assert "1 recipient still to come: newsletter serve carries on" in told
    listed = desk.call("show", 1, "--state", "failed", "--addresses").out.split()
    assert len(listed) == 3
    assert all("@" in address for address in listed)
    shown = desk.call("show", 1).out
    assert "3 failed, 550 5.1.1\n  <…>: User unknown\n" in shown
    assert "Nobody is sending it now: newsletter resume 1 goes on." in shown
    found = desk.call("show", 1, "--json").json
    assert found["rate"] > 0
    assert 3000 < found["seconds_left"] <= 3600  # until the retry
    assert [one["count"] for one in found["reasons"]] == [3, 1]


def test_a_sending_without_trouble_asks_for_nothing(desk: Desk) -> None:
    told = desk.call("send", 1, "--yes").out
    assert "22 recipients: 22 sent. It took " in told
    assert "→" not in told
    assert "mailed" not in told
    assert desk.call("show", 1, "--json").json["rate"] is None


def test_messages_in_a_folder_are_not_said_to_be_mailed(desk: Desk) -> None:
    desk.environ |= {"NEWSLETTER_SMTP__TYPE": "folder", "NEWSLETTER_SMTP__PATH": "letters"}
    told = desk.call("send", 1, "--yes").out
    letters = desk.folder / "letters"
    assert f"Nothing was mailed: 22 messages lie in {letters} (`smtp: type` is folder)." in told
    assert len(list(letters.glob("*.eml"))) == 22
    told = desk.call("send-preview", 1, "--to", "me@example.com").out
    assert f"Nothing was mailed: 1 message lies in {letters}" in told


def test_a_server_that_is_away_is_named_with_what_to_do(desk: Desk, sink: Sink) -> None:
    sink.stop()
    told = desk.call("send", 1, "--yes", "--wait", "0s").out
    assert f"waiting: 127.0.0.1:{sink.port}: connection refused\n" in told
    assert f"queued\n  127.0.0.1:{sink.port}: connection refused\n" in told
    assert "→ No mail server took them: newsletter doctor looks" in told
    preview = desk.call("send-preview", 1, "--to", "you@example.org")
    assert preview.status == 1
    assert "connection refused. `newsletter doctor` looks at the mail server." in preview.err


def test_the_rate_of_a_resumed_run_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    books = Accounting(1, IssueState.SENDING, 2000, sent=900, queued=1100, seconds=2.0)
    show_books(books, earlier=700)
    assert (
        capsys.readouterr().out
        == "\n2,000 recipients: 900 sent, 1,100 queued. 200 of them now, in 2.0 s, 100 messages a second.\n"
    )


def test_a_pause_says_why_once_and_what_goes_on(desk: Desk, sink: Sink) -> None:
    sink.fail("greeting", reply(554, "5.7.1 no service for you"))
    paused = desk.call("send", 1, "--yes")
    assert paused.status == 1
    assert "5.7.1 no service for you; when that is mended, `newsletter resume 1` goes on." in paused.err
    assert "Issue 1 is cancelled." in desk.call("cancel", 1).out


@pytest.mark.parametrize(
    ("books", "told"),
    [
        (
            Accounting(1, IssueState.PAUSED, 2, queued=2, reason=BY_HAND),
            "is paused by hand; `newsletter resume 1` goes on.",
        ),
        (Accounting(1, IssueState.CANCELLED, 2, skipped=2, reason="cancelled by hand"), "is cancelled by hand."),
    ],
)
def test_what_a_person_did_is_said_once(books: Accounting, told: str) -> None:
    assert stood_still(books) == f"issue 1 {told}"


@pytest.mark.parametrize(
    ("state", "code", "status", "text", "told"),
    [
        ("failed", 550, "5.1.1", "", "unsubscribe them"),
        ("failed", 550, "", "No such user here", "unsubscribe them"),
        ("failed", 550, "5.1.8", "", "sender's address"),
        ("failed", 552, "5.3.4", "", "too big"),
        ("failed", 552, "", "", "too big"),
        ("failed", 550, "5.7.26", "", "SPF, DKIM and DMARC"),
        ("deferred", 535, "5.7.8", "", "does not let us in"),
        ("queued", 0, "", "127.0.0.1:25: connection refused", "newsletter doctor"),
        ("queued", 554, "5.7.1", "no service for you", "SPF, DKIM and DMARC"),
        ("queued", 421, "4.7.0", "too busy", ""),
        ("uncertain", 0, "", "", "--uncertain"),
        ("deferred", 451, "4.7.1", "greylisted", ""),
        ("skipped", 0, "", "unsubscribed", ""),
    ],
)
def test_what_there_is_to_do(state: str, code: int, status: str, text: str, told: str) -> None:
    lines = advice(Accounting(7, IssueState.SENT, 1), [ReasonCount(state, code, status, text, 1, text)])
    assert told in lines[0] if told else not lines


def test_of_a_cancelled_issue_nothing_is_advised_that_is_refused() -> None:
    [line] = advice(Accounting(7, IssueState.CANCELLED, 1), [ReasonCount("uncertain", 0, "", "", 1, "")])
    assert "it is not sent again" in line
    assert "resume" not in line


def test_an_erased_reader_has_a_line_with_words(capsys: pytest.CaptureFixture[str]) -> None:
    known = DomainCount("one.example.org", 2, 2, 0, 0, 0, 0, 0)
    show_domains([known, DomainCount("", 1, 0, 0, 0, 1, 0, 0)])
    assert "(erased)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("days", "told"), [("[monday, tuesday, wednesday, thursday, friday, saturday, sunday]", True), (None, False)]
)
def test_who_sends_by_hand_hears_that_the_schedule_sends_too(desk: Desk, days: str | None, told: bool) -> None:
    config = desk.folder / "config.yaml"
    text = config.read_text()
    schedule = f'schedule: {{days: {days}, at: "08:00", timezone: Europe/London}}' if days else ""
    config.write_text(text.replace('schedule: {days: [friday], at: "08:00", timezone: Europe/London}', schedule))
    said = desk.call("send", 1, "--yes").err
    assert ("The schedule sends the next issue of harbour near in" in said) is told
