"""What an element's `style` attribute says: the one kind of CSS that every mail client reads."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from tinycss2.color4 import parse_color

from newsletter.preflight.css import inline

Colour = tuple[float, float, float]  # red, green, blue: 0 to 1
WHITE: Colour = (1.0, 1.0, 1.0)


def declarations(element: Element) -> dict[str, str]:
    """Property to value, both lower case; the last of a name counts."""
    return {one.name: one.value.lower() for one in inline(element.get("style", ""))}


def background(element: Element) -> Colour | None:
    """Its own background, from `style` or `bgcolor`; None where it has none, or is seen through."""
    own = declarations(element)
    return colour(own.get("background-color") or own.get("background") or element.get("bgcolor") or "")


def colour(value: str) -> Colour | None:
    """None for what is no colour, or a transparent one."""
    parsed = parse_color(value.split(" ")[0] if "(" not in value else value) if value else None
    if parsed is None or not hasattr(parsed, "to"):
        return None
    if parsed.alpha == 0:
        return None
    red, green, blue = (float(part) for part in parsed.to("srgb").coordinates)
    return red, green, blue
