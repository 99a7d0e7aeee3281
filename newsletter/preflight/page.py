"""The HTML of a message, taken apart as a browser does it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from xml.etree.ElementTree import Element

import tinyhtml5

from newsletter.text.plain import one_line

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


class Page:
    """`root` is the `html` element; names of tags and attributes are lower case, comments are gone."""

    def __init__(self, html: str) -> None:
        self.root: Element = _without_comments(tinyhtml5.parse(html, namespace_html_elements=False))

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

    @cached_property
    def targets(self) -> list[str]:
        """Where each link leads, as it is written."""
        return [link.get("href", "").strip() for link in self.links]

    @cached_property
    def sources(self) -> list[str]:
        """Where each picture is, as it is written; "" for one that does not say."""
        return [picture.get("src", "").strip() for picture in self.all("img")]


def words(element: Element) -> str:
    """What somebody hears of an element: its text, and the alternative texts of pictures in it."""
    return one_line(" ".join(_spoken(element)))


def _spoken(root: Element) -> Iterator[str]:
    """The texts in their order. Not by recursion: a message may be nested deeper than Python calls."""
    waiting: list[Element | str] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif one.tag not in ("style", "script", "title"):
            yield one.get("alt", "") if one.tag == "img" else ""
            yield one.text or ""
            for child in reversed(one):
                waiting += [child.tail or "", child]


def _without_comments(root: Element) -> Element:
    """Taken out in place; what stood behind one stays."""
    for parent in list(root.iter()):
        before: Element | None = None
        for child in list(parent):
            if not callable(child.tag):  # as ElementTree marks a comment
                before = child
                continue
            parent.remove(child)
            if before is None:
                parent.text = (parent.text or "") + (child.tail or "")
            else:
                before.tail = (before.tail or "") + (child.tail or "")
    return root
