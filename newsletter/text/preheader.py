"""The line that inboxes show after the subject: what else is in the issue."""

from __future__ import annotations

from collections.abc import Iterable

from newsletter.domain.digest import Digest

LEAST, MOST = 85, 100  # characters; Gmail shows 40-100, Apple Mail 75-140
_SEPARATOR = " · "


def preheader(digest: Digest) -> str:
    """The other stories' titles, as many as fit; where they are short of LEAST, words of an excerpt follow."""
    line = ""
    for title in (story.title for story in digest.rest):
        longer = f"{line}{_SEPARATOR}{title}" if line else title
        if len(longer) > MOST:
            break
        line = longer
    if not line and digest.rest:
        line = cut(digest.rest[0].title, MOST)
    return line if len(line) >= LEAST else _topped_up(line, (story.excerpt for story in digest.stories))


def cut(text: str, most: int) -> str:
    """`text` in at most `most` characters, cut after a word and ended with …; a script without spaces anywhere."""
    if len(text) <= most:
        return text
    kept, space, _ = text[:most].rpartition(" ")
    if not space or len(kept) < most // 2:
        kept = text[: most - 1]
    return kept.rstrip(" ,;:.·–—-") + "…"


def _topped_up(line: str, excerpts: Iterable[str]) -> str:
    excerpt = next((text for text in excerpts if text), "")
    room = MOST - len(line) - len(_SEPARATOR) if line else MOST
    if not excerpt or room < 15:
        return line
    words = cut(excerpt, room)
    return f"{line}{_SEPARATOR}{words}" if line else words
