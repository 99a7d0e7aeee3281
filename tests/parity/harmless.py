"""Where our compiler and MJML's own differ and no reader can see it. docs/mjml.md tells of each, by its name here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Element:
    """A tag being compared; `attributes` without style and class."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    style: dict[str, str] = field(default_factory=dict)


def _word_spacing(element: Element) -> None:
    if element.attributes.get("role") == "article" or element.name == "body":
        element.style.pop("word-spacing", None)


def _body_class(element: Element) -> None:
    if element.attributes.get("role") == "article" or element.name == "body":
        element.classes.clear()


def _vertical_align(element: Element) -> None:
    if element.name == "td":
        element.attributes.pop("vertical-align", None)


def _empty_alt(element: Element) -> None:
    if element.name == "img" and not element.attributes.get("alt"):
        element.attributes.pop("alt", None)


def _icon_border(element: Element) -> None:
    if element.name == "img" and element.style.get("border") in ("0", "none"):
        element.style.pop("border")


def _separate_borders(element: Element) -> None:
    if element.style.get("border-collapse") == "separate":
        element.style.pop("border-collapse")


def _half_pixels(element: Element) -> None:
    for place in (element.style, element.attributes):
        if "width" in place:
            place["width"] = _HALF.sub(lambda found: f"{int(float(found[0]) + 0.5)}", place["width"])
    if element.style.get("width", "").endswith("%"):
        element.style["width"] = _rounded(element.style["width"])


def _unit_of_nought(element: Element) -> None:
    for name in [name for name in element.style if name.startswith("padding")]:
        element.style[name] = _NOUGHT.sub("0", element.style[name])


def _pixel_attribute(element: Element) -> None:
    if element.name == "table" and element.attributes.get("width", "").endswith("px"):
        element.attributes["width"] = element.attributes["width"].removesuffix("px")


def _image_title(element: Element) -> None:
    if element.name in ("a", "img"):
        element.attributes.pop("title", None)


def _outlook_classes(element: Element) -> None:
    if element.classes and element.classes[-1].endswith("-outlook"):
        element.classes[:] = [name.removesuffix("-outlook") for name in element.classes]


def _long_fractions(element: Element) -> None:
    element.classes[:] = [_CLASS.sub(r"\1", name) for name in element.classes]


_NOUGHT = re.compile(r"\b0px\b")
_HALF = re.compile(r"^\d+\.\d+(?=px$|$)")
_CLASS = re.compile(r"(?<=per-)(\d+-\d{3})\d+")

ELEMENTS: dict[str, Callable[[Element], None]] = {
    "word-spacing": _word_spacing,
    "the class of mj-body": _body_class,
    "vertical-align as an attribute": _vertical_align,
    "an empty alt": _empty_alt,
    "an icon's border": _icon_border,
    "border-collapse": _separate_borders,
    "half pixels": _half_pixels,
    "the unit of a nought": _unit_of_nought,
    "px in an attribute": _pixel_attribute,
    "the title of a linked picture": _image_title,
    "Outlook's classes": _outlook_classes,
    "long fractions": _long_fractions,
}


def _rounded(text: str) -> str:
    return re.sub(r"\d+\.\d{4,}", lambda found: f"{float(found[0]):.3f}", text)


def same_rule(rule: str) -> str | None:
    """A rule of a style sheet as it is compared; None where only one compiler writes it, and none needs it."""
    if "mj-accordion-" in rule or ("yahoo" in rule and "mj-carousel" in rule):
        return None  # "the rules of accordion and carousel"
    return _CLASS.sub(r"\1", _rounded(rule))
