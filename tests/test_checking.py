"""A judgement is kept while nothing that it hangs on changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.checking import inspect, judge, judge_thoroughly
from newsletter.domain.answer import Answer
from newsletter.domain.finding import Finding, warn
from newsletter.domain.issue import Issue
from newsletter.preflight.examined import Examined
from newsletter.services.freshness import Basis
from newsletter.store import issues
from tests.web.site import CONFIG, make_app, write_issue

RULES = "newsletter.services.preflight.RULES"


@pytest.fixture
def app(tmp_path: Path) -> App:
    return make_app(tmp_path)


@pytest.fixture
def judged(app: App) -> Issue:
    """A draft that was judged, as it is read again later."""
    draft = write_issue(app, state=issues.IssueState.DRAFT)
    judge(app, draft)
    return again(app, draft)


@pytest.fixture
def other_rule(judged: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is judged from here on finds this."""

    def looked_again(_: Examined) -> Iterator[Finding]:
        yield warn("here", "Looked again.", "Look elsewhere.")

    monkeypatch.setattr(RULES, (looked_again,))


def again(app: App, issue: Issue) -> Issue:
    with app.database.read() as connection:
        return issues.get(connection, issue.id)


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


def test_what_was_found_is_told_again_word_for_word(app: App, judged: Issue) -> None:
    found = inspect(app, judged)
    assert found
    assert any(finding.blocks for finding in found)
    assert found == judge(app, judged)


@pytest.mark.usefixtures("other_rule")
def test_a_judgement_is_read_and_nothing_is_looked_at(app: App, judged: Issue) -> None:
    assert "looked_again" not in rules(inspect(app, judged))


@pytest.mark.usefixtures("other_rule")
@pytest.mark.parametrize("part", ["subject", "preheader", "html", "text"])
def test_an_issue_that_changed_is_looked_at_again(app: App, judged: Issue, part: str) -> None:
    changed = replace(judged, **{part: f"{getattr(judged, part)}!"})
    assert rules(inspect(app, changed)) == {"looked_again"}


@pytest.mark.usefixtures("other_rule")
def test_so_is_one_whose_settings_changed(app: App, judged: Issue, tmp_path: Path) -> None:
    there = CONFIG.replace("1 Example Street, Exampleton", "2 Example Street, Exampleton")
    assert rules(inspect(make_app(tmp_path, config=there), judged)) == {"looked_again"}
    readers = CONFIG + "clients: {{outlook: 90}}\n"
    assert rules(inspect(make_app(tmp_path, config=readers), judged)) == {"looked_again"}


def test_what_is_collected_while_it_is_looked_at_is_not_in_it(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = ["as they were"]
    looked: list[str] = []

    def looking(_: Examined) -> Iterator[Finding]:
        looked.append(posts[-1])
        posts.append("mended")
        yield from ()

    monkeypatch.setattr(RULES, (looking,))
    monkeypatch.setattr("newsletter.checking.basis", lambda *_: Basis((), (posts[-1],)))
    draft = write_issue(app, state=issues.IssueState.DRAFT)
    judge(app, draft)
    inspect(app, again(app, draft))
    assert looked == ["as they were", "mended"]


@pytest.mark.usefixtures("other_rule")
def test_a_judgement_of_the_day_before_yesterday_is_too_old(app: App, judged: Issue) -> None:
    def later(hours: int) -> App:
        return replace(app, clock=lambda: app.clock() + timedelta(hours=hours))

    assert "looked_again" not in rules(inspect(later(23), judged))
    assert rules(inspect(later(25), judged)) == {"looked_again"}


@pytest.mark.usefixtures("other_rule")
def test_a_check_looks_always_and_its_judgement_takes_the_place(app: App, judged: Issue) -> None:
    assert rules(judge_thoroughly(app, judged, online=False).findings) == {"looked_again"}
    assert rules(inspect(app, judged)) == {"looked_again"}


def test_another_issue_has_a_judgement_of_its_own(app: App, judged: Issue) -> None:
    other = write_issue(app, number=2, state=issues.IssueState.DRAFT)
    inspect(app, other)
    judge(app, other)
    assert inspect(app, judged)
    assert inspect(app, again(app, other))


@pytest.mark.parametrize(
    ("site", "door"),
    [
        ("https://news.example.org", ("news.example.org", 443)),
        ("http://news.example.org:8000", ("news.example.org", 8000)),
        ("http://127.0.0.1:8000", None),
    ],
)
def test_our_own_door_may_lead_inside_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: str, door: tuple[str, int] | None
) -> None:
    """The public name of a machine often stands for a private address to the machine itself."""
    asked = []

    def probe(url: str, now: datetime, trusted: tuple[str, int] | None = None) -> Answer:
        asked.append((url, trusted))
        return Answer(url, now, status=200)

    monkeypatch.setattr("newsletter.sources.probe.probe", probe)
    app = make_app(tmp_path, config=CONFIG.replace("http://127.0.0.1:{port}", site))
    draft = write_issue(app, state=issues.IssueState.DRAFT)
    link = '<a href="https://far.example.net/">Far away</a>'
    judge_thoroughly(app, replace(draft, html=draft.html + link), online=True)
    assert asked == [("https://far.example.net/", door)]
