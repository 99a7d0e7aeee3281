"""Declarations, selectors and at-rules as rows of the support table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from newsletter.preflight.css import Declaration, Sheet
from newsletter.preflight.sizes import pixels

_SIDES = re.compile(r"^(padding|margin|border)-(?:top|right|bottom|left)(?:-(?:width|style|color))?$")
_ALIASES = {
    **dict.fromkeys(("left", "right", "top", "bottom"), "left-right-top-bottom"),
    **dict.fromkeys(("border-width", "border-style", "border-color"), "border"),
    **dict.fromkeys(("column-gap", "row-gap"), "gap"),
    **dict.fromkeys(("grid-template-columns", "grid-template-rows", "grid-template-areas"), "grid-template"),
}
# Without these a box has another size, place or ground; `color` is no row of the table: everybody knows it.
_PLACED = "clear direction display float inset left-right-top-bottom position text-align transform vertical-align"
_SIZED = "font font-size height line-height max-width min-height min-width width border box-sizing margin padding"
_LAID_OUT = "align-items column-count columns flex-direction flex-wrap gap grid-template justify-content table-layout"
_PAINTED = "background background-color background-image list-style writing-mode"
BEARING = frozenset(" ".join((_PLACED, _SIZED, _LAID_OUT, _PAINTED)).split())
_TABLE_PARTS = frozenset({"table", "td", "th", "tr"})
_CSS2 = frozenset({"block", "inline", "inline-block", "list-item", "inline-table"})
_FUNCTIONS = {
    **dict.fromkeys(("lab", "lch", "oklab", "oklch"), "css-modern-color"),
    **{name: f"css-function-{name}" for name in ("min", "max", "clamp", "light-dark")},
    **{name: f"css-{name}" for name in ("linear-gradient", "radial-gradient", "conic-gradient")},
    "calc": "css-unit-calc",
    "var": "css-variables",
}
_FUNCTION = re.compile(r"([a-z-]+)\(")
_UNIT = re.compile(r"(?<![\w#-])[+-]?(?:\d+\.?\d*|\.\d+)(%|[a-z]+)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|url\([^)]*\)")
_PSEUDO = re.compile(r"(::?)([a-z-]+)")
_AT_RULES = {"import": "css-at-import", "font-face": "css-at-font-face", "supports": "css-at-supports"}
_MEDIA = {
    "prefers-color-scheme": "css-at-media-prefers-color-scheme",
    "prefers-reduced-motion": "css-at-media-prefers-reduced-motion",
    "orientation": "css-at-media-orientation",
    "hover": "css-at-media-hover",
    "device-pixel-ratio": "css-at-media-device-pixel-ratio",
}


def of_inline(element: Element, declarations: tuple[Declaration, ...]) -> Iterator[tuple[str, bool]]:
    """The rows of a `style` attribute, each with whether the layout hangs on it."""
    has_ground = any(each.name.startswith("background") for each in declarations)
    for each in declarations:
        name, value = family(each.name), each.value.lower()
        if value == "none" and name == "display":
            yield "css-display-none", False
            continue
        yield _narrowed(str(element.tag), name, value, has_ground), name in BEARING
        for key in _of_value(value):
            yield key, name in BEARING or name == "color"


def of_sheet(sheet: Sheet) -> Iterator[str]:
    """The rows of the <style> blocks: selectors, at-rules, properties and values."""
    for name, prelude in sheet.at_rules:
        if name == "media":
            yield "css-at-media"
            yield from (key for word, key in _MEDIA.items() if word in prelude.lower())
        else:
            yield _AT_RULES.get(name, f"css-at-{name}")
    for rule in sheet.rules:
        yield from _of_selector(rule.selector)
        for each in rule.declarations:
            yield f"css-{family(each.name)}"
            yield from _of_value(each.value.lower())
            if each.important:
                yield "css-important"


def family(name: str) -> str:
    """`padding` of `padding-left`: the property that the table has a row for."""
    if sided := _SIDES.match(name):
        return sided[1]
    return "border-radius" if re.fullmatch(r"border-\w+-\w+-radius", name) else _ALIASES.get(name, name)


def _of_selector(selector: str) -> Iterator[str]:
    marks = {".": "class", "#": "id", "[": "attribute", ">": "child", "+": "adjacent-sibling", "~": "general-sibling"}
    yield from (f"css-selector-{name}" for mark, name in marks.items() if mark in selector)
    if re.search(r"[\w\])*]\s+[\w.\[#*]", selector):
        yield "css-selector-descendant"
    yield from (
        f"css-pseudo-{'element' if len(colons) == 2 else 'class'}-{name}" for colons, name in _PSEUDO.findall(selector)
    )


def _of_value(value: str) -> Iterator[str]:
    bare = _QUOTED.sub("", value)
    for name in _FUNCTION.findall(bare):
        if name in ("rgb", "rgba"):
            yield f"css-{name}" if name == "rgba" or "," not in bare else "css-rgb/commas"
        elif name in _FUNCTIONS:
            yield _FUNCTIONS[name]
    yield from (f"css-unit-{'percent' if unit == '%' else unit}" for unit in _UNIT.findall(bare))
    if value in ("fit-content", "min-content", "max-content"):
        yield "css-intrinsic-size"


def _narrowed(tag: str, name: str, value: str, has_ground: bool) -> str:
    """The property as it is used here: where a program's limits do not touch this use, the row that says so."""
    words = value.split()
    match name:
        case "margin" if "auto" in words and tag not in ("span", "body"):
            return "css-margin/auto"
        case "margin" if not any(word.startswith("-") for word in words) and tag not in ("span", "body"):
            return "css-margin/plain" if not has_ground else "css-margin/auto"
        case "display" if value in _CSS2 or value.startswith("table"):
            return "css-display/box"
        case "display" if value in ("flex", "grid"):
            return f"css-display-{value}"
        case "border" if tag in _TABLE_PARTS | {"img"} and _at_most(words, 8):
            return "css-border/cell"
        case "border" if _at_most(words, 8):
            return "css-border/thin"
        case "text-align":
            return "css-text-align/flow" if value in ("start", "end") else "css-text-align/plain"
        case "font-size" if not value.endswith(("rem", "%", "er")):
            return "css-font-size/fixed"
        case "font-weight" if re.fullmatch(r"[1-9]00|bold|normal", value):
            return "css-font-weight/hundreds"
        case "background" if "url(" not in value and "gradient(" not in value:
            return "css-background/colour"
        case "text-decoration" if len(words) == 1 and value != "overline":
            return "css-text-decoration/one"
        case "letter-spacing" if not re.match(r"-(?:[1-9]|0?\.[1-9])", value):
            return "css-letter-spacing/small"
        case "line-height" if value != "normal":
            return "css-line-height/set"
        case "width" | "height" | "padding" if tag in _TABLE_PARTS:
            return f"css-{name}/cell"
        case "max-width" if tag == "table":
            return "css-max-width/table"
    return _PLAIN.get(name, f"css-{name}") if "url(" not in value and "/" not in value else f"css-{name}"


_PLAIN = {
    "border-radius": "css-border-radius/plain",
    "float": "css-float/plain",
    "list-style": "css-list-style/type",
    "overflow": "css-overflow/plain",
    "text-transform": "css-text-transform/plain",
    "white-space": "css-white-space/wrap",
}


def _at_most(words: list[str], limit: float) -> bool:
    return all((pixels(word) or 0) <= limit for word in words)
