"""Whatever a post says, its issue passes preflight, or preflight says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.domain.digest import Also, Digest, DigestStory
from newsletter.domain.finding import Finding, Level
from newsletter.domain.issue import IssueStory
from newsletter.domain.post import Markup, Post
from newsletter.services.preflight import FAULT, examine, judge
from newsletter.services.trimming import fitting
from newsletter.text.excerpt import excerpt, first_image
from newsletter.text.message import issue_headers
from tests.digests import DATE, EDITION, LINKS, READER, renderer
from tests.digests import issue as sample_issue

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
TEMPLATES = renderer()
NASTY = (
    "{{ 7*7 }} {% raw %} <mj-text> </mj-text> <script>alert(1)</script> <!-- --> ]]>",
    "\ufdd0unsubscribe_url\ufdd1 \u202e\u0000\r\nBcc: a@example.org\r\n.\r\n",
    "=?utf-8?q?hello?= --=_0123456789abcdef From here\n.\n..",
    "TODO Lorem ipsum %%NAME%% FREE MONEY!!! http://localhost/ click here",
    "שלום مرحبا 今日は 👩‍👩‍👧 e\u0301 \u200b\u00ad",
    "&amp; &lt; &#0; &nbsp; &copy <",
)
texts = st.one_of(
    st.text(max_size=300), st.sampled_from(NASTY), st.text(alphabet="<>&{}%\"'=\r\n\ufdd0\ufdd1\u202e a", max_size=80)
)
urls = st.one_of(
    st.just(""),
    st.sampled_from(
        [
            "https://example.org/a b",
            "http://127.0.0.1/",
            "/relative",
            "javascript:alert(1)",
            "https://münchen.example/ü?q=<x>",
        ]
    ),
    st.text(max_size=60).map(lambda text: f"https://example.org/{text}"),
)
posts = st.builds(
    Post,
    source=texts,
    key=st.just("k"),
    url=urls,
    title=texts,
    published=st.just(NOW),
    author=st.none() | texts,
    excerpt=texts,
    image=st.none() | urls,
    image_alt=texts,
    categories=st.lists(texts, max_size=2).map(tuple),
    body=texts,
    markup=st.sampled_from(Markup),
)


def judged(*told: Post) -> list[Finding]:
    whole = Digest(EDITION, 12, DATE, tuple(_story(number, post) for number, post in enumerate(told)))
    digest, rendered = fitting(whole, lambda one: TEMPLATES.digest(one, LINKS))
    stories = tuple(IssueStory(story.story, story.title, story.url) for story in (*digest.stories, *digest.more))
    issue = sample_issue(rendered, stories=stories)
    return judge(examine(issue, EDITION, issue_headers(EDITION, 12, DATE), READER))


def _story(number: int, post: Post) -> DigestStory:
    image, alt = first_image(post) or (None, "")
    return DigestStory(
        story=number,
        title=post.title,
        url=post.url,
        published=post.published,
        source=post.source,
        excerpt=excerpt(post, 35),
        long_excerpt=excerpt(post, 110),
        author=post.author,
        category=post.categories[0] if post.categories else "",
        image=image,
        image_alt=alt,
        also=(Also(post.title, post.url, "Another"),),
    )


def assert_it_may_leave(findings: list[Finding]) -> None:
    assert [finding for finding in findings if finding.level is Level.BLOCK or finding.place == FAULT] == []
    assert all(finding.place and finding.reason and finding.rule for finding in findings)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(posts, min_size=1, max_size=4))
@example([Post("s", "k", "https://example.org/\x1f", "", NOW)])
@example([Post("s", "k", "https://example.org/", NASTY[1], NOW, body=NASTY[1])])
@example([Post("s", "k", "https://example.org/", NASTY[2], NOW, body=NASTY[2])])
def test_no_words_of_a_post_block(told: list[Post]) -> None:
    assert_it_may_leave(judged(*told))


@pytest.mark.parametrize("words", NASTY)
def test_words_that_look_like_ours(words: str) -> None:
    post = Post(
        "s", "k", "https://example.org/", words, NOW, excerpt=words, body=words, author=words, categories=(words,)
    )
    assert_it_may_leave(judged(post, replace(post, url="https://example.org/2")))


@pytest.mark.slow
def test_the_largest_real_post() -> None:
    if not DATA.is_dir():
        pytest.skip(f"real posts are missing: {DATA}")
    file = max((path for path in DATA.rglob("*.md") if path.is_file()), key=lambda path: path.stat().st_size)
    body = file.read_text("utf-8", "replace")
    assert len(body) > 200_000
    assert_it_may_leave(judged(Post("s", "k", "https://example.org/", file.stem, NOW, body=body)))


def test_what_cannot_be_shortened_blocks_and_is_told_why() -> None:
    long = Post("s", "k", "https://example.org/", "Long", NOW, body="A long story, word by word. " * 10_000)
    assert_it_may_leave(judged(long))
    endless = replace(long, title="Endless " * 20_000)
    blocks = [finding for finding in judged(endless) if finding.level is Level.BLOCK]
    assert [finding.rule for finding in blocks] == ["too_long"]
    assert blocks[0].remedy
