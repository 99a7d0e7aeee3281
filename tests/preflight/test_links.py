"""Where links lead and what they say."""

from __future__ import annotations

import pytest

from newsletter.domain.issue import IssueStory
from newsletter.preflight.rules import link_words, links
from tests.preflight.judging import Rule, examined, said

RULES = [
    links.to_this_machine,
    links.leads_nowhere,
    links.not_absolute,
    links.not_secure,
    links.doubled_tracking,
    links.bad_mailto,
    link_words.says_nothing,
    link_words.has_no_words,
    link_words.bare_address,
    link_words.same_words,
]


def link(href: str, words: str = "Trams", more: str = "") -> str:
    return f'<a href="{href}"{more}>{words}</a>'


@pytest.mark.parametrize("rule", RULES)
def test_the_sample_is_silent(rule: Rule) -> None:
    assert said(rule, examined()) == ""


@pytest.mark.parametrize(
    ("rule", "html", "found"),
    [
        (links.to_this_machine, link("http://localhost:8000/x"), "leads to this machine"),
        (links.to_this_machine, link("http://192.168.1.4/x"), "192.168.1.4"),
        (links.to_this_machine, link("https://wiki.internal/x"), "wiki.internal"),
        (links.to_this_machine, link("http://[::1]/x"), "private network"),
        (
            links.to_this_machine,
            '<img alt="" src="http://10.1.2.3/a.png">' + link("http://127.0.0.1/"),
            "2 links or pictures",
        ),
        (links.leads_nowhere, link("") + link("#"), "nowhere: 2"),
        (links.not_absolute, link("/2026/trams.html"), "/2026/trams.html"),
        (links.not_absolute, link("trams.html"), "not absolute"),
        (links.not_absolute, link("//example.org/x"), "not absolute"),
        (links.not_absolute, link("#below"), "#below"),
        (links.not_absolute, link("javascript:alert(1)"), "javascript"),
        (links.not_secure, link("http://example.org/a") + link("https://example.org/b", "B"), "http://example.org/a"),
        (links.doubled_tracking, link("https://e.example/?utm_source=a&amp;x=1&amp;utm_source=b"), "utm_source twice"),
        (links.doubled_tracking, link("https://e.example/?UTM_medium=a&amp;utm_medium=a"), "utm_medium twice"),
        (links.doubled_tracking, link("https://e.example/?utm_source=a?utm_source=b"), "utm_source twice"),
        (links.doubled_tracking, link("https://e.example/?fbclid=a&amp;fbclid=b"), "fbclid twice"),
        (links.not_secure, '<img src="http://e.example/a.png">' + link("https://e.example/"), "http://e.example/a.png"),
        (links.bad_mailto, link("mailto:nobody"), "mailto:nobody"),
        (links.bad_mailto, link("mailto:"), "names no mailbox"),
        (links.bad_mailto, link("mailto:a@example.org, b"), "names no mailbox"),
        (link_words.says_nothing, link("https://e.example/", "Click here"), "Click here"),
        (link_words.says_nothing, link("https://e.example/", "read more …"), "read more"),
        (link_words.says_nothing, link("https://e.example/", "Weiterlesen »"), "Weiterlesen"),
        (link_words.says_nothing, link("https://e.example/", "阅读更多"), "阅读更多"),
        (link_words.says_nothing, link("https://e.example/", '<img src="x" alt="More">'), "More"),
        (link_words.has_no_words, link("https://e.example/a", ""), "https://e.example/a"),
        (link_words.has_no_words, link("https://e.example/a", '<img src="x" alt="">'), "Links without words"),
        (link_words.bare_address, link("https://e.example/a", "https://e.example/a"), "bare address"),
        (link_words.bare_address, link("https://e.example/a", "www.e.example"), "bare address"),
        (link_words.same_words, link("https://e.example/a") + link("https://e.example/b"), "“Trams”"),
    ],
)
def test_hits_warn_and_name_what_they_found(rule: Rule, html: str, found: str) -> None:
    told = said(rule, examined(html=html))
    assert told.startswith("warn: ")
    assert found in told


@pytest.mark.parametrize(
    ("rule", "html"),
    [
        (links.to_this_machine, "<p>See http://localhost:8000/ for more</p>" + link("https://localhost.example.com/")),
        (links.to_this_machine, link("https://8.8.8.8/x") + link("https://example.org/?to=http://localhost/")),
        (links.leads_nowhere, link("https://example.org/#")),
        (
            links.not_absolute,
            '<h2 id="below">x</h2>' + link("#below") + link("mailto:a@example.org") + link("tel:+441") + link("#"),
        ),
        (links.not_secure, link("http://old.example/a") + link("https://example.org/b", "B")),
        (
            links.doubled_tracking,
            link("https://e.example/?utm_source=a&amp;utm_medium=b")
            + link("https://e.example/?tag=a&amp;tag=b")
            + link("https://e.example/?u=a%3Futm_source%3Db&amp;utm_source=c")
            + link("https://e.example/?id=1#id=1"),
        ),
        (
            links.bad_mailto,
            link("mailto:a@example.org?subject=x%20y")
            + link("mailto:a@example.org,b@example.net")
            + link("mailto:?to=a@example.org"),
        ),
        (
            link_words.says_nothing,
            link("https://e.example/", "More trams here") + link("https://e.example/", "here", ' aria-label="Trams"'),
        ),
        (
            link_words.has_no_words,
            link("https://e.example/a", '<img src="x" alt="A tram">')
            + link("https://e.example/a", "", ' aria-label="Trams"'),
        ),
        (link_words.bare_address, link("https://e.example/a", "What www.e.example says")),
        (link_words.same_words, link("https://e.example/a") + link("https://www.e.example/a/?utm_source=x")),
        (
            link_words.same_words,
            link("https://e.example/a", "1", ' aria-label="One"')
            + link("https://e.example/b", "1", ' aria-label="Two"'),
        ),
    ],
)
def test_near_misses_are_silent(rule: Rule, html: str) -> None:
    assert said(rule, examined(html=html)) == ""


@pytest.mark.parametrize("title", ["Here", "https://example.org is for sale", "Weekly links"])
def test_a_title_is_its_authors_choice(title: str) -> None:
    stories = (IssueStory(1, title, "https://example.org/1"), IssueStory(2, title, "https://example.org/2"))
    html = "".join(link(story.url, title) for story in stories)
    for rule in (link_words.says_nothing, link_words.bare_address, link_words.same_words):
        assert said(rule, examined(html=html, stories=stories)) == ""
