"""How alike two bodies are: a small sketch of each tells it without reading either again."""

from __future__ import annotations

import html
import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cache
from itertools import chain
from zlib import crc32

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import token_sort_ratio

READ = 1600  # characters that a sketch reads: the news stands at the top, and 20,000 bodies take a second
READ_WHOLE = 20_000  # characters that are read where a sketch cannot tell
SHORT = 50  # words; a sketch of fewer holds every shingle, and is compared with a longer body only in full
_READ_FOR_FACTS = 4000
_OPENING = 28  # words
_CODE = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>|\]\([^)\s]*(?:\s[^)]*)?\)|\{[:%{][^}]*\}+|https?://\S+")
_TYPOGRAPHY = [("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("—", "-"), ("…", "... "), ("\u00a0", " ")]
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_SIGN = re.compile(f"([{_HAN}])")
_OTHER = re.compile(r"[^\w\s]+|_")
_SPACES = " \t\n\r\x0b\x0c-/_|\\=~"
_SPACED = {code: None for code in range(128) if not chr(code).isalnum()} | {ord(char): " " for char in _SPACES}
# A sketch keeps the three words from each word that begins with one of these: about a sixth of all.
_ASCII_ANCHORS = "bcd0-9"
_ASCII_ANCHORED = re.compile(rf" ([{_ASCII_ANCHORS}][^ ]* [^ ]+ [^ ]+)")
_FACT = re.compile(r"\d[\d.,:]*\d|\d|(?<![.!?:>#*\"“”\n-]\s)(?<![.!?:>#*\"“”\n-])(?<!^)\b[A-Z][\w’'-]*", re.M)


_FIGURE_OR_WORD = re.compile(r"\d[\d.,:]*|[^\W\d][\w'-]*")
_CUT_SHORT = re.compile(r"[\w'-]*\s?[\[(]?\.\.\..{0,60}\Z", re.DOTALL)  # half a word, "… Continue reading"


@dataclass(frozen=True, slots=True)
class Sketch:
    """Hashes of some of a body's three-word shingles, chosen by what they are: two sketches chose alike.

    `words` is the length of the part that was read.
    """

    shingles: frozenset[int]
    words: int

    def pack(self) -> bytes:
        return _turned(array("I", [self.words, *self.shingles])).tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Sketch:
        numbers = _turned(array("I", data))
        return cls(frozenset(numbers[1:]), numbers[0])


@dataclass(frozen=True, slots=True)
class Likeness:
    """`alike`: shared of all shingles (Jaccard). `within`: shared of the shorter body's. `seen`: of how many."""

    alike: float
    within: float
    seen: int


def sketch(body: str) -> Sketch:
    text = _words(body, READ)
    words = text.count(" ") - 1
    if words < SHORT:
        return Sketch(_every(text.split()), words)
    anchored = _ASCII_ANCHORED if text.isascii() else _anchored()
    return Sketch(frozenset(map(crc32, map(str.encode, anchored.findall(text)))), words)


@cache
def _anchored() -> re.Pattern[str]:
    """Made when first asked for: so many signs take a while."""
    others = "".join(map(chr, [*range(0xC0, 0x3040, 4), *range(0x3040, 0xD7B0, 4)]))
    return re.compile(rf" ([{_ASCII_ANCHORS}{others}][^ ]* [^ ]+ [^ ]+)")


def shingles(body: str) -> frozenset[int]:
    """Every shingle of the whole body, for the pairs that a sketch cannot decide."""
    return _every(_words(body, READ_WHOLE).split())


def opening(body: str) -> frozenset[int]:
    """Every shingle of the body's first words."""
    return _every(_words(body, READ).split()[:_OPENING])


def _every(words: list[str]) -> frozenset[int]:
    if len(words) < 3:
        return frozenset(crc32(word.encode()) for word in words)
    return frozenset(crc32(" ".join(three).encode()) for three in zip(words, words[1:], words[2:], strict=False))


def likeness(one: Sketch, other: Sketch, common: Set[int] = frozenset()) -> Likeness:
    """Compares two sketches without the `common` shingles, those that a site prints under every post."""
    return compare(one.shingles - common, other.shingles - common)


def compare(a: Set[int], b: Set[int]) -> Likeness:
    least = min(len(a), len(b))
    if not least:
        return Likeness(0.0, 0.0, 0)
    shared = len(a & b)
    return Likeness(shared / (len(a) + len(b) - shared), shared / least, least)


def common_shingles(groups: Iterable[Iterable[Sketch]], most: int) -> set[int]:
    """Shingles that stand under more than `most` different headlines; a group is one headline's sketches."""
    counts: Counter[int] = Counter()
    for group in groups:
        sets = [sketch.shingles for sketch in group]
        counts.update(sets[0] if len(sets) == 1 else set(chain.from_iterable(sets)))
    return {number for number, count in counts.items() if count > most}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a post names: names (capitals inside a sentence) and figures; those in its headline; every word it uses.

    `told` are the stems of the headline's words that stand in the body too, `lead` what the first words name.
    """

    named: frozenset[str]
    lead: frozenset[str]
    headed: frozenset[str]
    told: frozenset[str]
    words: frozenset[str]


def facts(body: str, title: str = "") -> Facts:
    """A word of the headline is a name when the body never writes it small, wherever in a sentence it stands."""
    text = _plain(body, _READ_FOR_FACTS).strip()
    if "..." in text[-99:]:
        text = _CUT_SHORT.sub("", text)
    if not text.isascii() or not title.isascii():
        text, title = _SIGN.sub(r" \1 ", text), _SIGN.sub(r" \1 ", _plain(title, READ))
    named = _spoken(" ".join(_FACT.findall(text)))
    small = frozenset(word for word in _FIGURE_OR_WORD.findall(text) if word[0].islower())
    head, words = _spoken(title), _spoken(text) | named  # names and figures may stand between letters without a space
    headed = frozenset(word for word in head & words - small if word[0].isdigit() or word.upper() != word)
    lead = _spoken(" ".join(_FACT.findall(" ".join(text.split(None, _OPENING)[:_OPENING]))))
    return Facts(named, lead, headed, _stems(head) & _stems(words), words | head)


def quarrel(one: Facts, other: Facts) -> float:
    """0…1: how far two posts name different people, things and figures, each lacking the other's.

    A rewriter changes words, trims or adds; he keeps the names and figures. Two reports from one mould differ
    in just these, and above all in what their headlines name. What only one side has is no quarrel.
    """
    if _lacking(one.headed, other.words) and _lacking(other.headed, one.words):
        return 1.0
    least = min(len(one.named), len(other.named))
    return min(_lacking(one.named, other.words), _lacking(other.named, one.words)) / least if least else 0.0


def leads_elsewhere(one: Facts, other: Facts) -> bool:
    """Whether either post begins with several names or figures that the other does not know."""
    return _lacking(one.lead, other.words) > 1 or _lacking(other.lead, one.words) > 1


def rivals(one: Facts, other: Facts) -> int:
    """How many words of each headline its own body repeats of which the other post has none; of that with fewer."""
    return min(len(one.told - _stems(other.words)), len(other.told - _stems(one.words)))


def echoed(told: Facts, words: Iterable[str]) -> int:
    """How many of these words of a headline its body repeats."""
    return len(_stems(words) & told.told)


def title_likeness(one: str, other: str) -> float:
    """0…1, whatever the order of the words."""
    return token_sort_ratio(one, other) / 100


def _spoken(text: str) -> frozenset[str]:
    return frozenset(word.strip("'-.,:").removesuffix("'s") for word in set(_FIGURE_OR_WORD.findall(text.lower())))


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:5] for word in words)


def _lacking(facts: frozenset[str], words: frozenset[str]) -> int:
    return sum(not _spelt_alike(fact, words) for fact in facts - words)


def _spelt_alike(fact: str, others: Iterable[str]) -> bool:
    return fact[0].isalpha() and any(
        abs(len(fact) - len(other)) <= 1 and len(fact) > 4 and Levenshtein.distance(fact, other, score_cutoff=1) <= 1
        for other in others
    )


def _words(body: str, most: int) -> str:
    """Lower-case words with one space before, between and after them; each Han sign is a word."""
    text = _plain(body, most).lower()
    if not text.isascii():
        text = _SIGN.sub(r" \1 ", _OTHER.sub(_gap, text)).encode("utf-8", "replace").decode()
    text = f" {text.translate(_SPACED)} " if text.isascii() else f" {' '.join(text.split())} "
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _gap(mark: re.Match[str]) -> str:
    return " " if mark[0][0] in _SPACES or not mark[0].isascii() else ""


def _plain(body: str, most: int) -> str:
    text = body[: most * 2]
    if "<script" in text or "<style" in text:
        text = _CODE.sub(" ", text)
    if "<" in text or "](" in text or "{" in text or "://" in text:
        text = _MARKUP.sub(" ", text)
    text = (html.unescape(text) if "&" in text else text)[:most]
    if not text.isascii():
        for fancy, plain in _TYPOGRAPHY:
            text = text.replace(fancy, plain)
    return text


def _turned(numbers: array[int]) -> array[int]:
    """Stored least byte first, on every machine."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
