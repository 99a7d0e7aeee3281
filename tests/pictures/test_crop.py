"""The window that is kept: its geometry for any size, and that it holds what the picture is of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from newsletter.pictures.crop import best, largest, subject
from tests.pictures import made

SIDE = st.integers(1, 9000)
SLOTS = [(1104, 620), (224, 224)]


@settings(deadline=None)
@given(width=SIDE, height=SIDE, slot=st.sampled_from(SLOTS))
def test_the_largest_window_has_the_slots_proportions(width: int, height: int, slot: tuple[int, int]) -> None:
    wide, high = largest((width, height), slot)
    assert 1 <= wide <= width
    assert 1 <= high <= height
    assert wide == width or high == height
    free = high if wide == width else wide
    exact = width * slot[1] / slot[0] if wide == width else height * slot[0] / slot[1]
    assert abs(free - exact) <= 1


@settings(deadline=None)
@given(width=st.integers(1, 400), height=st.integers(1, 400), slot=st.sampled_from(SLOTS), seed=st.integers(0, 5))
def test_the_window_lies_in_the_picture(width: int, height: int, slot: tuple[int, int], seed: int) -> None:
    left, upper, right, lower = subject(made.noise(width, height, seed), slot)
    assert 0 <= left < right <= width
    assert 0 <= upper < lower <= height
    assert (right - left, lower - upper) == largest((width, height), slot)


@settings(deadline=None)
@given(profile=st.lists(st.integers(0, 255), min_size=1, max_size=60), data=st.data())
def test_the_window_never_holds_next_to_nothing(profile: list[int], data: st.DataObject) -> None:
    length = data.draw(st.integers(1, len(profile)))
    above = [(value - min(profile)) ** 2 for value in profile]
    held = [sum(above[start : start + length]) for start in range(len(profile) - length + 1)]
    assert held[best(profile, length)] + 1 >= 0.2 * max(held)


@pytest.mark.parametrize("middle", [0.42, 0.5])
def test_where_all_is_alike_the_middle_is_kept(middle: float) -> None:
    assert abs(best([7] * 101, 1, middle) - 100 * middle) <= 1
    left, _, right, _ = subject(Image.new("RGB", (3000, 620), "grey"), SLOTS[0])
    assert abs((left + right) / 2 - 1500) <= 40


@pytest.mark.parametrize("seed", range(8))
def test_grain_does_not_outweigh_a_subject_near_the_end(seed: int) -> None:
    at = (2760, 450)
    _, _, right, _ = subject(made.scene(3000, 900, at, 60, seed), SLOTS[0])
    assert right >= at[0] + 58


def test_what_is_seen_comes_into_the_midst_where_there_is_room() -> None:
    at = (900, 450)
    left, _, right, _ = subject(made.scene(3000, 900, at, 60), (224, 224))
    assert abs((left + right) / 2 - at[0]) < (right - left) / 6


@pytest.mark.parametrize("place", [0.08, 0.3, 0.5, 0.72, 0.92])
@pytest.mark.parametrize("size", [(3000, 900), (800, 2600)], ids=["panorama", "tall"])
@pytest.mark.parametrize("slot", SLOTS, ids=["wide", "thumb"])
def test_the_subject_is_in_the_window(place: float, size: tuple[int, int], slot: tuple[int, int]) -> None:
    width, height = size
    radius = 60
    along = width > height
    at = (round(width * place), height // 2) if along else (width // 2, round(height * place))
    left, upper, right, lower = subject(made.scene(width, height, at, radius), slot)
    assert left <= at[0] - radius + 2
    assert at[0] + radius - 2 <= right
    assert upper <= at[1] - radius + 2
    assert at[1] + radius - 2 <= lower
