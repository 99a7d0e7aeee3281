"""The front matter that nearly every post has, read without a parser: `key: value`, quoted or not, and short lists.

Reading it line by line is several times as fast as YAML, and means the same: whatever is not certain (anything
nested, folded, anchored, tagged, escaped, continued on the next line …) is left to `psych`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_Scalar = Callable[[str], Any]
_KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_NO_TEXT = {"~", "null", "yes", "true", "on", "no", "false", "off"}  # keys that would be no text
_FLOW_PLAIN = re.compile(r"[A-Za-z\u00a1-\ufdfe][^:#'\"&*!|>%@`?{}]*")
_FOREIGN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class _Unsure(Exception):
    pass


def load(text: str, scalar: _Scalar) -> dict[str, Any] | None:
    """The pairs between the fences (`text` begins with ---), or None when a parser has to look.

    `scalar` says what an unquoted value means, and raises for one that means nothing.
    """
    if _FOREIGN.search(text):
        return None
    try:
        return _pairs(text.split("\n")[1:], scalar)
    except _Unsure:
        return None


def _pairs(lines: list[str], scalar: _Scalar) -> dict[str, Any]:
    values: dict[str, Any] = {}
    items: list[Any] | None = None  # of the list that a key without a value may begin
    key = indent = ""
    for line in lines:
        name, colon, rest = line.partition(":")
        if colon and _is_key(name):
            key, items = name, None
            value = rest.strip(" ")
            if value:
                if rest[0] != " ":
                    raise _Unsure
                values[key] = _flow(value, scalar) if value[0] == "[" else _value(value, scalar)
            else:
                values[key], items = None, []
        elif items is not None and (bare := line.lstrip(" ")).startswith("- "):
            spaces = line[: len(line) - len(bare)]
            if items and spaces != indent:
                raise _Unsure
            indent = spaces
            items.append(_value(bare[2:].strip(" "), scalar))
            values[key] = items
        elif line and line[0] != "#" and line.strip(" "):
            raise _Unsure
    return values


@lru_cache(maxsize=1024)  # a blog's posts have the same keys
def _is_key(name: str) -> bool:
    return bool(_KEY.fullmatch(name)) and name.lower() not in _NO_TEXT


def _value(value: str, scalar: _Scalar) -> Any:
    first = value[:1]
    if first == '"' or first == "'":
        inside = value[1:-1]
        if len(value) < 2 or value[-1] != first or first in inside or (first == '"' and "\\" in inside):
            raise _Unsure
        return inside
    if not (first.isalnum() or first > "\xa0" or (first and first in "(/.$")):
        raise _Unsure
    if value[-1] == ":" or ": " in value or " #" in value:
        raise _Unsure
    return scalar(value)


def _flow(value: str, scalar: _Scalar) -> list[Any]:
    inside = value[1:-1]
    if len(value) < 2 or value[-1] != "]" or "[" in inside or "]" in inside:
        raise _Unsure
    if not inside.strip(" "):
        return []
    return [_flow_item(part.strip(" "), scalar) for part in inside.split(",")]


def _flow_item(item: str, scalar: _Scalar) -> Any:
    if item[:1] in ('"', "'"):
        return _value(item, scalar)
    if not _FLOW_PLAIN.fullmatch(item):
        raise _Unsure
    return scalar(item)
