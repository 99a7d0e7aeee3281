"""Phrases in the language of an edition: which file has them, how many of something there are, and what keeps apart.

Right-to-left text that holds a name or a number in other letters is shown in the wrong order unless each stands apart
from what surrounds it. Templates write `name|apart`, in both parts of a mail; HTML then has <bdi>, and a text of a
right-to-left edition has the same signs of Unicode. Posts cannot bring any: text.plain drops them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from newsletter.text import dates

ENGLISH = "en"
APART, AGAIN = "\u2068", "\u2069"  # first strong isolate, pop directional isolate
_TRADITIONAL = re.compile(r"zh-(hant|tw|hk|mo)\b", re.IGNORECASE)
_MARKUP = {APART: "<bdi>", AGAIN: "</bdi>"}


def in_language(folder: str, language: str, exists: Callable[[str], bool]) -> str:
    """The file with the phrases for a tag like de-AT: `folder`.txt where there is one, else de-AT.txt, de.txt or en.txt
    in `folder`.

    Chinese in traditional characters does not make do with the simplified ones.
    """
    parts = language.split("-")
    tags = ["-".join(parts[:count]) for count in range(len(parts), 1, -1)]
    if not _TRADITIONAL.match(language):
        tags.append(parts[0].lower())
    names = (f"{folder}.txt", *(f"{folder}/{tag}.txt" for tag in tags))
    return next(filter(exists, names), f"{folder}/{ENGLISH}.txt")


def plural(count: int, language: str, **forms: str) -> str:
    """The form that the language has for so many, with the number for its `#`: one="# story", other="# stories".

    The names are CLDR's: zero, one, two, few, many, other. A form that is not given is `other`; and 1 is always `one`,
    for English phrases also stand in for languages without a plural. KeyError without `other`.
    """
    form = "one" if count == 1 and "one" in forms else dates.plural_form(count, language)
    return forms.get(form, forms["other"]).replace("#", dates.number(count, language))


def apart(value: object) -> str:
    """`value` as a run of its own, whichever way its letters run; "" stays empty."""
    text = value if isinstance(value, str) else str(value)
    if not len(text):  # a slot may be asked that
        return ""
    return text[:0] + APART + text + AGAIN  # begun with its own kind: markup stays markup


def in_html(source: str) -> str:
    """What stands apart is in <bdi>; nothing does inside a tag."""
    written, inside = [], False
    for sign, piece in _pieces(source):
        if sign and not inside:
            written.append(_MARKUP[sign])
        begun, ended = piece.rfind("<"), piece.rfind(">")
        if begun != ended:  # both -1 where no tag begins or ends
            inside = begun > ended
        written.append(piece)
    return "".join(written)


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """What stands between signs, each with the sign before it. Searching twice, each for a letter, is faster."""
    for number, part in enumerate(source.split(APART)):
        for inner, piece in enumerate(part.split(AGAIN)):
            yield AGAIN if inner else APART if number else "", piece


def in_text(text: str, direction: str) -> str:
    """A text that runs from left to right does without: old terminals show the signs."""
    return text if direction == "rtl" else text.replace(APART, "").replace(AGAIN, "")
