"""Small changes to a copy of a mail's HTML, where they belong: in style sheets, in attributes, in the head."""

from __future__ import annotations

import re
from collections.abc import Callable

Change = Callable[[str], str]

_SHEET = re.compile(r"(<style\b[^>]*>)(.*?)(</style\s*>)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[a-z](?:[^\"'<>]|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_OPENING = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_ROOT = re.compile(r"<html\b", re.IGNORECASE)
_COLOUR_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*(?::\s*(light|dark)\s*)?\)", re.IGNORECASE)
_TYPE_SIZE = re.compile(r"(?<![\w-])(?:font-size|line-height|font)\s*:[^;}]*", re.IGNORECASE)
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px", re.IGNORECASE)
_TRUE, _FALSE = "(min-width:0px)", "(max-width:0px)"


def in_sheets(html: str, change: Change) -> str:
    """Changes what stands in each <style>."""
    return _SHEET.sub(lambda found: found[1] + change(found[2]) + found[3], html)


def in_attribute(html: str, name: str, change: Change) -> str:
    """Changes the values of an attribute, wherever a tag has it."""
    value = re.compile(rf"(\s{name}\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
    return _TAG.sub(lambda tag: value.sub(lambda found: found[1] + change(found[2]), tag[0]), html)


def without_sheets(html: str) -> str:
    return _SHEET.sub("", html)


def at_head(html: str, addition: str) -> str:
    """Puts something at the very beginning of the head, made if there is none."""
    found = _OPENING.search(html)
    if found:
        return html[: found.end()] + addition + html[found.end() :]
    root = re.search(r"<html\b[^>]*>", html, re.IGNORECASE)
    place = root.end() if root else 0
    return f"{html[:place]}<head>{addition}</head>{html[place:]}"


def on_root(html: str, attributes: str) -> str:
    """Gives the <html> element more attributes."""
    return _ROOT.sub(lambda found: f"{found[0]} {attributes}", html, count=1)


def in_scheme(html: str, scheme: str) -> str:
    """As on a screen that prefers that colour scheme (`light` or `dark`), whatever the screen in front of us does."""

    def settled(text: str) -> str:
        return _COLOUR_SCHEME.sub(
            lambda found: _TRUE if found[1] is None or found[1].lower() == scheme else _FALSE, text
        )

    return in_attribute(in_sheets(html, settled), "media", settled)


def with_larger_type(html: str, factor: int) -> str:
    """Every type size and line height so many times as large; boxes stay as they are, as when a reader sets it so."""

    def larger(style: str) -> str:
        return _TYPE_SIZE.sub(lambda found: _PIXELS.sub(lambda size: f"{float(size[1]) * factor:g}px", found[0]), style)

    return in_attribute(in_sheets(html, larger), "style", larger)
