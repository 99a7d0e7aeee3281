"""Links that a thumb does not hit."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from xml.etree.ElementTree import Element

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.examined import Examined
from newsletter.preflight.modes import LIGHT
from newsletter.preflight.page import HEADINGS, Page, words
from newsletter.preflight.place import place_of
from newsletter.preflight.targets import height

THUMB = 44  # pixels: what WCAG 2.5.5 and Apple ask of buttons and rows of links
LINE = 24  # what WCAG 2.5.8 asks of all others that stand alone; a headline is as high as its lines
_BLOCKS = frozenset({*HEADINGS, "p", "div", "td", "th", "li", "section", "article", "body"})


def hard_to_hit(examined: Examined) -> Iterator[Finding]:
    """Links that stand alone, as buttons and rows of links do. Those in a sentence are as high as its lines."""
    looks = examined.painting.looks(LIGHT)
    low = []
    for link in examined.page.links:
        look = looks.get(link)
        if look is None or not words(link) or any(each.tag == "img" for each in link.iter()):
            continue
        need = LINE if any(each.tag in HEADINGS for each in examined.page.ancestors(link)) else THUMB
        if _stands_alone(examined.page, link) and (tall := height(examined, link, look.size)) < need:
            low.append((need - tall, tall, need, link))
    if low:
        missing, tall, need, link = max(low, key=lambda each: each[0])
        told = f"the lowest is “{words(link)[:40]}” with {tall:.0f} of {need} px"
        remedy = f"Give it `display:inline-block` and {ceil(missing / 2)}px more padding above and below."
        yield warn(place_of(link), f"Links that are hard to hit with a thumb: {len(low)}, {told}.", remedy)


def _stands_alone(page: Page, link: Element) -> bool:
    """Nothing but other links and separators beside it in its block."""
    block = next((each for each in page.ancestors(link) if each.tag in _BLOCKS), None)
    if block is None:
        return True
    return not any(letter.isalnum() for text in _beside_links(block) for letter in text)


def _beside_links(block: Element) -> Iterator[str]:
    """The texts of a block that are in no link and in no block of their own."""
    waiting: list[Element | str] = [block]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif one is block or (one.tag not in _BLOCKS and one.tag != "a"):
            yield one.text or ""
            for child in one:
                waiting += [child.tail or "", child]
        # what a nested block or a link says is its own
