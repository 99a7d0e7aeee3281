"""HTML of other people: cleaned for an email, or read as plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

from newsletter.text.links import absolute
from newsletter.text.plain import visible

DEEPEST = 2_000  # nested elements; the parser's time grows with the square of them
LONGEST = 2_000_000  # characters of HTML that are looked at

_TAGS = nh3.ALLOWED_TAGS - {"area", "map", "bdo", "center"}
_GONE_WITH_CONTENT = {"script", "style", "template", "iframe", "object", "svg", "math", "select", "button", "form"}
STRUCK = {"del", "s", "strike"}
_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
}
_BREAKS = {
    **dict.fromkeys(("p", "div", "blockquote", "ul", "ol", "dl", "table", "figure", "pre", "header", "footer"), 2),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "article", "section", "aside", "details", "hr"), 2),
    **dict.fromkeys(("br", "li", "dt", "dd", "tr", "figcaption", "caption", "summary"), 1),
}
_KEPT = frozenset({*_BREAKS, "td", "th"})
_LINKS = {("a", "href"), ("img", "src")}
_CLOSES_ITSELF = "p|li|d[td]|t[rdh]|thead|tbody|tfoot|option|br|hr|img|input|link|meta|wbr|col|source|area|embed|param"
_NESTING = re.compile(rf"<(/?)(?!(?:{_CLOSES_ITSELF})\b)[A-Za-z][^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<!--.*?-->|<[/A-Za-z!?][^<>]*>?", re.DOTALL)
_EMPTY_IMAGE = re.compile(r"<img(?![^>]*\ssrc=)[^>]*>")


def clean(html: str, base_url: str) -> str:
    """HTML that may stand in an email: no scripts, styles or forms, every link and picture absolute.

    Links and pictures with another scheme than http, https or mailto, or on a private address, lose their address.
    """

    def keep(tag: str, attribute: str, value: str) -> str | None:
        return absolute(value, base_url) if (tag, attribute) in _LINKS else value

    cleaned: str = nh3.clean(
        shallow(html),
        tags=_TAGS,
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto"},
        url_relative=lambda link: absolute(link, base_url),
        link_rel="noopener noreferrer",
    )
    return _EMPTY_IMAGE.sub("", cleaned)


def shallow(html: str) -> str:
    """`html` as it is; without its tags when they are nested so deep that parsing them would take minutes."""
    html = html[:LONGEST]
    if html.count("<") <= DEEPEST:
        return html
    depth = 0
    for tag in _NESTING.finditer(html):
        depth = max(depth + (-1 if tag[1] else 1), 0)
        if depth > DEEPEST:
            return _ANY_TAG.sub(" ", html)
    return html


def to_text(html: str) -> str:
    """HTML as plain text: a blank line between blocks, list items as "- item", nothing invisible, and nothing that is
    struck out: without its line it would say what its author took back.
    """
    reader = _TextReader()
    reader.feed(
        nh3.clean(shallow(html), tags=set(_KEPT), clean_content_tags=_GONE_WITH_CONTENT | STRUCK, attributes={})
    )
    reader.close()
    return reader.text()


class _TextReader(HTMLParser):
    """Reads what nh3 wrote, so every tag is well formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._pieces.append("\n" * _BREAKS.get(tag, 0))
        self._verbatim += tag == "pre"
        if tag == "li":
            self._pieces.append("- ")
        elif tag in ("td", "th"):
            self._pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag == "pre"
        if _BREAKS.get(tag) == 2:
            self._pieces.append("\n\n")

    def handle_data(self, data: str) -> None:
        self._pieces.append(data if self._verbatim else re.sub(r"[ \t\r\n\f]+", " ", data))

    def text(self) -> str:
        text = visible("".join(self._pieces))
        text = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \xa0]{2,}", " ", text))
        text = re.sub(r"^- *\n+(?=[^-\n])", "- ", text, flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", text).strip()
