"""The passages of an HTML body."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

from newsletter.text.html import STRUCK, shallow
from newsletter.text.passage import Kind, Passage
from newsletter.text.plain import flowing

_NO_PROSE = frozenset(
    {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "table",
        "figure",
        "figcaption",
        "details",
        "nav",
        "aside",
        "footer",
        "header",
        "dt",
    }
)
_BLOCKS = _NO_PROSE | {
    *("p", "div", "section", "article", "main", "blockquote", "ul", "ol", "li", "dl", "dd", "details", "summary"),
    *("center", "address", "hgroup", "hr"),
}
_INLINE = frozenset({"br", "sup", "b", "strong", "em", "i", "a", "span"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_GONE = {"script", "style", "template", "iframe", "object", "svg", "math", "select", "button", "form", "video", "audio"}
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:wp-caption|captions?|share|sharing|sharedaddy|social|subscribe|subscription|signup|sign-up|related"
    r"|byline|byline-author|author-bio|toc|table-of-contents|footnotes?|credits?|sr-only|screen-reader-text"
    r"|visually-hidden|advert|advertisement|ads?|promo|cta|cookie|comments?|breadcrumbs?|feedflare|jp-relatedposts"
    r"|newsletter-(?:form|signup|box|cta)|post-meta|entry-meta|doc-noteref|footnote-ref)(?:$|[\s_-])",
    re.IGNORECASE,
)


_NOTHING = re.compile(r"(?!)")


def html_passages(html: str) -> list[Passage]:
    """The passages of `html` in order; what its classes call furniture (share bars, captions …) is left out."""
    cleaned = nh3.clean(
        shallow(html),
        tags=set(_BLOCKS | _INLINE),
        clean_content_tags=_GONE | STRUCK,
        attributes={"*": {"class", "id", "role", "style", "hidden"}, "a": {"href"}},
        url_schemes={"http", "https"},
        link_rel=None,
    )
    return _read(cleaned, _FURNITURE) or _read(cleaned, _NOTHING)


def _read(cleaned: str, furniture: re.Pattern[str]) -> list[Passage]:
    reader = _Reader(furniture)
    reader.feed(cleaned)
    reader.close()
    reader.flush()
    return reader.found


class _Reader(HTMLParser):
    """Walks over what nh3 wrote: every tag is closed, every attribute quoted."""

    def __init__(self, furniture: re.Pattern[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Passage] = []
        self._furniture = furniture
        self._open: list[str] = []
        self._skip_from: int | None = None  # how many elements were open when a skipped one began
        self._text: list[str] = []
        self._plain_letters = 0
        self._emphasis = 0
        self._breaks = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "hr"):
            self._break(tag)
            return
        if tag in _BLOCKS:
            self.flush()
        self._open.append(tag)
        if tag in ("b", "strong", "em", "i"):
            self._emphasis += 1
        if self._skip_from is None and self._is_skipped(tag, attrs):
            self._skip_from = len(self._open)

    def _is_skipped(self, tag: str, attrs: list[tuple[str, str | None]]) -> bool:
        if tag in _NO_PROSE:
            return True
        for name, value in attrs:
            if name == "hidden" or (name == "style" and _HIDDEN.search(value or "")):
                return True
            if name == "href":
                if value and re.search(r"#(?:fn|footnote|_ftn)", value):
                    return True
            elif value and name != "style" and tag != "span" and self._furniture.search(value):
                return True
        return False

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        if tag in _BLOCKS:
            self.flush()
        while self._open:
            closed = self._open.pop()
            if self._skip_from is not None and len(self._open) < self._skip_from:
                self._skip_from = None
            if closed in ("b", "strong", "em", "i"):
                self._emphasis -= 1
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._skip_from is not None:
            return
        if data.strip():
            self._breaks = 0
            if not self._emphasis:
                self._plain_letters += sum(map(str.isalnum, data))
        self._text.append(data)

    def _break(self, tag: str) -> None:
        """Two line breaks in a row separate paragraphs, as <hr> does."""
        self._breaks += 1
        self._text.append(" ")
        if tag == "hr" or self._breaks > 1:
            self.flush()

    def flush(self) -> None:
        text = flowing("".join(self._text))
        if text:
            self.found.append(Passage(self._kind(), text, emphatic=not self._plain_letters))
        self._text, self._plain_letters, self._breaks = [], 0, 0

    def _kind(self) -> Kind:
        if "blockquote" in self._open:
            return Kind.QUOTE
        return Kind.ITEM if "li" in self._open or "dd" in self._open else Kind.PARAGRAPH
