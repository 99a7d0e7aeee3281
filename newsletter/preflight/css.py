"""The CSS of a message, taken apart: `style` attributes and <style> blocks. What cannot be read is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

import tinycss2

DEEPEST = 8  # at-rules within at-rules
OUTLOOK_MARK = "[data-ogs"  # Outlook's own dark mode puts data-ogsc and data-ogsb where it changed a colour


class Declaration(NamedTuple):
    """`name` in lower case, `value` as it was written."""

    name: str
    value: str
    important: bool


@dataclass(frozen=True)
class Rule:
    """`conditions` are the at-rules around it, outermost first: ("media", "(max-width:479px)")."""

    selector: str
    declarations: tuple[Declaration, ...]
    conditions: tuple[tuple[str, str], ...] = ()

    @property
    def for_outlook(self) -> bool:
        """Whether only Outlook's own dark mode follows it."""
        return OUTLOOK_MARK in self.selector


@dataclass(frozen=True)
class Sheet:
    """All <style> blocks. `at_rules` are names and preludes of each at-rule, in the order of the message."""

    rules: tuple[Rule, ...]
    at_rules: tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def inline(style: str) -> tuple[Declaration, ...]:
    """What a `style` attribute declares."""
    return tuple(_declarations(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)))


def sheet(blocks: Iterable[Element]) -> Sheet:
    """What the `style` elements hold; a `media` attribute counts as an at-rule around all of it."""
    rules: list[Rule] = []
    at_rules: list[tuple[str, str]] = []
    for block in blocks:
        media = block.get("media", "")
        found = _block(block.text or "", media.strip())
        rules += found.rules
        at_rules += found.at_rules
    return Sheet(tuple(rules), tuple(at_rules))


@lru_cache(maxsize=64)
def _block(source: str, media: str) -> Sheet:
    rules: list[Rule] = []
    at_rules = [("media", media)] if media else []
    around = tuple(at_rules)
    waiting: list[tuple[Any, tuple[tuple[str, str], ...]]] = [
        (node, around) for node in reversed(tinycss2.parse_stylesheet(source, skip_comments=True, skip_whitespace=True))
    ]
    while waiting:
        node, conditions = waiting.pop()
        if node.type == "qualified-rule":
            contents = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
            rules.append(Rule(_text(node.prelude), tuple(_declarations(contents)), conditions))
        elif node.type == "at-rule":
            told = (node.lower_at_keyword, _text(node.prelude))
            at_rules.append(told)
            if node.content is not None and told[0] in ("media", "supports", "layer") and len(conditions) < DEEPEST:
                inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                waiting += [(child, (*conditions, told)) for child in reversed(inner)]
    return Sheet(tuple(rules), tuple(at_rules))


def _declarations(nodes: Iterable[Any]) -> Iterator[Declaration]:
    for node in nodes:
        if node.type == "declaration":
            yield Declaration(node.lower_name, _text(node.value), node.important)


def _text(tokens: Iterable[Any]) -> str:
    """As it was written, without comments; "" for brackets that are nested beyond reason."""
    try:
        return str(tinycss2.serialize([token for token in tokens if token.type != "comment"])).strip()
    except RecursionError:
        return ""


def media_matches(query: str, given: Mapping[str, str], width: int) -> bool:
    """Whether a screen of `width` pixels with the `given` features follows a media query.

    Features that are not given do not match: a rule for printing, or for a screen's shape, is not followed.
    """
    return not query.strip() or any(_one_matches(one.split(), given, width) for one in query.lower().split(","))


def _one_matches(words: list[str], given: Mapping[str, str], width: int) -> bool:
    """One query without commas: `only screen and (min-width:480px)`."""
    query = "".join(words)
    refused = query.startswith("not")
    query = query.removeprefix("not").removeprefix("only")
    kind, *features = query.replace("and(", "(").split("(")
    holds = kind in ("", "all", "screen") and all(_feature(each.rstrip(")"), given, width) for each in features)
    return holds is not refused


def _feature(told: str, given: Mapping[str, str], width: int) -> bool:
    name, _, value = told.partition(":")
    if name in ("min-width", "max-width"):
        try:
            limit = float(value.removesuffix("px").removesuffix("em")) * (16 if value.endswith("em") else 1)
        except ValueError:
            return False
        return width >= limit if name == "min-width" else width <= limit
    return name in given and value in (given[name], "")
