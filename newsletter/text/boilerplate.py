"""What a source adds to its articles for its own ends, and what no reader of a digest misses.

The rules look at how a sentence begins and what it asks for; news that merely speaks of newsletters, clicks or
subscribers begins otherwise and stays. Whoever calls falls back to the whole text when nothing would be left.
"""

from __future__ import annotations

import re

from newsletter.text.boilerplate_rules import BIOS, GREETINGS, NOTES, REQUESTS, compiled
from newsletter.text.passage import Kind, Passage
from newsletter.text.plain import count_words
from newsletter.text.sentences import is_closed, sentences

_LONGEST_NOTE = 45  # words; a longer paragraph is not a mere notice, whatever it begins with

_REQUEST, _NOTE, _BIO = compiled(REQUESTS), compiled(NOTES), compiled(BIOS)
_GREETING = compiled(GREETINGS)
_LEAD_IN = re.compile(r"[(\[«»→➡▶►👉*•>\-–—| \ufe0f]+")
_SHORT_QUESTION = 9  # words: "Outside the UK?", "Enjoyed this?"


def is_request(sentence: str) -> bool:
    """Whether a sentence asks the reader to subscribe, click, share, follow, comment …"""
    return bool(_REQUEST.match(_bare(sentence)))


def is_note(passage: Passage) -> bool:
    """Whether a whole passage is about the page: a byline, a date, a credit, a greeting, a heading in disguise …"""
    size = count_words(passage.text)
    if size > _LONGEST_NOTE:
        return False
    if (
        passage.kind is Kind.PARAGRAPH
        and not is_closed(passage.text)
        and (size < 4 or (passage.emphatic and size < 15))
    ):
        return True
    bare = _bare(passage.text)
    return bool(_NOTE.match(bare) or _GREETING.match(bare))


def is_author_bio(paragraph: str) -> bool:
    """Whether a closing paragraph introduces the author."""
    return bool(_BIO.match(paragraph))


def without_requests(paragraph: str) -> list[str]:
    """The sentences of a paragraph but those that want something for the source, with the question that led to one."""
    kept: list[str] = []
    told = sentences(paragraph)
    for sentence in told[1:] if len(told) > 1 and _GREETING.match(told[0]) else told:
        if not is_request(sentence):
            kept.append(sentence)
        elif kept and kept[-1].endswith(("?", "？")) and count_words(kept[-1]) <= _SHORT_QUESTION:
            kept.pop()
    return kept


def _bare(text: str) -> str:
    """Without the arrow, bullet or bracket that such lines like to begin with."""
    found = _LEAD_IN.match(text)
    bare = text[found.end() :] if found else text
    return bare.rstrip(" )]»→➡▶►>") if found or bare[-1:] in ")]»→>" else bare
