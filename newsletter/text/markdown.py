"""Markdown, as kramdown writes it -> HTML. The result is not yet safe: `text.html.clean` makes it so."""

from __future__ import annotations

import html
import re
import threading

import markdown as python_markdown

from newsletter.text.kramdown import translated

_EXTENSIONS = (
    "abbr",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "sane_lists",
    "smarty",
    "tables",
    "pymdownx.betterem",
    "pymdownx.highlight",
    "pymdownx.superfences",
    "pymdownx.tilde",
)
_SETTINGS: dict[str, dict[str, object]] = {
    "footnotes": {"BACKLINK_TEXT": "↩"},
    "pymdownx.highlight": {"use_pygments": False},
    "pymdownx.superfences": {"css_class": ""},
    "pymdownx.tilde": {"subscript": False},
}
_MARKS = re.compile(r"([\[\]*_`~<!])")
_MOST_MARKS = 2_000  # of one kind in one paragraph: no one writes so, and the parser's time grows with the square
_LEFTOVERS = re.compile(r"\[\^[^\]\s]{1,60}\]:?|\{:[^}\n<]*\}")
_CODE = re.compile(r"(<(?:pre|code)\b.*?</(?:pre|code)>)", re.DOTALL)

_PARSERS = threading.local()  # a parser takes 4 ms to make and serves one thread at a time


def to_html(markdown: str) -> str:
    """The post's HTML; smart quotes, tables, footnotes and fenced code included. Never raises."""
    text = _bounded(translated(markdown))
    parser = _parser()
    try:
        rendered: str = parser.reset().convert(text)
    except (RecursionError, ValueError, IndexError, AttributeError, AssertionError):
        # Nesting that the parser cannot follow: the words are still there.
        _PARSERS.__dict__.clear()
        return "\n".join(f"<p>{html.escape(part.strip())}</p>" for part in text.split("\n\n") if part.strip())
    return _without_leftovers(rendered)


def _parser() -> python_markdown.Markdown:
    made: python_markdown.Markdown | None = getattr(_PARSERS, "parser", None)
    if made is None:
        made = python_markdown.Markdown(extensions=list(_EXTENSIONS), extension_configs=_SETTINGS)
        _PARSERS.parser = made
    return made


def _bounded(text: str) -> str:
    """Paragraphs that are nothing but markup characters have them escaped."""
    if len(text) < _MOST_MARKS:
        return text
    return "\n\n".join(
        _MARKS.sub(r"\\\1", part) if max(part.count(mark) for mark in "[*_`~<!") > _MOST_MARKS else part
        for part in text.split("\n\n")
    )


def _without_leftovers(rendered: str) -> str:
    """Footnote marks without a footnote and attribute lists that nothing took are not for readers."""
    if "[^" not in rendered and "{:" not in rendered:
        return rendered
    pieces = _CODE.split(rendered)
    return "".join(piece if index % 2 else _LEFTOVERS.sub("", piece) for index, piece in enumerate(pieces))
