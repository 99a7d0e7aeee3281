"""Colours as `#rrggbb`: how light they are, whether one can be read on another (WCAG 2), and what mixing them gives."""

from __future__ import annotations

WHITE, BLACK = "#ffffff", "#000000"
READABLE = 4.5  # WCAG 2 AA for text of ordinary size
_STEPS = 20


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0-255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    return luminance_of(*(channel / 255 for channel in channels(colour)))


def luminance_of(red: float, green: float, blue: float) -> float:
    """The same of three numbers from 0 to 1."""
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black and white)."""
    return ratio(luminance(one), luminance(other))


def ratio(one: float, other: float) -> float:
    """The contrast of two luminances."""
    dark, light = sorted((one, other))
    return (light + 0.05) / (dark + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """`share` (0-1) of `colour`, the rest of `other`."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(one * share + two * (1 - share)):02x}" for one, two in pairs)


def readable(colour: str, on: str) -> str:
    """`colour`, with as much white (on dark) or black (on light) as it needs to be read there."""
    towards = max(WHITE, BLACK, key=lambda end: contrast(end, on))
    steps = (mixed(towards, colour, step / _STEPS) for step in range(_STEPS))
    return next((step for step in steps if contrast(step, on) >= READABLE), towards)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
