"""Colours as numbers: what they look like on each other, what a forced dark mode makes of them, what can be read."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from tinycss2.color4 import parse_color

from newsletter.domain.colour import luminance_of, ratio

INVISIBLE = 1.3  # contrast below which a text is hardly there


class Colour(NamedTuple):
    """Red, green, blue and opacity, each from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def __str__(self) -> str:
        solid = "".join(f"{round(part * 255):02x}" for part in self[:3])
        return f"#{solid}" if self.alpha == 1 else f"#{solid}{round(self.alpha * 255):02x}"


WHITE, BLACK, CLEAR = Colour(1, 1, 1), Colour(0, 0, 0), Colour(0, 0, 0, 0)
Pair = tuple[Colour, Colour]  # text and what is behind it, both solid
Painter = Callable[[Colour, Colour], Pair]  # from the colours written down to those a mail program paints


@lru_cache(maxsize=4096)
def colour(text: str) -> Colour | None:
    """What `text` means in CSS; None for what is no colour by itself: `inherit`, `var(--x)`, nonsense."""
    try:
        found = parse_color(text)
        known = None if found is None or found == "currentcolor" else found.to("srgb")
    except (ValueError, NotImplementedError, ArithmeticError, RecursionError):
        return None
    if known is None:
        return None
    red, green, blue = (min(1.0, max(0.0, part)) for part in known.coordinates)
    return Colour(red, green, blue, known.alpha)


def legacy(text: str) -> Colour | None:
    """The value of an attribute such as `bgcolor`: as in CSS, and hexadecimal digits without a `#`."""
    clean = text.strip()
    return colour(clean) or colour(f"#{clean}")


def over(top: Colour, ground: Colour) -> Colour:
    """`top` painted onto a solid `ground`."""
    red, green, blue = (
        front * top.alpha + back * (1 - top.alpha) for front, back in zip(top[:3], ground[:3], strict=True)
    )
    return Colour(red, green, blue)


@lru_cache(maxsize=4096)
def contrast(one: Colour, other: Colour) -> float:
    """From 1 (the same) to 21 (black on white), of two solid colours."""
    return ratio(luminance_of(*one[:3]), luminance_of(*other[:3]))


def inverted(one: Colour) -> Colour:
    """Its lightness turned round, its hue kept."""
    hue, lightness, saturation = _hls(one)
    return Colour(*colorsys.hls_to_rgb(hue, 1 - lightness, saturation), one.alpha)


def darkened(one: Colour) -> Colour:
    """A light colour turned round; a dark one stays."""
    return inverted(one) if _lightness(one) > 0.5 else one


def lightened(one: Colour) -> Colour:
    """A dark colour turned round; a light one stays."""
    return inverted(one) if _lightness(one) < 0.5 else one


def readable(pair: Pair, painters: tuple[tuple[Painter, float], ...]) -> Pair | None:
    """The nearest pair whose contrast is enough under every painter: another text colour, else another ground.

    Each painter comes with the contrast that it needs. None: there is no such pair.
    """
    text, ground = pair
    for each in (*((shade, ground) for shade in _shades(text)), *((text, shade) for shade in _shades(ground))):
        if all(contrast(*paint(*each)) >= need for paint, need in painters):
            return each
    return None


def _shades(one: Colour) -> Iterator[Colour]:
    """The same hue lighter and darker, nearest first, as they can be written down."""
    hue, lightness, saturation = _hls(one)
    for step in range(1, 101):
        for other in (lightness - step / 100, lightness + step / 100):
            if 0 <= other <= 1:
                yield _written(Colour(*colorsys.hls_to_rgb(hue, other, saturation)))


def _written(one: Colour) -> Colour:
    red, green, blue = (round(part * 255) / 255 for part in one[:3])
    return Colour(red, green, blue)


def _hls(one: Colour) -> tuple[float, float, float]:
    """Hue, lightness, saturation. Just short of white, as painting over leaves it, Python 3.11 divides by zero."""
    red, green, blue = (round(part, 9) for part in one[:3])
    return colorsys.rgb_to_hls(red, green, blue)


def _lightness(one: Colour) -> float:
    return _hls(one)[1]
