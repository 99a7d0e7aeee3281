"""Colours: parsed, painted onto each other, turned round, and made readable."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.preflight.colour import (
    BLACK,
    WHITE,
    Colour,
    Pair,
    colour,
    contrast,
    darkened,
    inverted,
    legacy,
    lightened,
    over,
    readable,
)

PART = st.floats(0, 1)
SOLID = st.builds(Colour, PART, PART, PART, st.just(1.0))
ANY = st.builds(Colour, PART, PART, PART, PART)


def as_written(text: Colour, ground: Colour) -> Pair:
    return text, ground


def both_inverted(text: Colour, ground: Colour) -> Pair:
    return inverted(text), inverted(ground)


@pytest.mark.parametrize(
    ("written", "hexadecimal"),
    [
        ("#fff", "#ffffff"),
        ("RED", "#ff0000"),
        ("rgb(1, 2, 3)", "#010203"),
        ("rgb(1 2 3 / 50%)", "#01020380"),
        ("hsl(120, 100%, 25%)", "#008000"),
        ("transparent", "#00000000"),
        ("rgb(300, -5, 0)", "#ff0000"),
    ],
)
def test_a_colour_is_read_in_every_way_of_writing(written: str, hexadecimal: str) -> None:
    assert str(colour(written)) == hexadecimal


@pytest.mark.parametrize(
    "written", ["", "inherit", "currentcolor", "var(--x)", "#ggg", "rgb(", "color()", "oklch(1 1 1)"]
)
def test_what_is_no_colour_by_itself_is_none(written: str) -> None:
    assert colour(written) is None


def test_an_attribute_may_leave_out_the_hash() -> None:
    assert str(legacy(" 0b5c86")) == str(legacy("#0b5c86")) == "#0b5c86"
    assert legacy("nonsense") is None


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(WHITE, BLACK) == 21
    assert contrast(WHITE, Colour(*(0x76 / 255,) * 3)) == pytest.approx(4.54, abs=0.01)
    assert contrast(WHITE, Colour(*(0x77 / 255,) * 3)) < 4.5


@settings(deadline=None)  # other work on the machine is no fault
@given(SOLID, SOLID)
def test_contrast_has_no_direction_and_no_value_outside_its_range(one: Colour, other: Colour) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.000001


@settings(deadline=None)  # other work on the machine is no fault
@given(SOLID)
@example(Colour(1.0, 1.0, 0.9999999999999999))
def test_turning_round_twice_is_nothing(one: Colour) -> None:
    assert inverted(inverted(one)) == pytest.approx(one, abs=1e-6)


@settings(deadline=None)  # other work on the machine is no fault
@given(SOLID)
def test_darkening_never_leaves_a_light_ground_and_lightening_no_dark_text(one: Colour) -> None:
    assert max(darkened(one)[:3]) + min(darkened(one)[:3]) <= 1.000001
    assert max(lightened(one)[:3]) + min(lightened(one)[:3]) >= 0.999999


@settings(deadline=None)  # other work on the machine is no fault
@given(ANY, SOLID)
def test_what_is_painted_on_something_solid_is_solid_and_lies_between(top: Colour, ground: Colour) -> None:
    painted = over(top, ground)
    assert painted.alpha == 1
    for mixed, one, other in zip(painted[:3], top[:3], ground[:3], strict=True):
        assert min(one, other) - 1e-9 <= mixed <= max(one, other) + 1e-9


@settings(deadline=None)  # other work on the machine is no fault
@given(SOLID, SOLID, st.sampled_from([3.0, 4.5]))
def test_a_proposal_can_be_read_as_it_is_written_down(text: Colour, ground: Colour, need: float) -> None:
    found = readable((text, ground), ((as_written, need),))
    assert found
    one, other = (colour(str(each)) for each in found)
    assert one
    assert other
    assert found[0] == text or found[1] == ground
    assert contrast(one, found[1] if found[1] == ground else other) >= need


@settings(deadline=None)  # other work on the machine is no fault
@given(SOLID)
def test_a_proposal_holds_in_every_mode_that_it_is_asked_for(text: Colour) -> None:
    found = readable((text, WHITE), ((as_written, 4.5), (both_inverted, 4.5)))
    assert found
    assert contrast(*found) >= 4.5
    assert contrast(*both_inverted(*found)) >= 4.5


def test_no_proposal_where_there_is_none() -> None:
    assert readable((WHITE, WHITE), ((as_written, 22.0),)) is None
