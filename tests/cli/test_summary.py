"""The summary of a sending: one reason for one refusal, the biggest domains, and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.cli.advice import advice
from newsletter.cli.summary import show_domains
from newsletter.domain.accounting import DomainCount, ReasonCount
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
    told = desk.call("send", 1, "--yes", "--wait", "0s").out
    assert "22 recipients: 18 sent, 1 deferred, 3 failed in " in told
    assert "and 3 others" in told
    assert "\n3 failed, 550 5.1.1\n  <…>: User unknown\n" in told
    assert "\n1 deferred, 451 4.7.1\n  Greylisted\n" in told
    assert "newsletter show 1 --deliveries --state failed lists the addresses." in told
    assert "1 recipient still to come: newsletter serve carries on" in told
    shown = desk.call("show", 1).out
    assert "3 failed, 550 5.1.1\n  <…>: User unknown\n" in shown
    assert "Nobody is sending it now: newsletter resume 1 goes on." in shown
    found = desk.call("show", 1, "--json").json
    assert found["rate"] > 0
    assert found["seconds_left"] > 0
    assert [one["count"] for one in found["reasons"]] == [3, 1]


def test_a_sending_without_trouble_asks_for_nothing(desk: Desk) -> None:
    told = desk.call("send", 1, "--yes").out
    assert "22 recipients: 22 sent in " in told
    assert "→" not in told
    assert desk.call("show", 1, "--json").json["rate"] is None


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
        ("uncertain", 0, "", "", "on_uncertain"),
        ("deferred", 451, "4.7.1", "greylisted", ""),
        ("skipped", 0, "", "unsubscribed", ""),
    ],
)
def test_what_there_is_to_do(state: str, code: int, status: str, text: str, told: str) -> None:
    lines = advice(7, [ReasonCount(state, code, status, text, 1, text)])
    assert told in lines[0] if told else not lines


def test_an_erased_reader_has_a_line_with_words(capsys: pytest.CaptureFixture[str]) -> None:
    known = DomainCount("one.example.org", 2, 2, 0, 0, 0, 0, 0)
    show_domains([known, DomainCount("", 1, 0, 0, 0, 1, 0, 0)])
    assert "(erased)" in capsys.readouterr().out
