"""A mail that mailboxes would cut off is made shorter from its end, and nobody loses a story by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.domain.digest import Digest
from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue
from newsletter.domain.size import KB, MOST
from newsletter.domain.theme import THEMES, ThemeName, theme
from newsletter.preflight.plausible import html_bytes, longest
from newsletter.services.publish import build
from newsletter.services.steer import start_for_anybody
from newsletter.services.trimming import fitting
from newsletter.store import issues
from newsletter.store.database import Database
from newsletter.text.issue_links import IssueLinks
from newsletter.text.render import Rendered
from newsletter.text.slots import slot
from tests.digests import EDITION, LINKS, digest, renderer, story
from tests.services.test_publish import NOW, UK, WORDS, add


def weighing(whole: int, title: int = 300) -> Renderer:
    return Renderer(whole, title)


class Renderer:
    """Every story takes `whole` bytes, one told by its title `title`."""

    def __init__(self, whole: int, title: int) -> None:
        self.whole, self.title, self.calls = whole, title, 0

    def digest(self, digest: Digest, links: IssueLinks) -> Rendered:
        self.calls += 1
        titles = "\n".join(told.title for told in (*digest.stories, *digest.more))
        body = "x" * (self.whole * len(digest.stories) + self.title * len(digest.more))
        return Rendered(digest.lead.title, "", body, titles)


def fit(count: int, renderer: Renderer) -> Digest:
    whole = digest(*(replace(story(0), story=number, title=f"Story {number}") for number in range(count)))
    fitted, rendered = fitting(whole, lambda one: renderer.digest(one, LINKS))
    assert rendered == renderer.digest(fitted, LINKS)
    return fitted


def told(fitted: Digest) -> tuple[int, int]:
    return len(fitted.stories), len(fitted.more)


def test_what_fits_is_left_as_it_is_and_rendered_once() -> None:
    renderer = weighing(9 * KB)
    fitted = fit(10, renderer)
    assert (told(fitted), fitted.notes) == ((10, 0), ())
    assert renderer.calls == 2  # one of them is this test's


def test_the_last_stories_are_told_by_their_titles_and_no_more_of_them_than_needed() -> None:
    fitted = fit(20, weighing(9 * KB))
    assert told(fitted) == (9, 11) or told(fitted) == (10, 10)
    assert [one.story for one in (*fitted.stories, *fitted.more)] == list(range(20))
    (note,) = fitted.notes
    assert f"{len(fitted.more)} stories are told by title only, from “{fitted.more[0].title}” on" in note
    assert "95 KB" in note


def test_the_search_takes_few_renderings_for_many_stories() -> None:
    renderer = weighing(9 * KB)
    fit(100, renderer)
    assert renderer.calls < 12


def test_where_the_titles_are_too_many_the_last_are_left_out() -> None:
    fitted = fit(20, weighing(9 * KB, title=8 * KB))
    assert len(fitted.stories) == 1
    assert len(fitted.more) == 10
    assert "9 stories were left out" in fitted.notes[1]
    assert "may come next time" in fitted.notes[1]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_lead_that_is_too_long_by_itself_is_left_to_preflight(count: int) -> None:
    assert told(fit(count, weighing(200 * KB))) == (1, 0)


def test_the_size_counts_a_readers_values() -> None:
    """400 links of a reader are longer than their slots."""
    html = slot("unsubscribe_url") * 400
    assert len(html.encode()) < 10 * KB
    assert html_bytes(html, EDITION.site_url) == 400 * len(longest(EDITION.site_url).unsubscribe_url) > 30 * KB


def long_issue(database: Database, edition: Edition, renderer: Renderer) -> Issue:
    for days, name in enumerate(WORDS, start=1):
        add(database, name, days)
    made = build(database, edition, renderer, NOW, NOW)
    assert made is not None
    return made


def test_stories_told_by_title_are_the_issues_and_do_not_come_again(database: Database) -> None:
    edition = replace(UK, max_stories=5)
    made = long_issue(database, edition, weighing(30 * KB))
    assert len(made.stories) == 5
    assert "told by title only, from “The parcel of the year” on" in made.notes[0]
    with database.read() as connection:
        assert issues.get(connection, made.id).notes == made.notes
    start_for_anybody(database, made.id, NOW)
    assert build(database, edition, weighing(30 * KB), NOW, NOW) is None


def test_stories_left_out_stay_candidates(database: Database) -> None:
    edition = replace(UK, max_stories=5)
    made = long_issue(database, edition, weighing(30 * KB, title=29 * KB))
    assert [told.title for told in made.stories] == [
        f"The {name} of the year" for name in ("bridge", "cheese", "violin")
    ]
    start_for_anybody(database, made.id, NOW)
    with database.read() as connection:
        assert set(issues.sent(connection, "tech", "uk")) == {told.story for told in made.stories}
    later = NOW + timedelta(days=1)
    second = build(database, edition, weighing(1), later, later)
    assert second is not None
    assert [told.title for told in second.stories] == ["The parcel of the year", "The moth of the year"]


@pytest.mark.slow
@pytest.mark.parametrize("name", THEMES)
def test_every_theme_shows_them_as_titles_with_links_in_both_parts(name: ThemeName) -> None:
    """A hundred stories through the real templates."""
    edition = replace(EDITION, theme=theme(name))
    long = "Words that a reader would rather have had in full, but for the size of it all. " * 12
    told = [
        replace(story(n % 10), story=n, title=f"Story {n}", url=f"https://example.org/s/{n}/", excerpt=long, also=())
        for n in range(100)
    ]
    templates = renderer()
    fitted, rendered = fitting(digest(*told, edition=edition), lambda one: templates.digest(one, LINKS))
    assert len(fitted.more) > 3
    assert MOST - 4 * KB < html_bytes(rendered.html, EDITION.site_url) <= MOST
    for part in (rendered.html, rendered.text):
        assert "More on the web" in part
        assert all(f"https://example.org/s/{one.story}/" in part for one in (*fitted.stories, *fitted.more))
    assert "More on the web" not in templates.digest(digest(edition=edition), LINKS).html
