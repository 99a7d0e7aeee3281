"""Tags and attributes as rows of the support table, each with whether the layout hangs on it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from newsletter.preflight.page import HEADINGS

_HEADINGS = dict.fromkeys(HEADINGS, "html-h1-h6")
_SECTIONS = ("article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "mark", "nav")
_SEMANTIC = dict.fromkeys((*_SECTIONS, "section", "summary", "time"), "html-semantics")
_TAGS = {**_HEADINGS, **_SEMANTIC, "map": "html-image-maps", "style": "html-style", "link": "html-link"}
_INPUTS = ("checkbox", "hidden", "radio", "reset", "submit")
# Where a program does not know these, what is in them, or beside them, is still there.
_FALL_BACK = frozenset(
    {*_SEMANTIC, "abbr", "acronym", "audio", "bdi", "code", "del", "dfn", "object", "picture", "rp", "rt", "ruby"}
    | {"small", "strike", "style", "link", "video", "wbr"}
)
_SKIPPED = frozenset({"body", "base"})  # every message has a body, and none hangs on it; `base` is judged elsewhere
_BEARING = frozenset({"align", "cellpadding", "cellspacing", "dir", "height", "lang", "role", "valign", "width"})
_IMPROVING = ("aria-describedby", "aria-hidden", "aria-label", "aria-labelledby", "background", "hidden", "loading")
_ATTRIBUTES = frozenset({*_BEARING, *_IMPROVING, "popover", "srcset", "target"})


def of_tag(element: Element) -> Iterator[tuple[str, bool]]:
    tag = str(element.tag).rpartition("}")[2]  # an <svg> comes with its namespace
    if tag in _SKIPPED:
        return
    if tag in ("ul", "ol", "dl"):
        plain = "reversed" not in element.attrib and not any("value" in item.attrib for item in element)
        yield "html-lists/plain" if plain else "html-lists", True
    elif tag == "input":
        kind = element.get("type", "text").lower()
        yield f"html-input-{kind if kind in _INPUTS else 'text'}", True
    elif tag == "button":
        yield f"html-button-{'reset' if element.get('type') == 'reset' else 'submit'}", True
    else:
        yield _TAGS.get(tag, f"html-{tag}"), tag not in _FALL_BACK


def of_attributes(element: Element) -> Iterator[tuple[str, bool]]:
    for name in element.attrib:
        if name in _ATTRIBUTES:
            yield _narrowed(element, name), name in _BEARING


def _narrowed(element: Element, name: str) -> str:
    """The attribute as it is used here: where a program's limits do not touch this use, the row that says so."""
    tag, value = element.tag, element.get(name, "").strip().lower()
    if name in ("width", "height") and not (tag == "img" and value.endswith("%")):
        return f"html-{name}/pixels"
    if name == "align" and tag != "img" and not (tag == "table" and value in ("left", "right")):
        return "html-align/plain"
    if name == "dir" and tag not in ("a", "table", "td"):
        return "html-dir/block"
    if name == "lang" and tag != "td":
        return "html-lang/block"
    if name == "role" and tag == "table":
        return "html-role/table"
    return f"html-{name}"
