"""Which stories come first, and why: a sum of weighted signals that anyone can check."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heapreplace

from newsletter.domain.edition import Weights

_FULL, _SHORT, _TEASER = 150, 40, 6  # words from which a version is a whole article, a short one, more than "Comments"
_MOST_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class Version:
    """One post that tells a story, as far as choosing needs it. `words` is the length of what was read of it."""

    post: int
    source: str
    title: str
    url: str
    published: datetime
    categories: tuple[str, ...] = ()
    words: int = 0
    picture: bool = False
    excerpt: bool = False
    featured: bool = False
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story that may go into the issue; `versions` is never empty, the first one speaks for it."""

    story: int
    versions: tuple[Version, ...]

    @property
    def speaker(self) -> Version:
        return self.versions[0]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A story in its place; `signals` are what each signal adds, by the names of `Weights`. `rank` counts from 1."""

    rank: int
    candidate: Candidate
    signals: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.signals.values())


_Entry = tuple[float, float, int, Candidate, dict[str, float]]  # the first three put the best one lowest


def candidate(story: int, versions: Iterable[Version]) -> Candidate:
    """The richest version speaks: a whole article before a teaser, then one with a picture, then with an excerpt.

    Among the equally rich the newest speaks, and stands first among them in `versions`.
    """
    return Candidate(story, tuple(sorted(versions, key=_voice, reverse=True)))


def rank(candidates: Sequence[Candidate], weights: Weights, as_of: datetime, lookback: timedelta) -> list[Ranked]:
    """All candidates in order, the best first.

    fresh: 1 for just published, 0 at the end of `lookback`. sources: 0 for one source, then 1/2, 2/3, … of the
    weight as more of them tell it. featured and picture: 1 or 0. weight: the front matter's number, from -10 to 10.
    variety: 1 for the first story of its category, then 1/2, 1/3, …; the only signal that depends on what stands
    above. Ties go to the newer story, then to the older id.
    """
    waiting: dict[str, list[_Entry]] = defaultdict(list)
    for item in candidates:
        signals = _signals(item, weights, as_of, lookback)
        waiting[_category(item)].append((-sum(signals.values()), -_newest(item).timestamp(), item.story, item, signals))
    for row in waiting.values():
        row.sort(key=lambda entry: entry[:3], reverse=True)
    return _in_order(waiting, weights.variety)


def _in_order(waiting: dict[str, list[_Entry]], variety: float) -> list[Ranked]:
    """Takes the best of all categories' best, again and again: within a category the order never changes."""
    order: list[Ranked] = []
    taken: Counter[str] = Counter()
    front = [(row[-1][0] - variety, *row[-1][1:3], category) for category, row in waiting.items()]
    heapify(front)
    while front:
        category = front[0][3]
        *_, item, signals = waiting[category].pop()
        order.append(Ranked(len(order) + 1, item, {**signals, "variety": variety / (1 + taken[category])}))
        taken[category] += 1
        if waiting[category]:
            best = waiting[category][-1]
            heapreplace(front, (best[0] - variety / (1 + taken[category]), *best[1:3], category))
        else:
            heappop(front)
    return order


def _signals(item: Candidate, weights: Weights, as_of: datetime, lookback: timedelta) -> dict[str, float]:
    age = max(timedelta(0), as_of - _newest(item))
    fresh = 1 - min(1.0, age / lookback) if lookback else 0.0
    sources = len({version.source for version in item.versions})
    own = max((version.weight for version in item.versions), key=abs)
    return {
        "fresh": weights.fresh * fresh,
        "sources": weights.sources * (1 - 1 / sources),
        "featured": weights.featured * any(version.featured for version in item.versions),
        "weight": weights.weight * max(-_MOST_WEIGHT, min(_MOST_WEIGHT, own)),
        "picture": weights.picture * item.speaker.picture,
    }


def _voice(version: Version) -> tuple[int, bool, bool, datetime, int]:
    fullness = sum(version.words >= words for words in (_TEASER, _SHORT, _FULL))
    return fullness, version.picture, version.excerpt, version.published, -version.post


def _newest(item: Candidate) -> datetime:
    return max(version.published for version in item.versions)


def _category(item: Candidate) -> str:
    return item.speaker.categories[0].casefold() if item.speaker.categories else ""
