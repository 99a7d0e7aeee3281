"""What a reader sees of a message's texts: their colour, what is behind them, how big they are, in each mode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from newsletter.preflight.cascade import Matches, declared, matches
from newsletter.preflight.colour import BLACK, WHITE, Colour, Pair, colour, legacy, over
from newsletter.preflight.css import Rule
from newsletter.preflight.modes import DARK, Mode
from newsletter.preflight.page import Page
from newsletter.preflight.properties import background, hides
from newsletter.preflight.sizes import font_size, is_bold

# What a browser takes where a message says nothing, in light and (True) in dark.
_PAPER = {False: WHITE, True: Colour(18 / 255, 18 / 255, 18 / 255)}
_INK = {False: BLACK, True: WHITE}
_LINK = {False: Colour(0, 0, 238 / 255), True: Colour(158 / 255, 158 / 255, 1)}
_HEADINGS = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67}  # times the size around them
_BOLD_TAGS = frozenset({"b", "strong", "th", *_HEADINGS})
_UNSEEN_TAGS = frozenset({"head", "style", "script", "title", "noscript", "template", "select", "textarea"})
_PICTURE = re.compile(r"url\(|gradient\(|image\(|image-set\(", re.IGNORECASE)
_TELLING = ("style", "bgcolor", "background", "color")  # attributes that an element's look hangs on
_COLOURS = frozenset({"color", "background-color", "background-image", "background"})


@dataclass(frozen=True, slots=True)
class Look:
    """How an element's texts look. `text` and `ground` as written, `shown` as painted; None: a picture is behind it.

    `size` in pixels.
    """

    text: Colour
    ground: Colour
    shown: Pair | None
    size: float
    bold: bool
    seen: bool = True

    @property
    def is_large(self) -> bool:
        """WCAG's word for 24 px, or 18.66 px in bold."""
        return self.size >= 24 or (self.bold and self.size >= 18.66)


@dataclass(frozen=True, slots=True)
class Written:
    """A text, the element that it stands in, and whether it is seen only where pictures are not."""

    text: str
    element: Element
    instead: bool = False


class Painting:
    """A page, and what its <style> blocks do to it."""

    def __init__(self, page: Page, rules: tuple[Rule, ...]) -> None:
        self.page = page
        self.matches: Matches = matches(page, rules)
        self._knows_dark = _knows_dark(page, rules)
        self._looks: dict[str, dict[Element, Look]] = {}

    def looks(self, mode: Mode) -> dict[Element, Look]:
        """Of every element that is shown at all, in the order of the document."""
        if mode.name not in self._looks:
            self._looks[mode.name] = self._looked(mode)
        return self._looks[mode.name]

    def _looked(self, mode: Mode) -> dict[Element, Look]:
        dark = mode is DARK and self._knows_dark
        paper, ink = _PAPER[dark], _INK[dark]
        root = Look(ink, paper, (mode.text(ink), mode.ground(paper)), 16.0, False)
        found: dict[Element, Look] = {}
        known: dict[tuple[object, ...], Look] = {}  # equal elements in equal places look equal; `known` keeps the ids
        waiting = [(self.page.root, root)]
        while waiting:
            element, around = waiting.pop()
            if element.tag in _UNSEEN_TAGS or "hidden" in element.attrib:
                continue
            own = self.matches.get(element, [])
            told = (*map(element.get, _TELLING), "href" in element.attrib)
            key = (id(around), element.tag, *told, *(each.order for each in own))
            if (look := known.get(key)) is None:
                look = known[key] = self._look(element, around, mode, dark)
            if look.seen:
                found[element] = look
                waiting += [(child, look) for child in reversed(element)]
        return found

    def _look(self, element: Element, around: Look, mode: Mode, dark: bool) -> Look:
        told = declared(self.matches.get(element, []), element.get("style", ""), mode.follows)
        values = {name: value.lower() for name, (value, _) in told.items()}
        if hides(values):
            return replace(around, seen=False)
        kept = {name for name, (_, rule) in told.items() if name in _COLOURS and rule and rule.for_outlook}
        text, shown_text = self._text(element, around, values, mode, dark, "color" in kept)
        ground, shown_ground = _ground(element, around, values, mode, bool(kept - {"color"}))
        size = font_size(values, around.size * _HEADINGS.get(str(element.tag), 1.0), around.size)
        bold = is_bold(values, around.bold or element.tag in _BOLD_TAGS)
        return Look(text, ground, (shown_text, shown_ground) if shown_ground else None, size, bold)

    def _text(
        self, element: Element, around: Look, values: dict[str, str], mode: Mode, dark: bool, kept: bool
    ) -> tuple[Colour, Colour]:
        """The text's colour as written and as painted."""
        own = colour(values.get("color", ""))
        if own is None and element.tag == "font":
            own = legacy(element.get("color", ""))
        if own is None and element.tag == "a" and "href" in element.attrib and values.get("color") != "inherit":
            own = _LINK[dark]
        if own is None:
            return around.text, around.shown[0] if around.shown else mode.text(around.text)
        return own, own if kept else mode.text(own)


def texts(page: Page) -> Iterator[Written]:
    """Every text with a letter or digit in it, in the order of the document, alternative texts among them."""
    waiting: list[tuple[Element, str | None]] = [(page.root, None)]
    while waiting:
        element, tail = waiting.pop()
        if tail is not None:
            yield from _written(tail, element)
            continue
        yield from _written(element.text, element)
        if element.tag == "img":
            yield from (replace(each, instead=True) for each in _written(element.get("alt"), element))
        for child in reversed(element):
            waiting += [(element, child.tail or ""), (child, None)]


def _written(text: str | None, element: Element) -> Iterator[Written]:
    if text and any(letter.isalnum() for letter in text):
        yield Written(" ".join(text.split()), element)


def _ground(
    element: Element, around: Look, values: dict[str, str], mode: Mode, kept: bool
) -> tuple[Colour, Colour | None]:
    """What is behind an element's texts, as written and as painted; None when that is a picture."""
    own = background(element, values)
    pictured = _has_picture(element, values)
    behind = around.shown[1] if around.shown else None
    if own.alpha == 0:
        return around.ground, None if pictured else behind
    painted = own if kept else mode.ground(own)
    if own.alpha < 1 and behind is None:
        return around.ground, None
    shown = over(painted, behind or WHITE)
    return over(own, around.ground), None if pictured else shown


def _has_picture(element: Element, values: dict[str, str]) -> bool:
    drawn = values.get("background-image", "") + values.get("background", "")
    return bool(_PICTURE.search(drawn)) or bool(element.get("background", "").strip())


def _knows_dark(page: Page, rules: tuple[Rule, ...]) -> bool:
    """Whether the message says that it has a dark side: only then is the paper below it dark."""
    metas = [meta.get("content", "") for meta in page.all("meta") if meta.get("name", "").lower() == "color-scheme"]
    told = [each.value for rule in rules for each in rule.declarations if each.name == "color-scheme"]
    return any("dark" in each for each in (*metas, *told))
