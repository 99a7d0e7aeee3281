"""What Jekyll 4.3.1 says of real posts, we say (../shared/data/expected-jekyll)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.domain.post import Post, PostState, Skipped
from newsletter.errors import PostError
from newsletter.sources.base import SourceState
from newsletter.sources.jekyll import JekyllSource
from newsletter.text.titles import plain_title

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOW = datetime(2026, 11, 23, 5, 0, 54, tzinfo=UTC)
BLOGS = ("gaohaoyang-zh", "hn-digest", "jekyll-site", "opensuse-news", "rails-weblog")
LEAST = 0.995

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real posts are missing: {DATA}")


def read(root: Path) -> tuple[dict[str, Post], dict[str, str]]:
    """Posts and reasons for skipping, by path."""
    posts: dict[str, Post] = {}
    skipped: dict[str, str] = {}
    for item in JekyllSource("blog", root).read(SourceState(), NOW).items:
        if isinstance(item, Skipped):
            skipped[item.item] = item.reason
            continue
        try:
            post = item.parse()
            assert post is not None
            posts[item.key] = post
        except PostError as error:
            skipped[item.key] = str(error)
    return posts, skipped


def expected(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / "expected-jekyll" / f"{name}.jsonl").read_text("utf-8").splitlines()]


def differences(post: Post, jekyll: dict[str, Any]) -> Iterator[str]:
    """The fields on which we and Jekyll differ; drafts have their file's time, which says nothing."""
    if post.title != plain_title(str(jekyll["title"])):
        yield f"title {post.title!r}, Jekyll {jekyll['title']!r}"
    if list(post.categories) != list(dict.fromkeys(plain_title(str(each)) for each in jekyll["categories"])):
        yield f"categories {post.categories}, Jekyll {jekyll['categories']}"
    if list(post.tags) != list(dict.fromkeys(plain_title(str(each)) for each in jekyll["tags"])):
        yield f"tags {post.tags}, Jekyll {jekyll['tags']}"
    if post.slug != jekyll["slug"]:
        yield f"slug {post.slug!r}, Jekyll {jekyll['slug']!r}"
    if isinstance(jekyll["author"], str) and post.author != plain_title(jekyll["author"]):
        yield f"author {post.author!r}, Jekyll {jekyll['author']!r}"
    if (post.state is PostState.DRAFT) != bool(jekyll["draft"]):
        yield f"state {post.state}, Jekyll draft {jekyll['draft']}"
    if jekyll["published"] is False and post.state is not PostState.UNPUBLISHED:
        yield f"state {post.state}, Jekyll published {jekyll['published']}"
    if jekyll["draft"]:
        return
    if post.published != datetime.fromisoformat(jekyll["date"]):
        yield f"date {post.published}, Jekyll {jekyll['date']}"
    if post.url != jekyll["url"]:
        yield f"url {post.url}, Jekyll {jekyll['url']}"


def test_agreement_with_jekyll(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    total = agreed = 0
    for blog in (*(f"posts-{name}" for name in BLOGS), "jekyll-fixtures"):
        root = DATA / blog / ("test/source" if blog == "jekyll-fixtures" else "")
        posts, skipped = read(root)
        rows = expected(blog)
        good = 0
        for row in rows:
            path = row["path"]
            found = list(differences(posts[path], row)) if path in posts else [f"missing: {skipped.get(path)}"]
            good += not found
            lines += [f"  {blog}/{path}: {each}" for each in found]
        lines.append(f"{blog}: {good} of {len(rows)} posts agree")
        total, agreed = total + len(rows), agreed + good
    with capsys.disabled():
        print("", *lines, f"agreement with Jekyll: {agreed} of {total} posts, {agreed / total:.2%}", sep="\n")
    assert agreed / total >= LEAST


def test_nothing_that_jekyll_does_not_read() -> None:
    for name in BLOGS:
        posts, _ = read(DATA / f"posts-{name}")
        assert posts.keys() == {row["path"] for row in expected(f"posts-{name}")}


TABLE = DATA / "jekyll-truth-table"


def truth() -> list[dict[str, Any]]:
    lines = (TABLE / "jekyll-4.3.1-expected.jsonl").read_text("utf-8").splitlines() if TABLE.is_dir() else []
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def table() -> tuple[dict[str, Post], dict[str, str]]:
    return read(TABLE)


@pytest.mark.parametrize("row", truth(), ids=lambda row: str(row["case"]))
def test_truth_table(row: dict[str, Any], table: tuple[dict[str, Post], dict[str, str]]) -> None:
    """Where Jekyll keeps a post without its front matter, or stops, we skip it and say why."""
    posts, skipped = table
    path = f"_posts/2025-01-02-{row['case']}.md"
    broken = row["raised"] or row["log"] or row["title"] is None
    if broken or row["date"] == "12015-01-09T00:00:00Z":  # a year that no mail could carry
        assert path not in posts
        assert path in skipped[path]
        return
    post = posts[path]
    ruby = {True: "true", False: "false"}
    title = row["title"]
    if row["case"] == "brace-start":  # `{{ page.x }}` without quotes: a mapping of a mapping to both
        assert "page.x" in post.title
    else:
        shown = "[]" if title == [] else ruby.get(title, str(title)) if isinstance(title, bool) else str(title)
        assert post.title == plain_title(shown)
    assert post.published == datetime.fromisoformat(row["date"])
    assert list(post.categories) == flat(row["categories"])
    assert list(post.tags) == list(dict.fromkeys(row["tags"]))
    assert (post.state is PostState.UNPUBLISHED) == (row["published"] is False)
    assert post.body == row["content"].replace("\0", "")


def flat(categories: list[Any]) -> list[str]:
    """A nested list is the text that Ruby makes of it."""
    return list(dict.fromkeys(json.dumps(each) if isinstance(each, list) else str(each) for each in categories))


def test_18f_has_no_posts_folder() -> None:
    from newsletter.errors import SourceError

    with pytest.raises(SourceError, match="_posts"):
        read(DATA / "posts-18f")
