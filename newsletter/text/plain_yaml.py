"""The front matter that nearly every post has, read without a parser: `key: value`, quoted or not, and short lists.

Reading it line by line is several times as fast as YAML, and means the same: whatever is not certain (anything
nested, folded, anchored, tagged, escaped, continued on the next line …) is left to `psych`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_KEY = r"([A-Za-z_][\w-]*)"
_PLAIN = r"([A-Za-z0-9(/.$\u00a1-\ufdfe\U00010000-\U0010fffd][^\t]*?)"
_QUOTED = r"\"([^\"\\\t]*)\"|'([^'\t]*)'"
_PAIR = re.compile(rf"{_KEY}:(?: +(?:{_QUOTED}|\[([^\[\]]*)\]|{_PLAIN}))? *", re.ASCII)
_ITEM = re.compile(rf"( *)- +(?:{_QUOTED}|{_PLAIN}) *", re.ASCII)
_FLOW = re.compile(r" *(?:\"([^\"\\\t,]*)\"|'([^'\t,]*)'|([A-Za-z\u00a1-\ufdfe][^\t,:#'\"&*!|>%@`?{}]*?)) *", re.ASCII)
_FOREIGN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def load(text: str, scalar: Callable[[str], Any]) -> dict[str, Any] | None:
    """The pairs between the fences (`text` begins with ---), or None when a parser has to look.

    `scalar` says what an unquoted value means, and raises for one that means nothing.
    """
    if _FOREIGN.search(text):
        return None
    values: dict[str, Any] = {}
    items: list[Any] | None = None  # of the list that a key without a value may begin
    indent = ""
    key = ""
    for line in text.split("\n")[1:]:
        if pair := _PAIR.fullmatch(line):
            key, double, single, flow, plain = pair.groups()
            if scalar(key) is not key:
                return None
            items = None
            if plain is not None:
                if ": " in plain or " #" in plain or plain[-1] == ":":
                    return None
                values[key] = scalar(plain)
            elif double is not None or single is not None:
                values[key] = single if double is None else double
            elif flow is not None:
                listed = _flow(flow, scalar)
                if listed is None:
                    return None
                values[key] = listed
            else:
                values[key], items, indent = None, [], ""
        elif (item := _ITEM.fullmatch(line)) and items is not None:
            spaces, double, single, plain = item.groups()
            if items and spaces != indent:
                return None
            indent = spaces
            if plain is not None:
                if ": " in plain or " #" in plain or plain[-1] == ":":
                    return None
                items.append(scalar(plain))
            else:
                items.append(single if double is None else double)
            values[key] = items
        elif line.strip(" ") and line[0] != "#":
            return None
    return values


def _flow(inside: str, scalar: Callable[[str], Any]) -> list[Any] | None:
    if not inside.strip(" "):
        return []
    listed: list[Any] = []
    for part in inside.split(","):
        found = _FLOW.fullmatch(part)
        if not found:
            return None
        double, single, plain = found.groups()
        listed.append(scalar(plain) if plain is not None else single if double is None else double)
    return listed
