"""What properties make of an element: whether it is seen, and what ground it has. Its own are in `style`.

Those in `style` alone hold in every mail program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from newsletter.preflight.colour import CLEAR, Colour, colour, legacy
from newsletter.preflight.css import inline
from newsletter.preflight.sizes import pixels


def declarations(element: Element) -> dict[str, str]:
    """Property to value, both lower case; the last of a name counts."""
    return {one.name: one.value.lower() for one in inline(element.get("style", ""))}


def hides(values: Mapping[str, str]) -> bool:
    """Whether an element with these properties (lower case) is not to be seen, in any program."""
    if values.get("display") == "none" or values.get("visibility") in ("hidden", "collapse"):
        return True
    none = {name for name in ("height", "max-height", "opacity") if pixels(values.get(name, ""), whole=1.0) == 0}
    return "opacity" in none or (bool(none) and "hidden" in values.get("overflow", ""))


def background(element: Element, values: dict[str, str]) -> Colour:
    """The later of `background` and `background-color` wins; where there is neither, the attribute `bgcolor`.

    CLEAR where it has none. `values` are its properties, lower case, in the order of the cascade.
    """
    for name in reversed(values):
        if name == "background-color":
            return colour(values[name]) or CLEAR
        if name == "background":
            return next((found for part in _parts(values[name]) if (found := colour(part))), CLEAR)
    return legacy(element.get("bgcolor", "")) or CLEAR


def _parts(value: str) -> list[str]:
    """The words of a shorthand; what stands in brackets is one word."""
    return re.findall(r"(?:[^\s(]|\([^)]*\))+", value)
