"""Where sentences end, and text cut to a number of words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsletter.text.plain import WORD, count_words, flowing, pieces

ELLIPSIS = "…"
LONGEST_WORD = 80  # characters; longer ones are addresses or noise, and break a narrow column

_END = re.compile(r"(?:(?<![.!?…؟۔।])[.!?…؟۔।]+[\"'”’»)\]]*(?=\s)|[。！？]+[」』”’）]*)\s*")
_NO_END = re.compile(
    r"(?:^|[\s(\[“\"'])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Sen|Rep|Gov|Lt|Col|Capt|vs|etc|cf|e\.g|i\.e|a\.m|p\.m|No|Nos"
    r"|Inc|Ltd|Co|Corp|Bros|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Fig|Vol|approx|ca|al|z\.B|d\.h|bzw|(?:[A-Z]\.)+[A-Z])\.$"
)
_LONGEST_TITLE = 40  # characters: more than the longest of those, and the space around it
_CLOSED = re.compile(r"[.!?…؟۔।。！？:：][\"'”’»)\]」』）]*$")
_DANGLING = " \t,;:–—-(/[{“\"‘'«、，；：（「『&"
_CLAUSE = re.compile(r"[,;:](?=\s)|\s[–—](?=\s)|[，；：]")
_NEAR = 0.7  # of a cut sentence: a clause that ends after that is where it is cut
_FEWEST = 4  # words of a sentence that are worth beginning it
_ENOUGH = 0.6  # of the words asked for: then the text may end with a sentence


def sentences(text: str) -> list[str]:
    """The sentences of one paragraph, in order, each without outer spaces."""
    found, start = [], 0
    for end in _END.finditer(text):
        stop = end.end()
        if text[stop : stop + 1].islower() or _NO_END.search(text[max(start, stop - _LONGEST_TITLE) : stop].strip()):
            continue
        if sentence := text[start:stop].strip():
            found.append(sentence)
        start = stop
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def is_closed(text: str) -> bool:
    """Whether `text` ends as a sentence (or a line that introduces something) does."""
    return bool(_CLOSED.search(text))


def shortened(parts: Sequence[str], words: int) -> str:
    """As many of the sentences `parts` as `words` allow: ends with a sentence where that leaves enough, else "…"."""
    taken: list[str] = []
    used = 0
    for part in parts:
        size = count_words(part)
        if used + size > words or _has_monster(part):
            return _with_some_of(part, taken, words, used)
        taken.append(part)
        used += size
    return flowing(" ".join(taken))


def _with_some_of(part: str, taken: list[str], words: int, used: int) -> str:
    introduced = bool(taken) and taken[-1].endswith((":", "："))
    if taken and used >= words * _ENOUGH and not introduced:
        return flowing(" ".join(taken))
    beginning = _at_a_clause(cut(part, words - used))
    if taken and count_words(beginning) < _FEWEST:
        kept = taken[:-1] if introduced and len(taken) > 1 else [taken[0].rstrip(":："), *taken[1:]]
        return flowing(" ".join(kept))
    return flowing(" ".join([*taken, beginning]))


def cut(text: str, words: int) -> str:
    """The first `words` words of `text` and "…"; the text itself when it is no longer. Never cuts inside a word."""
    end, weight, whole = 0, 0, True
    for stop, size in pieces(text):
        weight += size
        if weight > words * WORD or stop - end > LONGEST_WORD + 2:
            whole = False
            break
        end = stop
    if whole:
        return text
    beginning = text[:end].rstrip().rstrip(_DANGLING)
    if not beginning:
        return ""
    return beginning if beginning.endswith(ELLIPSIS) else beginning.rstrip(".") + ELLIPSIS


def _at_a_clause(beginning: str) -> str:
    """A cut sentence back to its last clause where that is near: "…, and the…" says less than "…"."""
    if not beginning.endswith(ELLIPSIS):
        return beginning
    marks = list(_CLAUSE.finditer(beginning, round(len(beginning) * _NEAR)))
    if not marks or _END.search(beginning, marks[-1].end(), len(beginning) - 1):
        return beginning
    kept = beginning[: marks[-1].start()].rstrip(_DANGLING)
    begun = max((end.end() for end in _END.finditer(kept)), default=0)
    return kept + ELLIPSIS if count_words(kept[begun:]) >= _FEWEST else beginning


def _has_monster(text: str) -> bool:
    return len(text) > LONGEST_WORD and any(len(word) > LONGEST_WORD for word in text.split()) and text.isascii()
