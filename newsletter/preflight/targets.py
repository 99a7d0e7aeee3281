"""How high a link is, as far as CSS tells."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from newsletter.preflight.cascade import declared
from newsletter.preflight.examined import Examined
from newsletter.preflight.modes import LIGHT
from newsletter.preflight.sizes import pixels

_USUAL_LINE = 1.2  # times the size of the letters
_BOXES = ("inline-block", "block", "table-cell", "inline-flex", "flex")


def height(examined: Examined, link: Element, size: float) -> float:
    """In pixels, for one line of text of `size`.

    Padding of an inline link is left out: it is clicked in some programs, and Outlook does not know it.
    """
    values = _values(examined, link)
    told = _line(examined, link, size)
    if values.get("display") not in _BOXES:
        return told
    above, below = _padding(values, size)
    set_height = pixels(values.get("height", "")) or pixels(values.get("min-height", "")) or 0.0
    return max(told + above + below + 2 * _border(values), set_height)


def _line(examined: Examined, element: Element, size: float) -> float:
    for each in (element, *examined.page.ancestors(element)):
        told = _values(examined, each).get("line-height", "")
        if told and told not in ("normal", "inherit"):
            if told.replace(".", "", 1).isdecimal():
                return float(told) * size
            return pixels(told, size, size) or size * _USUAL_LINE
    return size * _USUAL_LINE


def _padding(values: dict[str, str], size: float) -> tuple[float, float]:
    """Above and below. The later of a shorthand and a side's own property counts."""
    above = below = 0.0
    for name, value in values.items():
        if name == "padding" and (parts := value.split()):
            above = pixels(parts[0], em=size) or 0.0
            below = pixels(parts[2] if len(parts) > 2 else parts[0], em=size) or 0.0
        elif name == "padding-top":
            above = pixels(value, em=size) or 0.0
        elif name == "padding-bottom":
            below = pixels(value, em=size) or 0.0
    return above, below


def _border(values: dict[str, str]) -> float:
    """Of one side."""
    parts = values.get("border", "").split()
    return max((pixels(part) or 0.0 for part in parts), default=0.0) if "none" not in parts else 0.0


def _values(examined: Examined, element: Element) -> dict[str, str]:
    own = examined.painting.matches.get(element, [])
    return {name: value.lower() for name, (value, _) in declared(own, element.get("style", ""), LIGHT.follows).items()}
