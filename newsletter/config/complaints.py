"""What is wrong with a configuration, in words: place, key, reason, remedy."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from newsletter.config.schema import NOT_IN_THE_FILE, Config
from newsletter.config.section import Section
from newsletter.errors import repeated

KINDS_OF_SOURCE = ("jekyll", "feed")  # the words of `type`, which pydantic puts into a place
_EXAMPLES = {
    "name": "name: Tech Decoded",
    "sender": 'sender: "Tech Decoded <hello@example.org>"',
    "days": "days: [friday]",
    "at": 'at: "08:00"',
    "path": "path: blog",
    "host": "host: mail.example.org",
    "first_day": "first_day: 50",
    "started": "started: 2026-12-01",
    "url": 'url: "https://example.com/feed.xml"',
}
_REMEDIES = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "finite_number": "write a number that ends",
    "string_type": "write text, in quotes",
    "string_unicode": "write text in UTF-8",
    "tuple_type": "write a list, like [one, two]",
    "dict_type": "write `key: value` lines below it",
    "model_type": "write `key: value` lines below it",
    "model_attributes_type": "write `key: value` lines below it",
    "string_too_short": "it is too short",
    "string_too_long": "it is too long",
    "too_short": "write at least one",
    "union_tag_not_found": "say which kind of source: `type: jekyll` or `type: feed`",
    "union_tag_invalid": "there are two kinds of source: `type: jekyll` and `type: feed`",
    "string_pattern_mismatch": "a key stands in web addresses: letters, digits, - and _ only",
}

_OTHER_WORDS = {"from": "sender", "title": "name", "feeds": "sources", "colors": "colours", "user": "username"}

Lines = Mapping[tuple[str, ...], int]
"""On which line, from 1, the way of keys to a value ends; () is the whole file."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a key stands: in a line of the file, or in a variable of the environment."""

    path: Path
    lines: Lines
    variables: Mapping[tuple[str, ...], str]

    def of(self, steps: Sequence[Any]) -> str:
        keys = tuple(str(step) for step in steps)
        for length in range(len(keys), 0, -1):
            if variable := self.variables.get(keys[:length]):
                return repeated(variable)
        line = self._line(keys)
        return f"{self.path}:{line}" if line else f"{self.path}"

    def order(self, location: Sequence[Any]) -> int:
        """Complaints come in the order of the file's lines."""
        return self._line(tuple(str(step) for step in _steps(location))) or 0

    def _line(self, keys: tuple[str, ...]) -> int | None:
        """Of the deepest part of `keys` that the file holds."""
        lengths = range(len(keys), -1, -1)
        return next((line for length in lengths if (line := self.lines.get(keys[:length]))), None)


def lines_of(node: yaml.Node | None) -> Lines:
    """Of a file as it was composed, before anything is merged."""
    lines: dict[tuple[str, ...], int] = {}
    for keys, line in _lines(node, ()):
        lines.setdefault(keys, line)
    return lines


def told_once(found: Sequence[Any]) -> list[Any]:
    """Without those of lists that are too short because what is in them is wrong."""
    places = [tuple(item["loc"]) for item in found]
    return [
        item
        for item, at in zip(found, places, strict=True)
        if item["type"] != "too_short" or not any(other[:-1] == at for other in places)
    ]


def explain(whereabouts: Whereabouts, item: Any) -> str:
    """One of pydantic's complaints as one line."""
    steps = _steps(item["loc"])
    where, name = whereabouts.of(steps), repeated(".".join(str(step) for step in steps)) or "the file"
    kind = item["type"]
    if kind == "extra_forbidden" and tuple(item["loc"][-2:]) == ("feed", "path"):
        return f"{where}: `{name}`: a feed has a `url`; a file is one too: `url: feed.xml`."
    if kind == "extra_forbidden":
        return f"{where}: unknown key `{name}`.{_nearest(item['loc'])}"
    if kind == "missing":
        example = _EXAMPLES.get(str(steps[-1]))
        return f"{where}: `{name}` is missing; add it" + (f", like `{example}`." if example else ".")
    if kind == "value_error":
        return f"{where}: `{name}`: {str(item['msg']).removeprefix('Value error, ')}."
    if kind == "too_short" and not isinstance(item.get("input"), (list, tuple)):
        return f"{where}: `{name}`: it is too short; write at least {item['ctx']['min_length']} characters."
    if kind in _REMEDIES:
        return f"{where}: `{name}`: {_shown(item)}{_REMEDIES[kind]}."
    return f"{where}: `{name}`: {_shown(item)}{str(item['msg']).replace('Input should be', 'it must be')}."


def _steps(location: Sequence[Any]) -> list[Any]:
    """Pydantic names the kind of a source behind its number, and [key] behind a wrong key; the file does not."""
    steps: list[Any] = []
    for index, step in enumerate(location):
        kind_of_source = step in KINDS_OF_SOURCE and index > 0 and isinstance(location[index - 1], int)
        if not kind_of_source and step != "[key]":
            steps.append(step)
    return steps


def _shown(item: Any) -> str:
    """The wrong value, where it is short and no secret."""
    value = item.get("input")
    secret = any(step in ("password", "secret") for step in item["loc"])
    if secret or not isinstance(value, (str, int, float, bool)) or len(str(value)) > 60 or value == "":
        return ""
    return f"{json.dumps(value, ensure_ascii=False)}: "


def _nearest(location: Sequence[Any]) -> str:
    """What may have been meant: a key of the same section, by another word or misspelled; or it belongs elsewhere."""
    key, here = str(_steps(location)[-1]), _keys(_sections(location[:-1]))
    if (other := _OTHER_WORDS.get(key)) in here:
        return f" Did you mean `{other}`?"
    if key in _keys(Section.__subclasses__()):
        return " There is such a key, but in another section; docs/reference.md says in which."
    near = difflib.get_close_matches(key, sorted(here), n=1)
    return f" Did you mean `{near[0]}`?" if near else " Remove it; docs/reference.md lists the keys there are."


def _keys(sections: Iterable[type[Section]]) -> set[str]:
    return {field for section in sections for field in section.model_fields} - NOT_IN_THE_FILE


def _sections(location: Sequence[Any]) -> set[type[Section]]:
    """What may stand at a place; a list's number and a newsletter's key lead to what is in it or below it."""
    here: set[type[Section]] = {Config}
    for step in location:
        if step in KINDS_OF_SOURCE and all("type" in one.model_fields for one in here):
            here = {one for one in here if step in get_args(one.model_fields["type"].annotation)}
        elif inside := [one.model_fields[step].annotation for one in here if step in one.model_fields]:
            here = {section for annotation in inside for section in _named(annotation)}
    return here


def _named(annotation: Any) -> Iterator[type[Section]]:
    """The sections that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _named(part)


def _lines(node: yaml.Node | None, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if node and not above:
        yield above, node.start_mark.line + 1
    inside: list[tuple[str, yaml.Node, yaml.Node]] = []  # key, where it stands, its value
    if isinstance(node, yaml.MappingNode):
        inside = [(key.value, key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inside = [(str(index), value, value) for index, value in enumerate(node.value)]
    for step, place, value in inside:
        yield (*above, step), place.start_mark.line + 1
        yield from _lines(value, (*above, step))
