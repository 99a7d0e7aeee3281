"""Which features a message uses: each as a row of the support table, with whether the layout hangs on it.

What stands in tags, attributes and `style` attributes and sizes, places or colours a box bears the layout: without it
the message falls apart. What stands in <style> blocks, rounds a corner or spaces letters merely improves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from newsletter.preflight import css_features, html_features
from newsletter.preflight.css import Sheet, inline
from newsletter.preflight.page import Page
from newsletter.preflight.properties import declarations
from newsletter.preflight.support import Row, table

_PICTURES = {"jpg": "jpg", "jpeg": "jpg", "svg": "svg", "tif": "tiff", "heic": "heif"}  # others are named as they end
_OUTSIDE = frozenset({"html", "head", "body", "meta", "title", "style", "script", "link"})


@dataclass(frozen=True, slots=True)
class Use:
    """`where` is None for what stands in a <style> block."""

    row: Row
    bears: bool
    where: Element | None = None


def used(page: Page, sheet: Sheet) -> Iterator[Use]:
    """Every use of a feature that the table knows, in the order of the message; <style> blocks last."""
    rows = table().rows
    for element, hidden in _visible(page.root):
        for key, bears in _of(element):
            if key in rows:
                yield Use(rows[key], bears and not hidden, element)
    for key in css_features.of_sheet(sheet):
        if key in rows:
            yield Use(rows[key], False)


def _visible(root: Element) -> Iterator[tuple[Element, bool]]:
    """Each element, and whether it or something around it is hidden on purpose, as a preheader is."""
    waiting = [(root, False)]
    while waiting:
        element, hidden = waiting.pop()
        hidden = hidden or declarations(element).get("display") == "none"
        yield element, hidden
        waiting += [(child, hidden) for child in reversed(element)]


def _of(element: Element) -> Iterator[tuple[str, bool]]:
    yield from html_features.of_tag(element)
    if element.tag not in _OUTSIDE:
        yield from html_features.of_attributes(element)
        yield from css_features.of_inline(element, inline(element.get("style", "")))
    if element.tag == "img":
        yield from _picture(element.get("src", ""))


def _picture(source: str) -> Iterator[tuple[str, bool]]:
    if source.strip().lower().startswith("data:"):
        yield "image-base64", True
        return
    try:
        ending = urlsplit(source).path.rpartition(".")[2].lower()
    except ValueError:
        return
    yield f"image-{_PICTURES.get(ending, ending)}", True
