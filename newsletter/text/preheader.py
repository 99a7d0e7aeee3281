"""The line that inboxes show after the subject: what else is in the issue."""

from __future__ import annotations

from newsletter.domain.digest import Digest

LEAST, MOST = 85, 100  # characters; Gmail shows 40-100, Apple Mail 75-140
# What mails put behind a preheader, so that an inbox draws nothing else into it: joiners, soft hyphens, odd spaces.
# As part of a character class.
FILLER = "\u00ad\u034f\u061c\u115f\u17b4\u17b5\u180e\u2007\u200b-\u200f\u2060-\u2064\ufeff"
_SEPARATOR = " · "
_WORTH_A_START = 15  # a title cut shorter says nothing


def preheader(digest: Digest) -> str:
    """The other stories' titles, the last one cut to fit; where there are too few, words of an excerpt follow."""
    titles = [story.title for story in (*digest.rest, *digest.more)]
    excerpts = [story.excerpt for story in (*digest.rest, digest.lead) if story.excerpt]
    line = ""
    for text in (*titles, *excerpts[:1]):
        room = MOST - len(line) - len(_SEPARATOR) if line else MOST
        if len(line) >= LEAST or room < _WORTH_A_START:
            break
        line = f"{line}{_SEPARATOR}{cut(text, room)}" if line else cut(text, room)
    return line


def cut(text: str, most: int) -> str:
    """`text` in at most `most` characters, cut after a word and ended with …; a script without spaces anywhere."""
    if len(text) <= most:
        return text
    kept, space, _ = text[:most].rpartition(" ")
    if not space or len(kept) < most // 2:
        kept = text[: most - 1]
    return kept.rstrip(" ,;:.·–—-") + "…"
