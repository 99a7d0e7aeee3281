"""What an MJML template is made of, Jinja and all, in the order of the file: tags, texts, comments, Jinja's words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

# What stands between a tag's name and its >, taken whole: a look ahead is never tried again in part. Possessive repeats
# would say so more shortly, but Python 3.11.2 loses count when one stands inside another.
INSIDE = r"""(?=(?P<inside>(?:[^<>"']+|"[^"]*"|'[^']*')*))(?P=inside)"""
TAG = re.compile(rf"<(?P<end>/?)(?P<name>[A-Za-z][\w:-]*+){INSIDE}>")
BLANK = "\x01"  # in place of a {{ value }}: neither a space nor anything that markup knows

_JINJA = re.compile(r"{#.*?#}|{%-?\s*(?P<word>\w+)?.*?%}|{{.*?}}", re.DOTALL)
_CONDITION = re.compile(r"<!--\[if [^\]]*\]>(?:<!-->|<!---->)?|(?:<!--)?<!\[endif\]-->")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FOREIGN = re.compile(r"<!\[CDATA\[.*?\]\]>|<[!?][^>]*>", re.DOTALL)
_PIECE = re.compile(f"{_COMMENT.pattern}|{_FOREIGN.pattern}|{TAG.pattern}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tag:
    """`inside` is what stands between name and >, a {{ value }} as BLANK; `written` the same as the file has it."""

    line: int
    name: str
    inside: str
    written: str
    ends: bool

    @property
    def is_empty(self) -> bool:
        return self.inside.endswith("/")


@dataclass(frozen=True, slots=True)
class Words:
    """Text between tags, not only space; it begins in `line`."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Aside:
    """A comment, or what else begins with <! or <?."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Control:
    """A {% word … %} as it is written."""

    line: int
    word: str
    written: str


Token = Tag | Words | Aside | Control


def tokens(source: str) -> Iterator[Token]:
    """All of it, with lines that count from 1.

    Tags in Outlook's conditional comments are tags like others: the compiler reads them so.
    """
    found: list[tuple[int, Token]] = []
    lines = _Lines(source)
    marks = [mark for mark in _JINJA.finditer(source) if mark["word"]]
    cuts = [mark.start() for mark in marks]
    markup = _CONDITION.sub(_blank, _JINJA.sub(_blank, source))
    place = 0
    for piece in _PIECE.finditer(markup):
        found += _words(markup, place, piece.start(), cuts, lines)
        found.append((piece.start(), _token(piece, source, lines)))
        place = piece.end()
    found += _words(markup, place, len(markup), cuts, lines)
    found += [(mark.start(), Control(lines.of(mark.start()), mark["word"], mark[0])) for mark in marks]
    found.sort(key=lambda pair: pair[0])
    return (token for _, token in found)


def bare(source: str) -> Iterator[int]:
    """The lines of each < that begins no tag."""
    markup = _CONDITION.sub(_blank, _JINJA.sub(_blank, source))
    for number, line in enumerate(_PIECE.sub(_blank, markup).split("\n"), 1):
        if "<" in line:
            yield number


class _Lines:
    """The line of a place; places are asked for in any order."""

    def __init__(self, source: str) -> None:
        self._ends = [found.start() for found in re.finditer("\n", source)]

    def of(self, place: int) -> int:
        return bisect_left(self._ends, place) + 1


def _token(piece: re.Match[str], source: str, lines: _Lines) -> Token:
    line = lines.of(piece.start())
    if piece["name"] is None:
        return Aside(line, piece[0])
    start, end = piece.span("inside")
    return Tag(line, piece["name"], piece["inside"], source[start:end], bool(piece["end"]))


def _words(markup: str, start: int, end: int, cuts: list[int], lines: _Lines) -> Iterator[tuple[int, Token]]:
    """The texts between two tags, cut where Jinja's words stand: what an {% if %} brings is not what is after it."""
    within = cuts[bisect_left(cuts, start) : bisect_left(cuts, end)]
    for first, last in pairwise([start, *within, end]):
        if text := markup[first:last].strip():
            place = first + markup[first:last].index(text)
            yield place, Words(lines.of(place), text)


def _blank(found: re.Match[str]) -> str:
    """Same length, same lines; a {{ value }} leaves something behind, the rest only space."""
    filler = BLANK if found[0].startswith("{{") else " "
    return re.sub(r"[^\n]", filler, found[0])
