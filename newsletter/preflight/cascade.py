"""Which rules of the <style> blocks hold for which element, and what an element's properties are by them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import factorial
from typing import NamedTuple
from xml.etree.ElementTree import Element

from cssselect2 import ElementWrapper, Matcher, SelectorError, compile_selector_list

from newsletter.preflight.colour import colour
from newsletter.preflight.css import Declaration, Rule, inline
from newsletter.preflight.page import Page

# Comparisons of an element with a selector: a second or two. Real messages need a tenth of it.
MOST_WORK = 200_000
LONGEST_SELECTOR = 400
_MARK = re.compile(r"\[data-ogs[bc][^\]]*\]")
_DEEP = 200
_KEYWORDS = frozenset({"inherit", "initial", "unset", "revert", "revert-layer", "currentcolor"})
_ENDLESS = re.compile(r":has\b|~(?!=)")  # selectors that look at a whole tree, or at all siblings, for each element


class Matched(NamedTuple):
    """A rule that holds for an element; in the order in which later ones win."""

    weight: tuple[int, int, int]
    order: int
    rule: Rule


Matches = Mapping[Element, list[Matched]]


def matches(page: Page, rules: Iterable[Rule]) -> Matches:
    """Every element that any rule holds for, with its rules, the strongest last.

    Rules that cannot be read, or cost too much to try, hold for none.
    """
    matcher = Matcher()
    count = _Count(page)
    for rule in rules:
        for selector in _compiled(rule):
            if count.affords(selector, rule.selector):
                matcher.add_selector(selector, rule)
    found: dict[Element, list[Matched]] = {}
    for wrapped in _wrapped(page.root):
        if told := matcher.match(wrapped):
            holding = (
                Matched(_weight(specificity, rule), order, rule)
                for specificity, order, pseudo, rule in told
                if pseudo is None
            )
            found[wrapped.etree_element] = sorted(holding, key=lambda each: each[:2])
    return found


def declared(own: Iterable[Matched], style: str, follows: Callable[[Rule], bool]) -> dict[str, tuple[str, Rule | None]]:
    """The value that wins for each property, and the rule that it is from: None for the element's own `style`."""
    holding = [each.rule for each in own if follows(each.rule)]
    layers: list[tuple[Iterable[Declaration], Rule | None]] = [(rule.declarations, rule) for rule in holding]
    layers.append((inline(style), None))
    values: dict[str, tuple[str, Rule | None]] = {}
    for important in (False, True):
        for declarations, rule in layers:
            for name, value, strong in declarations:
                if strong is important and not _is_nonsense(name, value):
                    values.pop(name, None)  # so that a dictionary's order is that of the cascade
                    values[name] = (value, rule)
    return values


def _is_nonsense(name: str, value: str) -> bool:
    """A colour that is none leaves the one before it standing."""
    return name in ("color", "background-color") and value.lower() not in _KEYWORDS and _names_no_colour(value)


def _names_no_colour(value: str) -> bool:
    return colour(value) is None and "(" not in value


class _Count:
    """How much comparing there is left to do, by how many elements a selector comes into question for."""

    def __init__(self, page: Page) -> None:
        self.left = float(MOST_WORK)
        self.elements = 0
        self.kinds: Counter[str] = Counter()
        for element in page.root.iter():
            self.elements += 1
            self.kinds[str(element.tag)] += 1
            self.kinds.update(f".{name}" for name in element.get("class", "").split())

    def affords(self, selector: object, text: str) -> bool:
        kind = getattr(selector, "class_name", None)
        tag = getattr(selector, "lower_local_name", None)
        candidates = self.kinds[f".{kind}"] if kind else self.kinds[tag] if tag else self.elements
        steps = len(re.findall(r"\s", re.sub(r"\s*([>+,])\s*", r"\1", text.strip())))
        self.left -= candidates * 25.0**steps / factorial(min(steps, 20))
        return self.left > 0


def _compiled(rule: Rule) -> list[object]:
    """A rule for Outlook is read as if its mark stood on every element."""
    if len(rule.selector) > LONGEST_SELECTOR or _ENDLESS.search(rule.selector):
        return []
    try:
        return list(compile_selector_list(_MARK.sub(":is(*)", rule.selector)))
    except (SelectorError, RecursionError, SyntaxError, MemoryError, ValueError):
        return []


def _weight(specificity: tuple[int, int, int], rule: Rule) -> tuple[int, int, int]:
    """The mark that was taken out weighs as much as a class."""
    ids, classes, tags = specificity
    return (ids, classes + rule.for_outlook, tags)


def _wrapped(root: Element) -> Iterable[ElementWrapper]:
    """Every element down to a depth that no message has."""
    waiting = [(ElementWrapper.from_html_root(root), 0)]
    while waiting:
        element, depth = waiting.pop()
        yield element
        if depth < _DEEP:
            waiting += [(child, depth + 1) for child in element.iter_children()]
