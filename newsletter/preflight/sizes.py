"""Lengths in CSS, as pixels."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([a-z%]*)")
_UNITS = {"px": 1.0, "": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "rem": 16.0}
_WORDS = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
}
_BOLD_FROM = 600


def pixels(value: str, whole: float = 0.0, em: float = 16.0) -> float | None:
    """A length in pixels: % of `whole`, `em` in pixels. None for `auto`, `calc()` and whatever is no length."""
    found = _LENGTH.fullmatch(value.strip().lower())
    if not found:
        return None
    number = float(found[1])
    if found[2] == "%":
        return number * whole / 100
    if found[2] == "em":
        return number * em
    return number * _UNITS[found[2]] if found[2] in _UNITS else None


def font_size(values: Mapping[str, str], usual: float, around: float) -> float:
    """The size that `values` (lower case) give, `usual` when they give none; `around` is that of the parent."""
    told = values.get("font-size") or _of_shorthand(values.get("font", ""))
    if not told or told == "inherit":
        return usual if not told else around
    if told in _WORDS:
        return _WORDS[told]
    found = pixels(told, around, around)
    return usual if found is None else found


def is_bold(values: Mapping[str, str], usual: bool) -> bool:
    told = values.get("font-weight", "")
    if told in ("bold", "bolder"):
        return True
    if told in ("normal", "lighter"):
        return False
    if told.isdecimal():
        return int(told) >= _BOLD_FROM
    if font := values.get("font"):
        return bool(re.search(r"\b(bold|[6-9]00)\b", font.partition("/")[0]))
    return usual


def _of_shorthand(font: str) -> str:
    """`16px` of `bold 16px/24px Georgia`."""
    return next((word.partition("/")[0] for word in font.split() if re.match(r"[\d.]+[a-z%]", word)), "")
