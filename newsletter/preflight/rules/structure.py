"""What a screen reader finds its way by: language, title, headings, lists, and tables that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import first_of
from newsletter.preflight.page import HEADINGS, words
from newsletter.preflight.place import first_words, place_of
from newsletter.preflight.properties import declarations, hides

_DATA = frozenset({"th", "caption", "thead"})  # what only a table of data has
_BULLET = re.compile(r"^\s*(?:[•‣◦▪●*–-]|\d{1,2}[.)])\s+\S")
_TRIES_A_LIST = 3  # lines in a row that begin with a bullet


def no_language(examined: Examined) -> Iterator[Finding]:
    """On `html`, and on the body's child: webmail takes html and body away."""
    page = examined.page
    places = [page.root, *(child for child in _body(examined) if words(child) and not hides(declarations(child)))]
    for name, use in (("lang", "a voice reads it in the wrong language"), ("dir", "it may run the wrong way")):
        without = [place for place in places if not place.get(name, "").strip() or place.get(name) == "und"]
        if without and examined.html:
            reason = f"`{name}` is missing on {_where(without[0])}: {use}."
            yield warn(_where(without[0]), reason, "Set it on `html` and on what stands in `body`.")


def no_title(examined: Examined) -> Iterator[Finding]:
    if examined.html and not any((title.text or "").strip() for title in examined.page.all("title")):
        yield warn("<title>", "The HTML has no title; a browser's tab and a voice say nothing.", "Give it the subject.")


def no_colour_scheme(examined: Examined) -> Iterator[Finding]:
    """Without it Apple Mail darkens by itself and does not look at our dark colours."""
    names = {meta.get("name", "").lower() for meta in examined.page.all("meta")}
    if examined.html and "color-scheme" not in names:
        reason = 'There is no <meta name="color-scheme">; dark colours of our own may not be used.'
        yield warn("<head>", reason, 'Add <meta name="color-scheme" content="light dark">.')


def headings(examined: Examined) -> Iterator[Finding]:
    """One h1, no level left out on the way down, none empty."""
    found = [(int(str(each.tag)[1]), each) for each in examined.page.all(*HEADINGS)]
    tops = [each for level, each in found if level == 1]
    if examined.html and len(tops) != 1:
        told = "no h1" if not tops else f"{len(tops)} h1"
        where = place_of(tops[1]) if tops else "HTML"
        yield warn(where, f"The message has {told}; it needs one.", "Make the newsletter's name the only h1.")
    before = 0
    for level, each in found:
        if level > before + 1 and before:
            reason = f"After h{before} comes h{level}: whoever moves from heading to heading misses a level."
            yield warn(place_of(each), reason, f"Make it h{before + 1}.")
        before = level
    if empty := [each for _, each in found if not words(each)]:
        yield warn(place_of(empty[0]), f"Empty headings: {len(empty)}.", "Take them out.")


def tables_of_layout(examined: Examined) -> Iterator[Finding]:
    """Without role="presentation" a voice counts rows and columns."""
    without = [
        table
        for table in examined.page.all("table")
        if table.get("role") not in ("presentation", "none") and not any(each.tag in _DATA for each in table.iter())
    ]
    if without:
        reason = f'Tables of the layout without role="presentation": {len(without)}.'
        yield warn(place_of(without[0]), reason, "Give each of them one; a table of data needs `th`.")


def lists(examined: Examined) -> Iterator[Finding]:
    """Items stand in lists, and what looks like a list is one."""
    parents = examined.page.parents
    stray = [item for item in examined.page.all("li") if parents[item].tag not in ("ul", "ol", "menu")]
    if stray:
        yield warn(place_of(stray[0]), f"`li` outside of a list: {len(stray)}.", "Put `ul` or `ol` around them.")
    for parent in examined.page.root.iter():
        run: list[Element] = []
        for child in parent:
            run = (
                [*run[-_TRIES_A_LIST:], child]
                if child.tag in ("p", "div") and _BULLET.match(first_words(child))
                else []
            )
            if len(run) == _TRIES_A_LIST:
                reason = f"Lines with bullets that are no list: {first_of([first_words(run[0])])}."
                yield warn(place_of(run[0]), reason, "Make it `ul` with `li`.")


def _body(examined: Examined) -> Element:
    return next(examined.page.all("body"), examined.page.root)


def _where(element: Element) -> str:
    return "<html>" if element.tag == "html" else place_of(element)
