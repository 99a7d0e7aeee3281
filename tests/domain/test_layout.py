"""Each story of a digest has one place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.domain.digest import DigestStory
from newsletter.domain.layout import Layout, arrange
from tests.digests import EDITION, digest, story


def stories(*categories: str) -> list[DigestStory]:
    return [replace(story(at % 10), story=at, category=category) for at, category in enumerate(categories)]


def arranged(*told: DigestStory, sections: bool = False) -> Layout:
    return arrange(digest(*told, edition=replace(EDITION, sections=sections)))


@pytest.mark.parametrize(
    ("count", "rows", "quick"), [(1, 0, 0), (2, 1, 0), (8, 7, 0), (9, 4, 4), (10, 4, 5), (11, 5, 5), (20, 14, 5)]
)
def test_a_long_issue_ends_in_links(count: int, rows: int, quick: int) -> None:
    told = stories(*["News"] * count)
    made = arranged(*told)
    assert (len(made.rows), len(made.quick)) == (rows, quick)
    assert [made.lead, *made.rows, *made.quick] == told


def test_the_first_explainer_has_a_place_of_its_own() -> None:
    told = stories("News", "News", "Explainer", "explainer", "News")
    made = arranged(*told)
    assert made.explainer == told[2]
    assert made.rows == (told[1], told[3], told[4])


def test_a_tag_makes_an_explainer_and_a_lead_stays_the_lead() -> None:
    first, second = stories("News", "News")
    tagged = replace(second, tags=("EXPLAINER",))
    assert arranged(first, tagged).explainer == tagged
    assert arranged(tagged, first).explainer is None


def test_every_story_stands_in_one_place() -> None:
    for count in range(1, 25):
        told = stories(*(("Explainer", "A", "B", "a", "")[at % 5] for at in range(count)))
        made = arranged(*told, sections=True)
        placed = [made.lead, *made.rows, *made.quick, *([made.explainer] if made.explainer else [])]
        assert sorted(one.story for one in placed) == [one.story for one in told]


def test_sections_are_categories_that_more_than_one_story_has() -> None:
    made = arranged(*stories("Lead", "Rail", "Sea", "rail", "Air", "Sea", ""), sections=True)
    assert [(section.category, len(section.stories)) for section in made.sections] == [("Rail", 2), ("Sea", 2), ("", 2)]


def test_without_sections_the_order_is_the_rankings() -> None:
    [section] = arranged(*stories("Lead", "Rail", "Sea", "Rail")).sections
    assert section.category == ""
    assert arranged(*stories("Lead")).sections == ()
