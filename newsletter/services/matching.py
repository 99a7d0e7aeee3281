"""Finds, among many posts, those that tell one story; looks only where a key of theirs meets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache, partial

from newsletter.domain.headline import headline, rewrapped
from newsletter.domain.headline_words import SERIES
from newsletter.domain.story import SAME_NEWS, TEASER, Evidence, relate, same_story
from newsletter.text.likeness import (
    SHORT,
    Likeness,
    Sketch,
    common_shingles,
    compare,
    echoed,
    facts,
    leads_elsewhere,
    likeness,
    opening,
    quarrel,
    rivals,
    shingles,
    title_likeness,
)
from newsletter.text.traits import Traits

BOILERPLATE = 6  # a shingle under more headlines than this is the site's, not the story's
CROWD = 12  # of posts that share a title or page, the nearest in time that are compared
PROBES = 16  # shingles of a post that are looked up in all others
_COPY = 0.5  # of two bodies under one headline: more than any two numbers of a series share
_LITTLE = 0.2  # shared by less than this under one headline, the whole bodies are read: parts may be in another order
_SURE = 12  # shingles a sample must hold before it is believed


@dataclass(frozen=True, slots=True)
class Told:
    """A post among others; `story` is None until it has one. `gone`: no longer in its source.

    `former`: what a post said before it was edited, a number of its own.
    """

    post: int
    source: str
    title: str
    published: datetime
    gone: bool
    story: int | None
    traits: Traits
    former: bool = False


class Matching:
    """All posts of one newsletter, and where their keys stand. `body` gives a post's text when a sample cannot tell."""

    def __init__(self, posts: Sequence[Told], body: Callable[[int], str]) -> None:
        self._posts = {told.post: told for told in posts}
        self._body = lru_cache(512)(body)
        self._headline = cache(headline)
        self._shingles = lru_cache(256)(self._read_shingles)
        self._facts = lru_cache(512)(lambda post: facts(self._body(post), self._posts[post].title))
        self._opening = lru_cache(512)(lambda post: opening(self._body(post)))
        self._quarrel = lru_cache(4096)(self._read_quarrel)
        self._pages: dict[str, list[Told]] = defaultdict(list)
        self._titles: dict[int, list[Told]] = defaultdict(list)
        cores: dict[int, list[Sketch]] = defaultdict(list)
        for told in sorted(posts, key=_when):
            if told.traits.page:
                self._pages[told.traits.page].append(told)
            for key in told.traits.wordings:
                self._titles[key & ~1].append(told)
            if not told.former:  # a post that was retitled often makes no boilerplate of its body
                cores[_core(told) or -told.post].append(told.traits.body)
        self._common = frozenset(common_shingles(cores.values(), BOILERPLATE))

    def pairs(self, fresh: Iterable[int], group: Callable[[int], int]) -> Iterator[tuple[int, int]]:
        """Pairs that tell one story, each with a `fresh` post in it.

        `group` names the story that a post is in by now: what is together already is not compared.
        """
        new = sorted((self._posts[post] for post in fresh), key=_when)
        for told in new:
            for other in self._by_name(told):
                if group(told.post) != group(other.post) and self.same(told, other):
                    yield told.post, other.post
        probes = {told.post: self._probes(told) for told in new}
        index = self._index({number for own in probes.values() for number in own}, group)
        for told in new:
            for post in _met(told.post, probes[told.post], index):
                if group(told.post) != group(post) and self.same(told, self._posts[post]):
                    yield told.post, post

    def same(self, one: Told, other: Told) -> bool:
        return self._plain_copy(one, other) or same_story(self._evidence(one, other))

    def _plain_copy(self, one: Told, other: Told) -> bool:
        """What most versions are, seen without weighing: one sure headline, one day or so, nearly one body.

        Not two notices of one source under the very same title, as "Scheduled maintenance": these are weighed.
        """
        core, a, b = _core(one), one.traits.body, other.traits.body
        if not core & 1 or core != _core(other) or min(a.words, b.words) < TEASER:
            return False
        if one.source == other.source and one.gone == other.gone and one.title == other.title:
            return False
        return abs(one.published - other.published) <= SAME_NEWS and likeness(a, b, self._common).alike >= _COPY

    def _by_name(self, told: Told) -> Iterator[Told]:
        rows = [self._titles[key & ~1] for key in told.traits.wordings]
        rows += [self._pages[told.traits.page]] if told.traits.page else []
        seen = {told.post}
        for row in rows:
            for other in _nearest(row, told):
                if other.post not in seen:
                    seen.add(other.post)
                    yield other

    def _index(self, wanted: set[int], group: Callable[[int], int]) -> dict[int, list[int]]:
        """Where each of the `wanted` shingles stands: one post of every group."""
        groups: dict[int, list[Told]] = defaultdict(list)
        for told in self._posts.values():
            groups[group(told.post)].append(told)
        index: dict[int, list[int]] = defaultdict(list)
        for members in groups.values():
            seen: set[int] = set()
            for told in members:
                held = (told.traits.body.shingles & wanted) - seen
                seen |= held
                for number in held:
                    index[number].append(told.post)
        return index

    def _probes(self, told: Told) -> list[int]:
        own = sorted(told.traits.body.shingles - self._common)
        return own if told.traits.body.words < SHORT else own[:PROBES]

    def _evidence(self, one: Told, other: Told) -> Evidence:
        heads = self._headline(one.title), self._headline(other.title)
        alike = title_likeness(" ".join(heads[0].words), " ".join(heads[1].words))
        found, words = self._likeness(one, other)
        moved = one.source == other.source and one.gone != other.gone
        return Evidence(
            titles=relate(*heads, alike),
            apart=abs(one.published - other.published),
            same_page=bool(one.traits.page) and one.traits.page == other.traits.page,
            only_there=self._only_there(one, other),
            same_source=one.source == other.source,
            moved=moved,
            rewrapped=rewrapped(*heads),
            alike=found.alike,
            within=found.within,
            quarrel=partial(self._quarrel, *sorted((one.post, other.post))),
            rivals=lambda: rivals(self._facts(one.post), self._facts(other.post)),
            echoes=lambda: self._echoes(one) + self._echoes(other),
            opening=partial(self._begun_alike, one.post, other.post),
            words=words,
            specific=min(len(heads[0].words), len(heads[1].words)),
            returning=heads[0].series or heads[1].series,
            title_likeness=alike,
        )

    def _echoes(self, one: Told) -> int:
        head = self._headline(one.title)
        return echoed(self._facts(one.post), set(head.words) - head.markers - SERIES)

    def _only_there(self, one: Told, other: Told) -> bool:
        if not one.traits.page or one.traits.page != other.traits.page:
            return False
        there = Counter(told.source for told in self._pages[one.traits.page] if not told.former)
        return there[one.source] == there[other.source] == 1

    def _likeness(self, one: Told, other: Told) -> tuple[Likeness, int]:
        """How alike the bodies are, and the shorter one's words: 0 when nothing of its own is in one of them."""
        a, b = one.traits.body, other.traits.body
        words = min(a.words, b.words)
        found = likeness(a, b, self._common)
        if found.seen < _SURE or words < SHORT or (found.within < _LITTLE and _namesakes(one, other)):
            found = compare(self._shingles(one.post) - self._common, self._shingles(other.post) - self._common)
        return found, words if found.seen >= min(4, words) else 0

    def _begun_alike(self, one: int, other: int) -> float:
        """The share of one's first shingles that the other has, of that one whose share is less; 0 for other news."""
        if leads_elsewhere(self._facts(one), self._facts(other)):
            return 0.0
        pairs = ((self._opening(one), self._shingles(other)), (self._opening(other), self._shingles(one)))
        return min((len(begun & whole) / len(begun) if begun else 0.0 for begun, whole in pairs))

    def _read_shingles(self, post: int) -> frozenset[int]:
        return shingles(self._body(post))

    def _read_quarrel(self, one: int, other: int) -> float:
        return quarrel(self._facts(one), self._facts(other))


def _met(post: int, probes: Sequence[int], index: dict[int, list[int]]) -> list[int]:
    """The posts that hold most of a post's probes."""
    met = Counter([other for number in probes for other in index[number]])
    least = 2 if len(probes) >= PROBES else 1
    return [other for other, count in met.most_common(4 * CROWD) if count >= least and other != post]


def _nearest(row: list[Told], told: Told) -> list[Told]:
    """Those of a long row (a title that comes again every week) that stand nearest in time."""
    if len(row) <= CROWD:
        return row
    return sorted(row, key=lambda other: abs(other.published - told.published))[: CROWD + 1]


def _namesakes(one: Told, other: Told) -> bool:
    return not {key & ~1 for key in one.traits.wordings}.isdisjoint(key & ~1 for key in other.traits.wordings)


def _core(told: Told) -> int:
    """The headline's shortest wording; 0 where there is none."""
    return told.traits.wordings[0] if told.traits.wordings else 0


def _when(told: Told) -> tuple[datetime, int]:
    return told.published, told.post
