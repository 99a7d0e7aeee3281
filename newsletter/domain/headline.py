"""What a title says once its wrapping is off: "Breaking: …", "… (updated)", "… | The Example"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from newsletter.domain.headline_words import COMMENT, COUNTED, LABELS, MARKERS, SERIES, SMALL

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"\d+(?:[.,:/-]\d+)*[^\W{_CJK}]*|[{_CJK}]|\b[a-z](?:\+\+|#)(?!\w)|[^\W{_CJK}]+")  # C++, F#
_ROMAN = re.compile(r"[ivx]+|[a-z]")  # or one letter
_HAN_COUNT = re.compile("第([一二三四五六七八九十百零〇两]+)(?=[期回周章部集话話卷巻号號季])")
_HAN_DIGITS = {**{sign: str(n) for n, sign in enumerate("零一二三四五六七八九十")}, "〇": "0", "两": "2", "百": "100"}
_STAGE = re.compile(r"(?:alpha|beta|rc|pre|preview|candidate)\d*")
_ACCENTS = re.compile("[\u0300-\u036f]")
_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f]+")
_WRAPPING = re.compile(r"[:|!\-–—\[\]()【】{}<>［］「」『』›»‹«•·/*+]")
_COMES_AGAIN = re.compile(
    r"\b(?:this|the|last|past) (?:week|month|day)\b|\bweek in\b|\blinks? (?:for|of)\b|^(?:\w+ )?links$"
)
_QUOTES = str.maketrans("", "", "'’‘`´ʼ\"“”„«»\u00ad\u200b\u200c\u200d\ufeff")
_WIDE = str.maketrans({"：": ": ", "｜": "| ", "！": "! "})  # these are written without a space
_LEAD = re.compile(
    r"""\W*(?:
        [\[(【{<［「『*+]\s*(?P<boxed>[^\])】}>］」』*+]{1,32}?)\s*[\])】}>］」』*+]+\s*[:：\-–—|]*
      | (?P<plain>[^:：|!！\-–—\[\]()]{1,32}?(?:[-’'][^\W\d]+)?)
        \s*(?:[:：](?=\s|[^\x00-\x7f])|[|»›•·!！]+(?=\s|[^\x00-\x7f])|\s+[-–—/>]+(?=\s))
      | (?P<wire>[^\W\d]{2,12}(?:\s\d{1,2})?)\s?-(?=[A-Z0-9"'“‘])
    )\s*(?P<rest>\S.*)""",
    re.VERBOSE | re.DOTALL,
)
_TAIL = re.compile(
    r"(?P<rest>.*\S)\s*(?:\s(?:[-–—|•·»›«‹]|::)\s*(?P<plain>[^-–—|•·»›«‹:]{1,40})|[\[(（【](?P<boxed>[^\])）】]{1,32})[\])）】])\s*\Z",
    re.DOTALL,
)


_Unwrapped = tuple[bool, str, list[str]]  # is the label a known one, what is left, its words


@dataclass(frozen=True, slots=True)
class Headline:
    """`firm` are the wordings that surely are the headline, `loose` those left when an unknown short lead-in goes.

    `words` are the content words of its shortest wording, `markers` what tells numbers of a series apart (numbers,
    versions, months, weekdays, ordinals); `series` is True for titles that come again ("Weekly roundup").
    """

    firm: frozenset[str]
    loose: frozenset[str]
    words: tuple[str, ...]
    markers: frozenset[str]
    series: bool


def headline(title: str) -> Headline:
    text = _EMOJI.sub(" | ", unicodedata.normalize("NFKC", title.translate(_WIDE))).strip(" |")
    text = _HAN_COUNT.sub(lambda count: f"第{'.'.join(_HAN_DIGITS[sign] for sign in count[1])}", text)
    core = known = tokens(text)
    firm: set[str] = {_key(core)}
    loose: set[str] = set()
    sure = True
    while found := _wrapped(text):
        label, text, core = found
        sure = sure and label
        known = core if sure else known
        (firm if sure else loose).add(_key(core))
    return Headline(
        firm=frozenset(firm - {""}),
        loose=frozenset(loose - firm - {""}),
        words=tuple([word for word in core if word not in SMALL]),
        markers=frozenset([*(word for word in known if is_figure(word) or word in MARKERS), *_letters(known)]),
        series=not SERIES.isdisjoint(known) or bool(_COMES_AGAIN.search(" ".join(known))),
    )


def is_a_stage_more(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the markers are one release's and its candidate's: 8.1, and 8.1 rc1."""
    more = one ^ other
    on_one_side = one < other or other < one
    return on_one_side and all(map(_STAGE.fullmatch, more)) and any(map(is_figure, one & other))


def _letters(words: list[str]) -> list[str]:
    """Those that count: `part I`, `Group B`, at a headline's end `Letters of war II`."""
    return [
        word
        for before, word in pairwise(["", *words])
        if _ROMAN.fullmatch(word) and (before in COUNTED or (word is words[-1] and len(words) > 2))
    ]


def is_figure(word: str) -> bool:
    """7, 3.1.2, 2nd, rc1, q3 …"""
    return word[0].isdigit() or word[-1].isdigit()


def rewrapped(one: Headline, other: Headline) -> bool:
    """Whether surely one headline stands under two labels of urgency: what a site does that posts its news again."""
    full = [max(head.firm, key=len, default="").split() for head in (one, other)]
    return bool(one.firm & other.firm) and full[0] != full[1] and COMMENT.isdisjoint(full[0] + full[1])


def tokens(text: str) -> list[str]:
    """Lower-case words without accents and quotes; a number with its dots is one word, so is each Han sign."""
    bare = text.translate(_QUOTES).casefold().replace("&", " and ")
    if not bare.isascii():
        bare = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", bare)))
    return _TOKEN.findall(bare)


def _key(words: list[str]) -> str:
    return " ".join([word for word in words if word not in ("a", "an", "the")])


def _wrapped(text: str) -> _Unwrapped | None:
    """What is left when a short lead-in or tail-piece goes."""
    return (_lead(text) or _tail(text)) if _WRAPPING.search(text) else _shout(text)


def _lead(text: str) -> _Unwrapped | None:
    found = _LEAD.match(text)
    return _parted(found["boxed"] or found["plain"] or found["wire"], found["rest"]) if found else _shout(text)


def _tail(text: str) -> _Unwrapped | None:
    found = _TAIL.match(text)
    return _parted(found["boxed"] or found["plain"], found["rest"]) if found else None


def _shout(text: str) -> _Unwrapped | None:
    """BREAKING without any mark behind it: capitals alone tell it from a word of the sentence."""
    first, _, rest = text.strip().partition(" ")
    if len(first) > 3 and first.isupper() and first.casefold() in LABELS and not rest.isupper():
        return _parted(first, rest)
    return None


def _parted(label: str, rest: str) -> _Unwrapped | None:
    core, words = tokens(rest), tokens(label)
    left = sum(word not in SMALL for word in core)
    if label.strip().casefold() in LABELS or (words and not words[0].isdigit() and all(map(_urges, words))):
        return (True, rest, core) if len(words) <= 6 and left >= 2 else None
    long_enough = left >= (6 if core and re.match(rf"[{_CJK}]", core[0]) else 3)
    if 0 < len(words) <= 4 and long_enough and not any(word[0].isdigit() or word in SERIES for word in words):
        return False, rest, core
    return None


def _urges(word: str) -> bool:
    return word in LABELS or word.isdigit()
