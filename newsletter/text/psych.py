"""YAML as Ruby's Psych 4 reads it, so that a post means here what it means to Jekyll.

The grammar is libyaml's, which both share. What a plain scalar is (a number, a date, yes or no) and which tags are
let in is Ruby's; it differs from PyYAML's in ways that real posts show: 2025-08-20 16:18 is text, 29 February 2014
is not an error, `no` is false and `12:30` a number.
"""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta, timezone
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from newsletter.text import plain_yaml
from newsletter.text.civil import local_time

MOST_NODES = 10_000  # after aliases are followed: what a bomb of aliases runs into
MOST_DEPTH = 60
_MOST_DIGITS = 1000  # of a number; a longer one stays text

_Loader = getattr(yaml, "CLoader", yaml.Loader)  # only its events are used: no tag ever makes an object


class YamlError(ValueError):
    """`line` counts from 1; None when unknown."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason, self.line = reason, line
        super().__init__(reason)


def load(text: str) -> Any:
    """The first document of `text`: dict, list, str, int, float, bool, None, date or datetime (a moment).

    Raises YamlError.
    """
    if text.startswith("---\n"):
        try:
            simple = plain_yaml.load(text, plain)
        except YamlError:
            simple = None  # the parser knows the line
        if simple is not None:
            return simple or None
    return parsed(text)


def parsed(text: str) -> Any:
    """As `load`, by libyaml alone."""
    try:
        loader = _Loader(text)
        try:
            return _Builder().build(loader)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "could not find expected ':'" in str(error.problem):  # found missing only on the next line
            mark = error.context_mark or mark
        raise YamlError(explain(str(error.problem or error)), mark.line + 1 if mark else None) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else None
        raise YamlError("it holds a control character; remove it", line) from None
    except yaml.YAMLError as error:
        raise YamlError(explain(str(error))) from None


_REMEDIES = (
    ("mapping values are not allowed", "a colon inside a value; put the value in quotes"),
    ("could not find expected ':'", "a line without `key: value`; write `key: value` with a space after the colon"),
    ("cannot start any token", "a value begins with a character that means something to YAML; put it in quotes"),
    ("unknown escape character", "a backslash in double quotes; write \\\\ or use single quotes"),
    ("invalid Unicode character escape", "an escape that is no character; write the character itself"),
    ("expected key", "quotes or brackets inside a value; put the whole value in quotes of the other kind"),
    (
        "expected <block end>",
        "quotes or brackets inside a value; put the whole value in quotes of the other kind. Or a line that belongs to "
        "no key, as a `- item` below a key that has its value already",
    ),
    ("tab character", "a tab at a line's start; indent with spaces"),
    ("alphabetic or numeric", "a value begins with * or &; put it in quotes"),
    ("undefined alias", "an alias (*name) to nothing; put the value in quotes"),
    ("end of stream", "a quote or bracket that is never closed; close it"),
    ("document start", "a quote or bracket that is never closed; close it"),
)


def explain(problem: str) -> str:
    """libyaml's words with what to do about it."""
    remedy = next((remedy for words, remedy in _REMEDIES if words in problem), "")
    return f"this is not YAML: {problem} ({remedy})" if remedy else f"this is not YAML: {problem}"


