"""YAML as the configuration means it."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.reader import ReaderError

MOST_VALUES = 10_000  # after aliases are followed: what a bomb of aliases or merges runs into
MOST_DEPTH = 60  # far below what exhausts Python's stack


class Unreadable(yaml.MarkedYAMLError):
    """It may be YAML, but it is no configuration. `problem` says why, with the remedy."""


class Loader(yaml.SafeLoader):
    """YAML 1.2's plain words: `at: 8:30` is no number, `no` no boolean, `2026-11-27` no date.

    Whatever stands in the text, it ends soon, with values or with a YAMLError.
    """

    def __init__(self, text: str) -> None:
        try:
            super().__init__(text)
        except ReaderError as error:
            problem = f"the character {int(error.character):#04x} cannot stand in a file; remove it"
            mark = yaml.Mark("", error.position, text.count("\n", 0, error.position), 0, None, 0)
            raise Unreadable(problem=problem, problem_mark=mark) from None
        self._values = 0
        self._depth = 0
        self._sizes: dict[yaml.Node | None, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Counts while it reads, so that nothing that is too large is ever built."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise _unreadable(f"more than {MOST_DEPTH} levels deep; no key stands as deep as that", event)
        before = self._values
        node = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            if node not in self._sizes:
                raise _unreadable("an alias (*name) stands inside what it names; write it out", event)
            self._values += self._sizes[node]
        else:
            self._values += 1
            self._sizes[node] = self._values - before
        if self._values > MOST_VALUES:
            raise _unreadable(f"more than {MOST_VALUES:,} values, aliases included; leave some out", event)
        if parent is not None and index is None and not isinstance(node, yaml.ScalarNode):  # only a key has no index
            raise _unreadable("a key is words alone; a value that begins with { or [ belongs in quotes", event)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """A tag that does not fit its value makes PyYAML fall over in many ways."""
        try:
            return super().construct_object(node, deep)
        except (LookupError, ValueError, ArithmeticError, AttributeError):
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise _unreadable(f"the tag {tag} does not fit its value; leave the tag out", node) from None


def _unreadable(problem: str, place: Any) -> Unreadable:
    return Unreadable(problem=problem, problem_mark=place.start_mark)


_FLOAT = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z"
Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", [*"tTfF"]),
    ("int", r"[-+]?[0-9]{1,18}\Z", [*"-+0123456789"]),
    ("float", _FLOAT, [*"-+.0123456789"]),
    ("null", r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("merge", r"<<\Z", ["<"]),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)
Loader.add_constructor("tag:yaml.org,2002:int", lambda _loader, node: int(node.value))
