"""Plain text in columns: lines broken at words, never inside a URL."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WIDTH = 72
_CLOSING = set("、。，．！？；：）」』】》〉”’…%")  # none of these begins a line


def width(text: str) -> int:
    """Columns on a screen of fixed pitch: Chinese, Japanese and most emoji take two, combining marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def wrap(text: str, indent: str = "", columns: int = WIDTH) -> str:
    """One paragraph in lines of at most `columns`; lines after the first begin with `indent`.

    A word that is longer than a line (a URL) stays whole; scripts without spaces break between characters.
    """
    if 2 * len(text) <= columns:  # no sign is wider than two
        return " ".join(text.split())
    if text.isascii():
        return _wrapped_at_spaces(" ".join(text.split()), indent, columns)
    lines, line, used = [], "", 0
    for space, word in _words(text):
        size = width(word)
        if line.strip() and used + len(space) + size > columns:
            lines.append(line)
            line, used = indent + word, len(indent) + size
        else:
            line += space + word
            used += len(space) + size
    return "\n".join([*lines, line])


def _wrapped_at_spaces(text: str, indent: str, columns: int) -> str:
    """As `wrap`, where a character is a column and words have one space between them."""
    lines, room, start, before = [], columns, 0, ""
    while len(text) - start > room:
        end = text.rfind(" ", start, start + room + 1)
        if end < 0:
            end = text.find(" ", start)
        if end < 0:
            break
        lines.append(before + text[start:end])
        start, before, room = end + 1, indent, columns - len(indent)
    return "\n".join([*lines, before + text[start:]])


def underline(text: str, sign: str) -> str:
    """`sign` as often as the longest line of `text` is wide; of one that no space breaks, as a column is."""
    return sign * min(max((width(line) for line in text.split("\n")), default=0), WIDTH)


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Each unbreakable piece with the space before it ("" at the start and inside scripts without spaces)."""
    space = ""
    for word in text.split():
        if word.isascii():
            yield space, word
            space = " "
            continue
        piece = ""
        for char in word:
            if piece and (_dense(char) or _dense(piece[-1])) and char not in _CLOSING:
                yield space, piece
                space, piece = "", ""
            piece += char
        yield space, piece
        space = " "


@lru_cache(4096)
def _dense(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF" and unicodedata.category(char) == "Lo"


@lru_cache(4096)
def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
