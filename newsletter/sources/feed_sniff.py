"""What a document is that is no feed, in words that help."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

_LINK = re.compile(r"<link\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w-]{1,30})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_HTML = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_OPML = re.compile(r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<opml\b", re.IGNORECASE | re.DOTALL)
_LISTED = re.compile(r"\bxmlUrl\s*=\s*[\"']([^\"'<>]{1,300})[\"']", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")


def what_it_is(body: bytes, content_type: str, base: str) -> str:
    """One sentence or two, for a SourceError."""
    text = body[:200_000].decode("utf-8", "replace")
    if not text.strip():
        return "the document is empty."
    if _OPML.match(text):
        listed = _LISTED.search(text)
        example = f", such as {unescape(listed[1])}" if listed else ""
        return f"this is a list of feeds (OPML): name one of those in it{example}."
    if _HTML.search(text[:2_000]) or "text/html" in content_type:
        found = _announced(text, base)
        if found:
            return f"this is an HTML page; its feed seems to be at {found}."
        return "this is an HTML page, not a feed, and it names no feed."
    kind = content_type.partition(";")[0].strip()
    beginning = " ".join(text.split())[:60]
    return f"this is no feed{f' ({kind})' if kind else ''}; it begins with {beginning!r}."


def _announced(text: str, base: str) -> str | None:
    for link in _LINK.finditer(text):
        told = {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(link[1])}
        if "alternate" in told.get("rel", "").lower().split() and told.get("type", "").lower() in _FEED_TYPES:
            return urljoin(base, told.get("href", "")) or None
    return None
