"""Order and its reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.edition import Weights
from newsletter.domain.ranking import Candidate, Version, candidate, rank

NOW = datetime(2026, 5, 15, tzinfo=UTC)
TWO_WEEKS = timedelta(days=14)


def version(post: int, days: float = 1, **values: object) -> Version:
    given = {"source": "blog", "categories": ("Tech",), "words": 200, **values}
    return Version(post, title="", url="", published=NOW - timedelta(days=days), **given)


def order(*items: Candidate, weights: Weights = Weights()) -> list[int]:  # noqa: B008
    return [ranked.candidate.story for ranked in rank(items, weights, NOW, TWO_WEEKS)]


def one(story: int, days: float = 1, **values: object) -> Candidate:
    return candidate(story, [version(story, days, **values)])


def test_the_newer_story_comes_first() -> None:
    assert order(one(1, 5), one(2, 1), one(3, 3)) == [2, 3, 1]


@pytest.mark.parametrize("better", [{"featured": True}, {"weight": 1.0}, {"picture": True}])
def test_each_signal_lifts_and_can_be_turned_off(better: dict[str, object]) -> None:
    assert order(one(1, 1), one(2, 1.5, **better)) == [2, 1]
    off = Weights(featured=0, weight=0, picture=0)
    assert order(one(1, 1), one(2, 1.5, **better), weights=off) == [1, 2]


@pytest.mark.parametrize(("typed", "counts"), [(9.5, 9.5), (1000.0, 10.0), (-1000.0, -10.0)])
def test_no_front_matter_weighs_more_than_ten(typed: float, counts: float) -> None:
    [ranked] = rank([one(1, weight=typed)], Weights(weight=2.0), NOW, TWO_WEEKS)
    assert ranked.signals["weight"] == 2 * counts


def test_a_story_told_by_two_sources_comes_before_one_told_twice_by_one() -> None:
    told_by_two = candidate(1, [version(1), version(2, source="feed")])
    told_twice = candidate(2, [version(3), version(4)])
    assert order(told_twice, told_by_two) == [1, 2]


def test_categories_take_turns() -> None:
    items = [one(n, 1 + n / 10) for n in range(1, 5)] + [one(9, 2, categories=("Rail",))]
    assert order(*items) == [1, 9, 2, 3, 4]
    assert order(*items, weights=Weights(variety=0)) == [1, 2, 3, 4, 9]


def test_the_richest_version_speaks_and_the_newest_of_equals() -> None:
    teaser, older, newer = version(1, 0, words=20), version(2, 3), version(3, 2)
    assert candidate(1, [teaser, older, newer]).speaker == newer
    bare = version(5, 0, words=2, picture=True, source="links")  # a link with "120 comments"
    assert candidate(1, [bare, teaser]).speaker == teaser
    with_picture = version(4, 5, picture=True)
    assert candidate(1, [teaser, newer, with_picture]).speaker == with_picture


@given(
    st.lists(
        st.builds(
            one,
            st.integers(1, 10**6),
            st.floats(-1, 30),
            featured=st.booleans(),
            weight=st.floats(-1e6, 1e6),
            picture=st.booleans(),
            categories=st.lists(st.sampled_from(["A", "B", "c"]), max_size=2).map(tuple),
        ),
        max_size=12,
        unique_by=lambda item: item.story,
    ),
    st.randoms(),
)
def test_ranking_is_one_order_whatever_the_order_of_the_candidates(items: list[Candidate], shuffler: object) -> None:
    ranked = rank(items, Weights(), NOW, TWO_WEEKS)
    assert [item.rank for item in ranked] == list(range(1, len(items) + 1))
    assert all(item.total == sum(item.signals.values()) for item in ranked)
    mixed = list(items)
    shuffler.shuffle(mixed)
    assert rank(mixed, Weights(), NOW, TWO_WEEKS) == ranked
    for above, below in pairwise(ranked):
        assert above.total >= below.total - Weights().variety
