"""What an attribute of MJML may say. The compiler takes anything, and is silent about what it cannot use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tinycss2.color4 import parse_color

from newsletter.text.mjml_padding import RECKONED

_SHORT_COLOUR = re.compile(r"#[0-9A-Fa-f]{3}\b")
_NUMBER = re.compile(r"(-?(?:\d+\.?\d*|\.\d+))(.*)")
_PIXELS = re.compile(r"\d+px")

_LEFT_RIGHT = "left center right"
_CHOICES = {
    "align": _LEFT_RIGHT,
    "text-align": _LEFT_RIGHT,
    "ico-align": _LEFT_RIGHT,
    "icon-align": "top middle bottom",
    "vertical-align": "top middle bottom",
    "icon-position": "left right",
    "direction": "ltr rtl",
    "background-repeat": "repeat no-repeat",
    "full-width": "full-width",
    "fluid-on-mobile": "true false",
    "hamburger": "hamburger",
    "position": "file-start",
    "thumbnails": "visible hidden",
    "table-layout": "auto fixed initial inherit",
    "owa": "desktop",
}
_CHOICES_OF = {
    ("mj-text", "align"): "left center right justify",
    ("mj-social", "table-layout"): "auto fixed",
    ("mj-social", "mode"): "horizontal vertical",
    ("mj-hero", "mode"): "fixed-height",
}
# Instead of a number with a unit these may say a word.
_WORDS_OF = {("mj-image", "height"): "auto", ("mj-table", "width"): "auto"}
_FACTORS = ("line-height", "ico-line-height")  # a number without a unit is right in these
_WHOLE = ("width", "height", "tb-width", "icon-size", "icon-width")
_WIDTHS = ("width", "tb-width")  # a 0 without a unit is not seen in these
_UNITS = {
    **dict.fromkeys(["font-size", "border-width", "gap"], "px"),
    **dict.fromkeys(["width", "height", "max-height", "background-width", "background-height", "tb-width"], "px %"),
    **dict.fromkeys(["icon-size", "icon-height", "icon-width", "ico-font-size"], "px %"),
    "letter-spacing": "px em",
    **dict.fromkeys(["line-height", "ico-line-height"], "px %"),
}
_UNITS_OF = {
    ("mj-body", "width"): "px",
    ("mj-breakpoint", "width"): "px",
    ("mj-image", "width"): "px",
    ("mj-hero", "height"): "px",
    ("mj-carousel", "tb-width"): "px",
}


def faults(component: str, attribute: str, value: str) -> Iterator[str]:
    """Reason and remedy of what is wrong with a literal value, nothing when it is right."""
    if _SHORT_COLOUR.search(value):
        yield "Outlook needs all six digits of a colour."
    elif attribute.endswith("color") and parse_color(value) is None:
        yield "that is no colour. Write six digits: #1c1e21."
    elif choices := _CHOICES_OF.get((component, attribute)) or _CHOICES.get(attribute):
        if value not in choices.split():
            yield f"it can say {' or '.join(choices.split())}."
    elif "padding" in attribute and attribute != "cellpadding":
        yield from _padding(component, attribute, value)
    elif units := _UNITS_OF.get((component, attribute)) or _UNITS.get(attribute):
        factor = attribute in _FACTORS and value.replace(".", "", 1).isdigit()
        nothing = value == "0" and attribute not in _WIDTHS
        if not factor and not nothing and value != _WORDS_OF.get((component, attribute)):
            yield from _length(value, units)
        if attribute in _WHOLE and "." in value and value.endswith("px"):
            yield "Outlook counts whole pixels."
    elif attribute == "css-class" and re.search(r"[.,#]", value):
        yield "class names stand there as they are, with a space between them."
    elif attribute == "mj-class" and len(value.split()) > 1:
        yield "where two classes say the same thing the first wins here, and the last in MJML's own. Make one class."
    elif attribute in ("cellpadding", "cellspacing") and not value.isdigit():
        yield "it is a number without a unit."


def _length(value: str, units: str) -> Iterator[str]:
    found = _NUMBER.fullmatch(value)
    if not found or found[2] not in units.split():
        yield f"it needs a number with {' or '.join(units.split())}."


def _padding(component: str, attribute: str, value: str) -> Iterator[str]:
    parts = value.split()
    most = 4 if attribute.endswith("padding") else 1
    if not 1 <= len(parts) <= most:
        yield "it is one number." if most == 1 else "it is one number, or up to four with a space between them."
    elif component not in RECKONED:
        for part in parts:
            yield from _length(part, "px %") if part != "0" else ()
    elif not all(part == "0" or _PIXELS.fullmatch(part) for part in parts):
        yield "it needs whole numbers with px; anything else is left out when widths are reckoned."
