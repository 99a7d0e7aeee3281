"""Preflight blocks what is certainly broken and warns of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.domain.edition import Edition
from newsletter.domain.finding import Finding, Level, block, demand
from newsletter.domain.issue import Issue, IssueStory
from newsletter.errors import Blocked
from newsletter.preflight.examined import Examined
from newsletter.preflight.rules import RULES
from newsletter.services.preflight import examine, judge
from newsletter.text.message import issue_headers
from newsletter.text.slots import slot
from tests.digests import DATE, EDITION, READER, issue

LINK = f'<a href="{slot("unsubscribe_url")}">Unsubscribe</a>'


def found(checked: Issue, level: Level, edition: Edition = EDITION) -> list[str]:
    findings = judge(examine(checked, edition, issue_headers(edition, checked.number, DATE), READER))
    return [finding.message for finding in findings if finding.level is level]


def test_the_sample_passes_without_a_word() -> None:
    assert found(issue(), Level.BLOCK) == []
    assert found(issue(), Level.WARN) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"html": LINK + "\ufdd0nickname\ufdd1"}, "a slot that nothing fills: nickname"),
        ({"html": LINK + "\ufdd0name"}, "a broken slot"),
        ({"text": slot("unsubscribe_url") + "\ufdd1"}, "a broken slot"),
        ({"subject": f"Hello {slot('name')}"}, "The subject holds a slot"),
        ({"html": "<p>Hello</p>"}, "The HTML part has no unsubscribe link"),
        ({"text": "Hello"}, "The text part has no unsubscribe link"),
        ({"html": ""}, "The HTML part is empty"),
        ({"html": LINK + "x" * 104_500}, "Gmail cuts it off at 102 KB"),
        ({"subject": "\u200b \n"}, "The subject is empty"),
    ],
)
def test_what_is_broken_blocks(changed: dict[str, object], words: str) -> None:
    findings = judge(examine(issue(**changed), EDITION, issue_headers(EDITION, 12, DATE), READER))
    assert any(words in finding.message for finding in findings if finding.level is Level.BLOCK), findings
    with pytest.raises(Blocked, match="must not be sent"):
        demand(findings)


def test_the_size_counts_after_filling() -> None:
    html = LINK * 700 + "x" * 40_000
    assert len(html) < 102 * 1024
    assert any("Gmail" in message for message in found(issue(html=html), Level.BLOCK))


def test_a_sender_that_cannot_stand_in_a_header_blocks() -> None:
    headers = replace(issue_headers(EDITION, 12, DATE), sender="Nobody")
    messages = [finding.message for finding in judge(examine(issue(), EDITION, headers, READER))]
    assert any("cannot be made" in message and "no mailbox" in message for message in messages)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"html": LINK + "x" * 90_000}, "88 KB"),
        ({"html": LINK + "Hello {{ name }}"}, "looks like template syntax: {{ name }}"),
        ({"html": LINK + "<mj-text>x</mj-text>"}, "template syntax: <mj-text"),
        ({"html": LINK + "Hello *|FNAME|*"}, "template syntax: *|FNAME|*"),
        ({"text": slot("unsubscribe_url") + "Hello %%first_name%%, 100%% of it"}, "template syntax: %%first_name%%"),
        ({"text": ""}, "There is no text part"),
        ({"text": slot("unsubscribe_url")}, "lacks 10 of 10 stories"),
        (
            {"notes": ("Bees: without its picture /a.png: it is empty.",)},
            "Bees: without its picture /a.png: it is empty.",
        ),
        ({"notes": ("tides could not be read: gone",)}, "could not be read: gone. Put that right"),
        ({"notes": ("x",) * 15}, "There are 10 more notes"),
        ({"stories": (IssueStory(1, "Bees", "/2026/bees.html"),)}, "1 of 1 stories have no web address"),
        ({"as_of": issue().built_at + timedelta(days=7)}, "some of its stories may not be on the web yet"),
        ({"html": LINK + '<img src="https://x.example/y.png">'}, "without an alt attribute: 1"),
        ({"html": LINK + '<a href="http://localhost:8000/x">x</a>'}, "leads to this machine"),
        ({"html": LINK + '<a href="http://127.0.0.1/x">x</a>'}, "leads to this machine"),
        ({"html": LINK + '<a href="#">x</a>'}, "lead nowhere: 1"),
    ],
)
def test_what_is_doubtful_warns_and_does_not_block(changed: dict[str, object], words: str) -> None:
    assert any(words in message for message in found(issue(**changed), Level.WARN))
    assert found(issue(**changed), Level.BLOCK) == []


def test_template_syntax_in_a_title_was_meant() -> None:
    """As on a blog about templates."""
    told = {"stories": (IssueStory(1, "Why {{ 7*7 }} is 49", "https://x.example/1"),)}
    page = LINK + "Why {{ 7*7 }} is 49"
    assert not any("template syntax" in one for one in found(issue(html=page, **told), Level.WARN))
    both = found(issue(html=f"{page} {{{{ name }}}}", **told), Level.WARN)
    assert any("template syntax: {{ name }}" in one for one in both)


def test_template_syntax_is_told_with_what_stands_in_its_quotes() -> None:
    """HTML writes a quote as a reference: what is shown is what somebody wrote, and in a title it was meant."""
    page = LINK + "{{ slot(&#34;unsubscribe_url&#34;) }}, {% if a &amp; b %}"
    told = found(issue(html=page), Level.WARN)
    assert any('template syntax: {{ slot("unsubscribe_url") }}.' in one for one in told)
    titles = 'What {{ slot("unsubscribe_url") }} does', "And {% if a & b %}"
    meant = tuple(IssueStory(number, title, "https://x.example/1") for number, title in enumerate(titles, 1))
    assert not any("template syntax" in one for one in found(issue(html=page, stories=meant), Level.WARN))


@pytest.mark.parametrize(
    ("edition", "words"),
    [
        (replace(EDITION, postal_address=""), "postal_address"),
        (replace(EDITION, site_url="http://news.example.org"), "not https"),
    ],
)
def test_what_the_edition_lacks_warns(edition: Edition, words: str) -> None:
    assert any(words in message for message in found(issue(), Level.WARN, edition))


def test_a_rule_with_a_fault_is_told_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(examined: Examined) -> Iterator[Finding]:
        yield block("HTML", "This was said before the fault.", "Mend it.")
        raise IndexError("no such thing")

    monkeypatch.setattr("newsletter.services.preflight.RULES", (broken, *RULES))
    edition = replace(EDITION, postal_address="")
    findings = judge(examine(issue(), edition, issue_headers(edition, 12, DATE), READER))
    assert {finding.level for finding in findings} == {Level.WARN}
    assert any("The rule broken failed: IndexError: no such thing" in finding.reason for finding in findings)
    assert any(finding.rule == "postal_address" for finding in findings)


def test_words_are_never_a_reason_to_block() -> None:
    """A post may speak of templates, of localhost and of free money."""
    html = LINK + "Free money!!! {{ 7*7 }} 100% guaranteed, see http://localhost"
    assert found(issue(html=html), Level.BLOCK) == []
