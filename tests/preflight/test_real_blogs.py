"""Posts of real blogs (../shared/data, read by path) go out in issues that nothing blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue
from newsletter.preflight.finding import Finding
from newsletter.preflight.rules import RULES
from newsletter.services.collect import collect
from newsletter.services.preflight import Level, preflight
from newsletter.services.publish import build
from newsletter.services.steer import start
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
    pytest.mark.slow,
]


def issues_of(blog: str, folder: Path) -> Iterator[tuple[Issue, Edition]]:
    """One issue after the other; a post is in one of them."""
    root, language = BLOGS[blog]
    database = Database(f"sqlite:///{folder / 'blog.db'}")
    edition = replace(EDITION, newsletter="tech", lookback=timedelta(days=20_000), language=language, max_stories=30)
    collect(database, "tech", [JekyllSource("blog", DATA / root, "https://blog.example.com")], NOW)
    templates = renderer()
    for _ in range(MOST_ISSUES):
        issue = build(database, edition, templates, NOW, NOW)
        if issue is None:
            break
        yield issue, edition
        start(database, issue.id, NOW)
    database.close()


def judged(issue: Issue, edition: Edition) -> list[Finding]:
    return preflight(issue, edition, issue_headers(edition, issue.number, NOW), READER)


@pytest.mark.parametrize("blog", BLOGS)
def test_nothing_blocks_and_what_is_ours_is_silent(blog: str, tmp_path: Path) -> None:
    issues = 0
    for issue, edition in issues_of(blog, tmp_path):
        issues += 1
        findings = judged(issue, edition)
        assert [finding for finding in findings if finding.level is Level.BLOCK] == []
        assert [finding for finding in findings if finding.rule in SILENT] == []
        assert all(finding.place and finding.reason and finding.rule for finding in findings)
    assert issues
