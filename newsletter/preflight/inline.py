"""What an element's `style` attribute says: the one kind of CSS that every mail client reads."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from newsletter.preflight.colour import Colour
from newsletter.preflight.colour import colour as read
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


def background(element: Element) -> Colour | None:
    """Its own background, from `style` or `bgcolor`; None where it has none, or is seen through."""
    own = declarations(element)
    return colour(own.get("background-color") or own.get("background") or element.get("bgcolor") or "")


def colour(value: str) -> Colour | None:
    """None for what is no colour, or a transparent one."""
    found = read(value.split(" ")[0] if "(" not in value else value) if value else None
    return found if found and found.alpha else None
