"""Plain text for people: no control, invisible or direction-turning characters, and single spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_BLANK_LETTERS = set("\u115f\u1160\u3164\uffa0\u2800")  # letters and signs that show nothing
_DIRECTION_MARKS = set("\u200e\u200f\u061c")  # harmless, and needed where right-to-left text holds "C++"
_VISIBLE_FORMATS = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_BLACK_FLAG = "\U0001f3f4"


def one_line(text: str) -> str:
    """`text` on one line: whitespace folded, what cannot be seen or turns the reading direction gone.

    The joiners that emoji, Arabic, Persian and the Indic scripts need stay.
    """
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """As `one_line`, but lines and spaces stay as they are."""
    if text.isprintable():
        return text if _BLANK_LETTERS.isdisjoint(text) else _filtered(text)
    return _filtered(text)


def _filtered(text: str) -> str:
    right_to_left = any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)
    kept: list[str] = []
    for index, char in enumerate(text):
        if char.isprintable():
            if char not in _BLANK_LETTERS:
                kept.append(char)
        elif char.isspace():
            kept.append(char if char in "\n\t" else "\n" if char in "\r\u2028\u2029\x85\v\f" else " ")
        elif _stays(char, kept, text[index + 1 : index + 2], right_to_left):
            kept.append(char)
    return "".join(kept)


def _stays(char: str, before: list[str], after: str, right_to_left: bool) -> bool:
    category = unicodedata.category(char)
    if char in (_ZWJ, _ZWNJ):
        return bool(before and after) and _joins(char, before[-1], after)
    if char in _DIRECTION_MARKS:
        return right_to_left
    if 0xE0020 <= ord(char) <= 0xE007F:  # the letters inside the flags of England, Scotland and Wales
        return bool(before) and (before[-1] == _BLACK_FLAG or 0xE0020 <= ord(before[-1]) <= 0xE007E)
    if char in _VISIBLE_FORMATS:
        return True
    # Private use stays (a font may know it); unassigned may be an emoji newer than this Python.
    return category == "Co" or (category == "Cn" and not _is_noncharacter(char))


def _joins(joiner: str, before: str, after: str) -> bool:
    if _joining_script(before):
        return joiner == _ZWJ or _joining_script(after)
    return joiner == _ZWJ and _pictorial(before) and _pictorial(after)


def _joining_script(char: str) -> bool:
    """Arabic, Syriac, N'Ko, the Indic scripts … Myanmar, Khmer, Mongolian: they shape letters by neighbours."""
    code = ord(char)
    return 0x0600 <= code <= 0x109F or 0x1780 <= code <= 0x18AF or 0xFB50 <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFC


def _pictorial(char: str) -> bool:
    return char == "\ufe0f" or unicodedata.category(char) in ("So", "Sk", "Sm", "Cn")


def _is_noncharacter(char: str) -> bool:
    return 0xFDD0 <= ord(char) <= 0xFDEF or ord(char) & 0xFFFE == 0xFFFE or 0xE0000 <= ord(char) <= 0xE0FFF


_CJK = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_SOUTH_EAST = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
_MARKS = r"\u2014\u201c\u201d\u2026\u3000-\u3004\u3008-\u3020\u3030-\u303f\uff01-\uff20\uff3b-\uff40\uff5b-\uff65"
_ATTACHED = r"[\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
_TOKEN = re.compile(rf"([{_CJK}]{_ATTACHED})|([{_SOUTH_EAST}])|([{_MARKS}])|[^\s{_CJK}{_SOUTH_EAST}{_MARKS}]+")
WORD = 10  # what a spaced word counts in `pieces`
_NO_SPACE = re.compile(rf"(?<=[{_CJK}{_MARKS}])[ \n]+(?=[{_CJK}{_MARKS}])")
_WEIGHTS = {1: 5, 2: 2, 3: 0}  # two Chinese or Japanese characters carry what one word does, five Thai ones


def flowing(text: str) -> str:
    """As `one_line`; a line end between two Chinese or Japanese characters leaves no space."""
    line = one_line(text)
    return line if line.isascii() else _NO_SPACE.sub("", line)


def count_words(text: str) -> int:
    """How much text this is, in words; scripts without spaces count by characters."""
    if text.isascii():
        return len(text.split())
    return -(-sum(weight for _, weight in pieces(text)) // WORD)


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where `text` may be cut, in order: the end of each uncuttable piece and its weight (`WORD` for a word)."""
    for token in _TOKEN.finditer(text):
        kind = token.lastindex
        if kind == 2 and not _may_follow_cut(text[token.end() : token.end() + 1]):
            continue
        yield token.end(), _WEIGHTS[kind] if kind else WORD


def _may_follow_cut(after: str) -> bool:
    """A vowel sign or tone mark belongs to the letter before it; a leading vowel to the one after it."""
    return unicodedata.category(after)[0] != "M" if after else True


def is_dense(char: str) -> bool:
    """Whether `char` is a Chinese or Japanese letter."""
    found = _TOKEN.match(char)
    return bool(found) and found.lastindex == 1 if found else False
