"""What `check` and `send` say of an issue, to people and to programs."""

from __future__ import annotations

import pytest

from newsletter.cli.findings import findings_json, note_findings, show_findings
from newsletter.domain.finding import Finding, block, warn
from tests.cli.desk import Desk

NO_WAY_OUT = block("HTML", "There is no [bold] way out.", "Put one in.")
LONG = warn("subject", "The subject has 80 characters.", "Shorten it.")


def test_what_stops_it_comes_first_and_each_has_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings([NO_WAY_OUT, LONG, LONG])
    assert capsys.readouterr().out == (
        "1 thing stops it\n  HTML: There is no [bold] way out.\n    → Put one in.\n\n"
        "2 warnings\n  subject: The subject has 80 characters.\n    → Shorten it.\n"
        "  subject: The subject has 80 characters.\n    → Shorten it.\n\n"
        "It must not be sent like this.\n"
    )


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], "It may be sent. There is nothing to find fault with.\n"),
        ([LONG] * 2, "It may be sent. Look at the 2 warnings first.\n"),
        ([LONG], "It may be sent.\n"),
    ],
)
def test_the_last_line_is_the_verdict(
    findings: list[Finding], verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_findings(findings)
    assert capsys.readouterr().out.endswith(verdict)


def test_beside_an_answer_stand_the_first_warnings_only(capsys: pytest.CaptureFixture[str]) -> None:
    note_findings(7, [LONG] * 12)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 6
    assert told[-1] == "… and 7 more; newsletter check 7 tells what to do."


def test_where_nothing_is_odd_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    note_findings(7, [])
    assert capsys.readouterr().err == ""
    note_findings(7, [LONG])
    assert capsys.readouterr().err == (
        "warning: The subject has 80 characters.\nnewsletter check 7 tells what to do.\n"
    )


def test_the_json_tells_all_of_each_finding() -> None:
    told = findings_json(7, [NO_WAY_OUT, LONG])
    assert (told["issue"], told["passed"]) == (7, False)
    assert told["findings"][0] == {
        "level": "block",
        "rule": "",
        "place": "HTML",
        "reason": "There is no [bold] way out.",
        "remedy": "Put one in.",
        "message": "There is no [bold] way out. Put one in.",
    }
    assert findings_json(7, [LONG])["passed"] is True


def test_a_check_of_a_real_issue(desk: Desk) -> None:
    checked = desk.call("check", 1, "--offline", "--json")
    assert checked.status == 0
    assert {tuple(sorted(one)) for one in checked.json["findings"]} <= {
        ("level", "message", "place", "reason", "remedy", "rule")
    }
    assert all(one["rule"] and one["level"] == "warn" for one in checked.json["findings"])
    assert 95 <= checked.json["support"] <= 100
    told = desk.call("check", 1, "--offline").out
    assert "It may be sent." in told
    assert f"Mail programs show {checked.json['support']:g} of 100" in told
