"""Slots: the places in a frozen issue that differ from reader to reader.

A marker is a name between two Unicode noncharacters (U+FDD0, U+FDD1). The standard keeps those for a program's
inner use, so no post can forge one: `text.plain.visible`, which all text from outside passes, takes them out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from newsletter.domain.subscriber import Reader

SLOTS = ("email", "name", "unsubscribe_url", "preferences_url", "since")
OPEN, CLOSE = "\ufdd0", "\ufdd1"
_MARKER = re.compile(f"{OPEN}([a-z_]+){CLOSE}")


def slot(name: str) -> str:
    """The marker to write into HTML or text where the reader's `name` (one of SLOTS) belongs."""
    if name not in SLOTS:
        raise KeyError(f"{name!r} is no slot; there are {', '.join(SLOTS)}")
    return f"{OPEN}{name}{CLOSE}"


class Marker(str):
    """A slot as a template has it: to be written, and nothing else. Who asks it, or changes it, asks nobody's name.

    Such a question would be answered once, for all readers. Raises TypeError, which names the remedy.
    """

    __slots__ = ()

    def _is_not_there_yet(self, *args: object) -> NoReturn:
        raise TypeError(
            "a slot is filled for each reader, after the template has run: it cannot be asked or changed, only written"
        )

    __bool__ = __eq__ = __ne__ = _is_not_there_yet
    __hash__ = str.__hash__
    upper = lower = capitalize = _is_not_there_yet


def split(text: str) -> list[str]:
    """Fixed text and slot names by turns: text, name, text, name, …, text."""
    return _MARKER.split(text)


def used(text: str) -> set[str]:
    """The names of the slots that stand in `text`."""
    return set(_MARKER.findall(text))


def values(reader: Reader) -> dict[str, str]:
    """What each slot holds for this reader, as plain text."""
    return {name: getattr(reader, name) for name in SLOTS}


def fill_html(source: str, filling: Mapping[str, str]) -> str:
    """An issue's HTML with its slots filled (previews, the archive); values are plain text and get escaped."""
    return _fill(source, lambda name: html.escape(filling[name]))


def fill_text(source: str, filling: Mapping[str, str]) -> str:
    """An issue's text part with its slots filled."""
    return _fill(source, lambda name: filling[name])


def _fill(source: str, value: Callable[[str], str]) -> str:
    return _MARKER.sub(lambda found: value(found[1]), source)
