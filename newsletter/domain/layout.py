"""Where each story of a digest stands: told large, told in a row, explained, or named in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.domain.digest import Digest, DigestStory

LONG_ISSUE = 8  # stories; a longer issue ends in quick links
TOLD = 5  # stories that stay told in full, however many links there are
MOST_QUICK = 5
SECTION = 2  # stories that make a category a section of its own


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one heading: a category as its first story writes it, "" for the rest of the issue."""

    category: str
    stories: tuple[DigestStory, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Every story stands in exactly one place, in the order of the digest within it."""

    lead: DigestStory
    sections: tuple[Section, ...]
    explainer: DigestStory | None
    quick: tuple[DigestStory, ...]

    @property
    def rows(self) -> tuple[DigestStory, ...]:
        return tuple(story for section in self.sections for story in section.stories)


def arrange(digest: Digest) -> Layout:
    """The first story leads. In an issue of more than LONG_ISSUE the last ones, at most MOST_QUICK, become links.

    The first explainer among the others has a place of its own. What is left are rows, under their categories where
    the edition wants `sections`.
    """
    lead, *rest = digest.stories
    explainer = next((story for story in rest if story.explains), None)
    others = [story for story in rest if story is not explainer]
    kept = len(others) - _quick(len(digest.stories))
    rows = others[:kept]
    sections = _by_category(rows) if digest.edition.sections else [Section("", tuple(rows))]
    return Layout(lead, tuple(section for section in sections if section.stories), explainer, tuple(others[kept:]))


def _quick(stories: int) -> int:
    return min(MOST_QUICK, stories - TOLD) if stories > LONG_ISSUE else 0


def _by_category(rows: Sequence[DigestStory]) -> list[Section]:
    """Categories of at least SECTION stories, in the order of their first ones; all others together at the end."""
    counted = Counter(story.category.casefold() for story in rows if story.category)
    found: dict[str, list[DigestStory]] = {}
    rest: list[DigestStory] = []
    for story in rows:
        key = story.category.casefold()
        (found.setdefault(key, []) if counted[key] >= SECTION else rest).append(story)
    return [Section(stories[0].category, tuple(stories)) for stories in found.values()] + [Section("", tuple(rest))]
