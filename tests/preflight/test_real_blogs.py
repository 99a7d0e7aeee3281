"""Posts of real blogs (../shared/data, read by path) go out in issues that nothing blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from newsletter.domain.edition import Edition
from newsletter.domain.finding import Finding, Level
from newsletter.domain.issue import Issue
from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.preflight.rules import RULES
from newsletter.services.collect import collect
from newsletter.services.preflight import FAULT, examine, judge
from newsletter.services.publish import build
from newsletter.services.steer import start_for_anybody
from newsletter.sources.jekyll import JekyllSource
from newsletter.store.database import Database
from newsletter.text.message import issue_headers
from tests.digests import EDITION, READER, renderer

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
BLOGS = {  # folder, language
    "rails": ("posts-rails-weblog", "en"),
    "opensuse": ("posts-opensuse-news", "en"),
    "chinese": ("posts-gaohaoyang-zh", "zh"),
    "hacker-news": ("posts-hn-digest", "en"),
    "jekyll": ("posts-jekyll-site/docs", "en"),
    "truth-table": ("jekyll-truth-table", "en"),
    "seed": ("seed", "en-GB"),
}
MOST_ISSUES = 3  # ninety posts of a blog, or all it has
OURS = ("slots", "way_out", "fields", "list_fields", "mime", "twin", "links", "link_words")
OURS += ("contrast", "structure", "support", "requests")
OF_THE_AUTHORS = {"markup_left", "same_words", "to_this_machine", "not_secure"}  # rules about what posts say
SILENT = {rule.__name__ for rule in RULES if rule.__module__.rpartition(".")[2] in OURS} - OF_THE_AUTHORS

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason=f"real posts are missing: {DATA}"),
    pytest.mark.long,
]


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Database]:
    """A blog's posts, collected once."""

    @cache
    def collected(blog: str) -> Database:
        database = Database(f"sqlite:///{tmp_path_factory.mktemp(blog) / 'blog.db'}")
        collect(database, "tech", [JekyllSource("blog", DATA / BLOGS[blog][0], "https://blog.example.com")], NOW)
        return database

    return collected


def edition_of(blog: str, look: ThemeName) -> Edition:
    language, span = BLOGS[blog][1], timedelta(days=20_000)
    given = replace(EDITION, newsletter="tech", key=look, lookback=span, language=language, max_stories=30)
    return replace(given, theme=theme(look))


def issues_of(database: Database, edition: Edition, most: int = MOST_ISSUES) -> Iterator[Issue]:
    """One issue after the other; a post is in one of them."""
    templates = renderer()
    for _ in range(most):
        issue = build(database, edition, templates, NOW, NOW)
        if issue is None:
            break
        yield issue
        start_for_anybody(database, issue.id, NOW)


def judged(issue: Issue, edition: Edition) -> list[Finding]:
    return judge(examine(issue, edition, issue_headers(edition, issue.number, NOW), READER))


def assert_it_may_leave(issue: Issue, edition: Edition) -> None:
    findings = judged(issue, edition)
    assert [finding for finding in findings if finding.level is Level.BLOCK or finding.place == FAULT] == []
    assert [finding for finding in findings if finding.rule in SILENT] == []
    assert all(finding.place and finding.reason and finding.rule for finding in findings)


@pytest.mark.parametrize("blog", BLOGS)
def test_nothing_blocks_and_what_is_ours_is_silent(blog: str, press: Callable[[str], Database]) -> None:
    edition, database = edition_of(blog, "classic"), press(blog)
    issues = list(issues_of(database, edition))
    assert issues
    for issue in issues:
        assert_it_may_leave(issue, edition)


@pytest.mark.parametrize("look", [look for look in THEMES if look != "classic"])
@pytest.mark.parametrize("blog", ["rails", "opensuse", "chinese"])
def test_in_every_theme(blog: str, look: ThemeName, press: Callable[[str], Database]) -> None:
    edition = edition_of(blog, look)
    (issue,) = issues_of(press(blog), edition, most=1)
    assert_it_may_leave(issue, edition)
