"""The unsubscribe link: it is there, and whoever wants to leave can see it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from newsletter.domain.finding import Finding, block, warn
from newsletter.preflight.colour import WHITE, Colour, colour
from newsletter.preflight.examined import Examined
from newsletter.preflight.page import words
from newsletter.preflight.properties import background, declarations, hides
from newsletter.preflight.sizes import pixels

_REMEDY = "Show it in the footer: {{ slot('unsubscribe_url') }} in a link with words, in a colour that can be read."
_TINY = 4.0  # px and less is not meant to be read
_NEAR = 0.12  # of each colour's part: nobody sees that difference


def hidden_way_out(examined: Examined) -> Iterator[Finding]:
    """What `style` attributes say, for they hold in every client. One link that can be seen is enough."""
    links = [link for link in examined.page.links if link.get("href") == examined.way_out]
    if not examined.way_out or not links:
        return  # `no_way_out` says so
    if not any(words(link) for link in links):
        yield block("HTML", "The unsubscribe link has no words.", _REMEDY)
    elif all(_is_hidden(examined, link) for link in links):
        yield block("HTML", "The unsubscribe link is hidden: nobody can see it.", _REMEDY)
    elif all(_is_hidden(examined, link) or _melts_away(examined, link) for link in links):
        yield warn("HTML", "The unsubscribe link has the colour of what is behind it.", _REMEDY)


def _is_hidden(examined: Examined, link: Element) -> bool:
    chain = [link, *examined.page.ancestors(link)]
    sizes = [declarations(element).get("font-size", "") for element in chain]
    size = next((size for size in sizes if size), "")
    return _is_tiny(size) or any(_hides(element) for element in chain)


def _hides(element: Element) -> bool:
    own = declarations(element)
    return "hidden" in element.attrib or own.get("mso-hide") == "all" or hides(own)


def _is_tiny(size: str) -> bool:
    found = pixels(size, whole=16.0)
    return found is not None and found <= _TINY


def _melts_away(examined: Examined, link: Element) -> bool:
    chain = [link, *examined.page.ancestors(link)]
    looks = [(element, declarations(element)) for element in chain]
    ink = next((one for _, own in looks if (one := colour(own.get("color", ""))) and one.alpha), None)
    behind = next((one for element, own in looks if (one := background(element, own)).alpha), WHITE)
    return ink is not None and _are_near(ink, behind)


def _are_near(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one[:3], other[:3], strict=True))
