"""The HTML of a message, taken apart as a browser does it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from xml.etree.ElementTree import Element

import tinyhtml5

from newsletter.text.plain import one_line


class Page:
    """`root` is the `html` element; names of tags and attributes are lower case, comments are gone."""

    def __init__(self, html: str) -> None:
        self.root: Element = tinyhtml5.parse(html, namespace_html_elements=False)

    def all(self, *tags: str) -> Iterator[Element]:
        """In the order of the document."""
        return (element for element in self.root.iter() if element.tag in tags)

    @cached_property
    def parents(self) -> dict[Element, Element]:
        return {child: parent for parent in self.root.iter() for child in parent}

    def ancestors(self, element: Element) -> Iterator[Element]:
        """From the nearest outwards, without the element itself."""
        while (parent := self.parents.get(element)) is not None:
            yield parent
            element = parent

    @cached_property
    def said(self) -> str:
        """What somebody hears of the whole message."""
        return " ".join(words(body) for body in self.all("body"))

    @cached_property
    def links(self) -> list[Element]:
        return [element for element in self.all("a") if "href" in element.attrib]


def words(element: Element) -> str:
    """What somebody hears of an element: its text, and the alternative texts of pictures in it."""
    return one_line(" ".join(_spoken(element)))


def _spoken(element: Element) -> Iterator[str]:
    if element.tag in ("style", "script", "title"):
        return
    if element.tag == "img":
        yield element.get("alt", "")
    yield element.text or ""
    for child in element:
        yield from _spoken(child)
        yield child.tail or ""
