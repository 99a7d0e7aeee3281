"""Every text of every theme can be read: by day, by night, and when a mail program turns the light round."""

from __future__ import annotations

from dataclasses import fields

import pytest

from newsletter.domain.colour import BLACK, READABLE, WHITE, channels, contrast, mixed, readable
from newsletter.domain.theme import DAY, THEMES, Palette, ThemeName, painted, theme

TEXTS = ("ink", "muted", "link", "accent")
SURFACES = ("page", "card", "tint")


def pairs(palette: Palette) -> dict[str, tuple[str, str]]:
    """Words and what they stand on."""
    found = {f"{text} on {on}": (getattr(palette, text), getattr(palette, on)) for text in TEXTS for on in SURFACES}
    found |= {"button": (palette.on_link, palette.link), "mark": (palette.on_accent, palette.accent)}
    return found


def turned(colour: str) -> str:
    """As `filter: invert(1) hue-rotate(180deg)` shows it (Filter Effects 1): light becomes dark, red stays red."""
    red, green, blue = (255 - channel for channel in channels(colour))
    rows = ((-0.574, 1.43, 0.144), (0.426, 0.43, 0.144), (0.426, 1.43, -0.856))
    new = (round(a * red + b * green + c * blue) for a, b, c in rows)
    return "#" + "".join(f"{min(max(channel, 0), 255):02x}" for channel in new)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("time", ["light", "dark"])
def test_every_text_can_be_read(name: ThemeName, time: str) -> None:
    for place, (text, on) in pairs(getattr(theme(name), time)).items():
        assert contrast(text, on) >= READABLE, place


@pytest.mark.parametrize("name", THEMES)
def test_every_text_can_be_read_when_the_light_is_turned_round(name: ThemeName) -> None:
    for place, (text, on) in pairs(theme(name).light).items():
        assert contrast(turned(text), turned(on)) >= READABLE, place


@pytest.mark.parametrize("name", THEMES)
def test_underlines_and_outlines_are_seen(name: ThemeName) -> None:
    for palette in (theme(name).light, theme(name).dark):
        assert contrast(palette.underline, palette.card) >= 3
        assert contrast(palette.link, palette.card) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)
    assert contrast("#0b5c86", WHITE) == contrast(WHITE, "#0b5c86")


def test_a_colour_becomes_readable_and_no_more_than_that() -> None:
    assert readable(BLACK, WHITE) == BLACK
    for colour, on in (("#0b5c86", "#23272b"), ("#ffe600", WHITE), ("#808080", "#808080")):
        assert READABLE <= contrast(readable(colour, on), on) < READABLE + 1.5
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"


def test_a_brand_colour_of_the_day_comes_at_night_too() -> None:
    mine = painted(theme("classic"), {"link": "#5a189a"}, {})
    assert mine.light.link == "#5a189a"
    assert contrast(mine.dark.link, mine.dark.card) >= READABLE
    assert mine.dark.link != theme("classic").dark.link
    assert mine.dark.accent == theme("classic").dark.accent
    assert painted(theme("classic"), {"link": "#5a189a"}, {"link": "#e0aaff"}).dark.link == "#e0aaff"


def test_words_on_a_bright_button_are_dark() -> None:
    bright = painted(theme("classic"), {"link": "#ffe600"}, {}).light
    assert contrast(bright.on_link, bright.link) >= READABLE
    assert DAY.on_link == WHITE


def test_nothing_said_changes_nothing() -> None:
    assert all(painted(theme(name), {}, {}) == theme(name) for name in THEMES)
    assert {field.name for field in fields(Palette)} == {*TEXTS, *SURFACES, "rule"}
