"""Titles as plain text, whatever a source wrote in them."""

from __future__ import annotations

import html
import re

from newsletter.text.plain import one_line

MOST = 1000  # characters; nothing longer is a title

_PAIRED = re.compile(
    "abbr|acronym|b|bd[io]|big|center|cite|code|del|dfn|div|em|font|h[1-6]|i|ins|kbd|mark|p|pre|q|s|samp|small|span|"
    "strike|strong|sub|sup|time|tt|u|var"
)
_VOID = frozenset({"br", "hr", "img", "wbr"})
_NEEDS_ATTRIBUTES = frozenset({"a", "font", "img"})
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(\s[^<>]*|/)?>")
_HIDDEN = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def plain_title(text: str) -> str:
    """A title as a reader sees it: one line, markup gone, entities decoded, nothing invisible.

    Only real markup goes: `<em>x</em>` loses its tags, `List<String>` and "the <video> element" stay.
    """
    text = text[: 10 * MOST]
    if "<" in text:
        text = _without_tags(_HIDDEN.sub(" ", text))
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    line = one_line(text)
    return line if len(line) <= MOST else line[: MOST - 1].rstrip() + "…"


def _without_tags(text: str) -> str:
    tags = list(_TAG.finditer(text))
    doomed = {index for index, tag in enumerate(tags) if _stands_alone(tag)} | _pairs(tags)
    pieces, position = [], 0
    for index, tag in enumerate(tags):
        if index in doomed:
            gap = " " if tag[2].lower() in ("br", "hr", "p", "div") else ""
            pieces += [text[position : tag.start()], gap]
            position = tag.end()
    return "".join([*pieces, text[position:]])


def _stands_alone(tag: re.Match[str]) -> bool:
    """A void tag, or an opening one with attributes: nobody writes `<a href="…">` to speak of it."""
    name, inside = tag[2].lower(), tag[3] or ""
    if name in _VOID:
        return name not in _NEEDS_ATTRIBUTES or "=" in inside
    return not tag[1] and "=" in inside and _known(name)


def _pairs(tags: list[re.Match[str]]) -> set[int]:
    """The numbers of opening tags that are closed later, and of what closes them."""
    found: set[int] = set()
    open_at: dict[str, list[int]] = {}
    for index, tag in enumerate(tags):
        name = tag[2].lower()
        if not _known(name):
            continue
        if not tag[1]:
            open_at.setdefault(name, []).append(index)
        elif open_at.get(name):
            start = open_at[name].pop()
            if name not in _NEEDS_ATTRIBUTES or "=" in (tags[start][3] or ""):
                found |= {start, index}
    return found


def _known(name: str) -> bool:
    return name in _NEEDS_ATTRIBUTES or bool(_PAIRED.fullmatch(name))
