"""How odd the tags of a feed may be: feedparser takes minutes over one that no feed has."""

from __future__ import annotations

from contextlib import suppress
from xml.parsers import expat

MOST_ATTRIBUTES = 500  # of one tag; feedparser walks through all of them for each
MOST_DEEP = 200  # elements inside each other
MOST_TAGS = 1_000_000  # what is in CDATA included; of broken XML each costs feedparser forty microseconds


def oddity(body: bytes, encoding: str | None = None) -> str:
    """What would take feedparser's XML parser far too long, in words; "" when nothing does.

    `encoding` is known better than the document says. Broken XML is looked at up to where it breaks, which is as far as
    that parser goes.
    """
    if body.count(b"<") > MOST_TAGS:
        return f"more than {MOST_TAGS:,} tags"
    parser, found, depth = expat.ParserCreate(encoding), "", 0

    def begin(name: str, attributes: list[str]) -> None:
        nonlocal depth, found
        depth += 1
        if len(attributes) // 2 > MOST_ATTRIBUTES:
            found = f"a tag with {len(attributes) // 2:,} attributes"
        elif depth > MOST_DEEP:
            found = f"elements inside each other {depth} deep"
        if found:
            raise _Enough

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.ordered_attributes = True
    parser.UseForeignDTD(True)  # what it knows no entity by is passed over: feedparser has its own
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    with suppress(_Enough, expat.ExpatError, ValueError, LookupError):
        parser.Parse(body, True)
    return found


class _Enough(Exception):
    """Nothing more need be looked at."""