class _Builder:
    """Builds values from the parser's events with a stack of its own: no document can exhaust Python's."""

    def __init__(self) -> None:
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0

    def build(self, loader: Any) -> Any:
        stack: list[_Open] = []
        while True:
            event = loader.get_event()
            kind = type(event)
            if kind is ScalarEvent:
                value, size = _scalar(event), 1
                if event.anchor:
                    self.anchors[event.anchor] = (value, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                _refuse(event)
                if len(stack) >= MOST_DEPTH:
                    raise YamlError(f"more than {MOST_DEPTH} levels deep", event.start_mark.line + 1)
                stack.append(_Open({} if kind is MappingStartEvent else [], event.anchor, self.nodes))
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                done = stack.pop()
                value, size = done.value, 1
                if done.anchor:
                    self.anchors[done.anchor] = (value, self.nodes - done.nodes_before + 1)
            elif kind is AliasEvent:
                if event.anchor not in self.anchors:
                    raise YamlError(f"an alias to nothing: *{event.anchor}; put the value in quotes", _line(event))
                value, size = self.anchors[event.anchor]
            elif kind is DocumentEndEvent or kind is StreamEndEvent or event is None:
                return None
            else:
                continue
            self.nodes += size
            if self.nodes > MOST_NODES:
                raise YamlError(f"more than {MOST_NODES} values, aliases included", _line(event))
            if not stack:
                _drain(loader)
                return value
            stack[-1].add(value, event)


def _drain(loader: Any) -> None:
    """The document's end must be as sound as its beginning; what follows it is not read."""
    while type(loader.get_event()) not in (DocumentEndEvent, StreamEndEvent, type(None)):
        pass


class _Open:
    """A mapping or list that is being filled."""

    __slots__ = ("anchor", "has_key", "key", "nodes_before", "plain_key", "value")

    def __init__(self, value: Any, anchor: str | None, nodes_before: int) -> None:
        self.value, self.anchor, self.nodes_before = value, anchor, nodes_before
        self.has_key, self.plain_key = False, False
        self.key: Any = None

    def add(self, value: Any, event: Any) -> None:
        if type(self.value) is list:
            self.value.append(value)
        elif not self.has_key:
            self.key = value if value.__hash__ else _text_of(value)
            self.plain_key = type(event) is ScalarEvent
            self.has_key = True
        else:
            self.has_key = False
            if self.key == "<<" and self.plain_key and _merge(self.value, value, event):
                return
            self.value[self.key] = value


def _merge(into: dict[Any, Any], value: Any, event: Any) -> bool:
    if isinstance(value, dict) and type(event) in (AliasEvent, MappingEndEvent):
        into.update(value)
        return True
    if isinstance(value, list) and type(event) is SequenceEndEvent and all(isinstance(each, dict) for each in value):
        for each in reversed(value):
            into.update(each)
        return True
    return False


def _text_of(value: Any) -> str:
    """A list or mapping as a key: legal YAML, never meant (`{{ page.x }}` without quotes)."""
    return str(value)[:200]


def _line(event: Any) -> int | None:
    return event.start_mark.line + 1 if event is not None and event.start_mark else None


def _refuse(event: Any) -> None:
    if event.tag and event.tag.startswith("!ruby/"):
        raise YamlError(f"the tag {event.tag} makes a Ruby object; remove it", _line(event))


def _scalar(event: ScalarEvent) -> Any:
    value: str = event.value
    if event.implicit[1]:
        return value
    tag = event.tag
    if tag:
        if tag in ("!str", "tag:yaml.org,2002:str") or tag.startswith("!str:"):
            return value
        if tag in ("!float", "tag:yaml.org,2002:float"):
            number = plain(value)
            return float(number) if isinstance(number, (int, float)) else value
        _refuse(event)
    try:
        return plain(value)
    except YamlError as error:
        raise YamlError(error.reason, _line(event)) from None


_WORDS = {"~": None, "null": None, "yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_TIME = re.compile(
    r"(-?\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt]|\s+)(\d{1,2}):(\d\d):(\d\d)(?:\.(\d*))?"
    r"(?:\s*(Z|[-+]\d{1,2}:?(?:\d\d)?))?",
    re.ASCII,
)
_DATE = re.compile(r"(\d{4})-(1[012]|0\d|\d)-([12]\d|3[01]|0\d|\d)", re.ASCII)
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}")
_BASE_60_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}\.[0-9_]*")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?")
_INTEGER = re.compile(
    r"[-+]?0b[01_,]+|[-+]?0[0-7_,]+|[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|[-+]?0x[0-9a-fA-F_,]+",
)


def plain(value: str) -> Any:
    """What an unquoted scalar means to Psych. Raises YamlError for a Ruby symbol, which Jekyll refuses."""
    if not value:
        return None
    if value[0] not in "0123456789.:-+":
        if len(value) > 5:
            return value
        return _WORDS.get(value.lower(), value)
    if "\n" in value:
        return value
    if found := _TIME.fullmatch(value):
        return _moment(found)
    if found := _DATE.fullmatch(value):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return value
    if value[0] in ".+-" and value.lower() in (".inf", "+.inf", "-.inf", ".nan"):
        return float(value.lower().replace(".", ""))
    if value[0] == ":":
        if len(value) == 1:
            return value
        raise YamlError(f"{value!r} is a Ruby symbol to YAML; put it in quotes")
    return _number(value)


def _number(value: str) -> Any:
    if _BASE_60.fullmatch(value):
        return sum(int(part) * 60 ** abs(place - 2) for place, part in enumerate(value.split(":")))
    if _BASE_60_FLOAT.fullmatch(value):
        return sum(float(part) * 60 ** abs(place - 2) for place, part in enumerate(value.split(":")))
    if _FLOAT.fullmatch(value):
        digits = re.sub(r"\.(?=[Ee]|\Z)", "", value.replace(",", "").replace("_", ""))
        try:
            return float(digits)
        except ValueError:
            return value
    if _INTEGER.fullmatch(value):
        return _integer(value.replace(",", "").replace("_", ""))
    return value


def _integer(digits: str) -> Any:
    sign, bare = (-1, digits[1:]) if digits[0] == "-" else (1, digits.removeprefix("+"))
    if len(bare) > _MOST_DIGITS:  # Python could read it in some bases, and write it in none
        return digits
    base = 16 if bare[:2] == "0x" else 2 if bare[:2] == "0b" else 8 if bare[:1] == "0" and len(bare) > 1 else 10
    try:
        return sign * int(bare[2:] if base in (2, 16) else bare, base)
    except ValueError:  # no digits, or more than Python reads
        return digits


def _moment(found: re.Match[str]) -> Any:
    """With an offset: that moment. Without: UTC, whatever zone the site is in, as Psych has it."""
    fraction = int((found[7] or "0")[:6].ljust(6, "0"))
    zone = found[8]
    offset = 0
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "")
        hours, minutes = (digits[:2], digits[2:]) if ":" not in zone else tuple(zone[1:].split(":"))
        offset = (int(hours) * 60 + int(minutes or 0)) * (-1 if zone[0] == "-" else 1)
    try:
        naive = local_time(*(int(part) for part in found.group(1, 2, 3, 4, 5, 6)))
        if abs(offset) >= 24 * 60:
            return found[0]
        aware = naive.replace(microsecond=fraction, tzinfo=timezone(timedelta(minutes=offset)) if offset else UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return found[0]
