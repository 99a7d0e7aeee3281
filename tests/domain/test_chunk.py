"""How an issue is cut into chunks: nobody is left out, nobody stands in two, and a lane belongs to one group."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.chunk import SHARED, SHARED_LANES, Chunk, Span, cut, priority, tracks, waiting_priority
from tests.ledger import NOW

domains = st.dictionaries(st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True), st.integers(1, 5000), max_size=30)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    found, first = [], 1
    for name, shared, length in draw(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans(), st.integers(1, 60)), unique_by=lambda one: one[0])
    ):
        found.append(Span(f"{SHARED}{name}" if shared else name, first, first + length - 1))
        first += length
    return found


@given(spans(), st.integers(1, 20), st.integers(1, 5))
def test_every_delivery_stands_in_one_chunk(found: list[Span], size: int, lanes: int) -> None:
    chunks = cut(7, found, size, lanes)
    ids = [number for chunk in chunks for number in range(chunk.first, chunk.last + 1)]
    assert sorted(ids) == [number for span in found for number in range(span.first, span.last + 1)]
    assert all(chunk.last - chunk.first < size for chunk in chunks)
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))


@given(spans(), st.integers(1, 20), st.integers(1, 5))
def test_a_group_has_no_more_lanes_than_it_may(found: list[Span], size: int, lanes: int) -> None:
    chunks = cut(7, found, size, lanes)
    for span in found:
        inside = {chunk.lane for chunk in chunks if span.first <= chunk.first <= span.last}
        assert len(inside) <= (1 if span.track.startswith(SHARED) else lanes)
        others = {chunk.lane for chunk in chunks if not span.first <= chunk.first <= span.last}
        assert not inside & others


@given(spans(), st.integers(1, 20), st.integers(1, 5))
def test_the_chunks_of_a_lane_follow_each_other(found: list[Span], size: int, lanes: int) -> None:
    places: dict[str, list[int]] = {}
    for chunk in cut(7, found, size, lanes):
        places.setdefault(chunk.lane, []).append(chunk.position)
    assert all(positions == list(range(len(positions))) for positions in places.values())


@given(domains)
def test_a_group_that_one_chunk_cannot_hold_gets_lanes_of_its_own(readers: dict[str, int]) -> None:
    plan = tracks(readers, size=1000)
    assert set(plan.named) == {domain for domain, count in readers.items() if count > 1000}
    assert 1 <= plan.shared <= SHARED_LANES
    assert plan.shared & (plan.shared - 1) == 0


def test_both_names_of_one_provider_are_one_group() -> None:
    plan = tracks({"gmail.com": 900, "googlemail.com": 200, "one.example": 200}, size=1000)
    assert plan.named == {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def test_a_small_group_with_two_names_stays_together() -> None:
    plan = tracks(
        {"gmail.com": 9, "googlemail.com": 2, **{f"d{number}.example": 500 for number in range(20)}}, size=1000
    )
    assert plan.shared > 1
    assert set(plan.named) == {"gmail.com", "googlemail.com"}
    [track] = set(plan.named.values())
    assert track.startswith(SHARED)


def test_a_small_issue_is_one_chunk() -> None:
    assert tracks({f"d{number}.example": 1 for number in range(800)}, size=1000).shared == 1


def test_what_waits_goes_behind_all_that_is_fresh_and_the_sooner_due_goes_first() -> None:
    last_of_many = Chunk(issue=1, number=9, lane="a", position=100_000, first=1, last=2)
    soon, late = NOW, NOW + timedelta(hours=1)
    assert priority(last_of_many) > waiting_priority(soon) > waiting_priority(late)
