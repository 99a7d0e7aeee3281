"""The passages of a Markdown body, found line by line and rendered one by one: an excerpt reads but a few."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import markdown as python_markdown
from pymdownx import gemoji_db

from newsletter.text.html import to_text
from newsletter.text.html_passages import html_passages
from newsletter.text.kramdown import DONE_TASK, OPEN_TASK, translated
from newsletter.text.passage import Kind, Passage
from newsletter.text.plain import flowing

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$|\w)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_ITEM = re.compile(rf"[ \t]*(?:[-*+]|\d{{1,9}}[.)])[ \t]+(?:[{OPEN_TASK}{DONE_TASK}] )?(?=\S)")
_BULLET = re.compile(r" {0,3}[-*+][ \t]+(?=\S)")
_HARD_BREAK = re.compile(r"(?: {2,}|\\)$")
_QUOTE = re.compile(r" {0,3}>[ \t]?")
_MEANING = re.compile(r" {0,3}:[ \t]+(?=\S)")
_DEFINITION = re.compile(r" {0,3}(?:\[[^\]\n]{1,200}\]:|\*\[[^\]\n]{1,200}\]:)")
_TABLE = re.compile(r"[ \t]*\|.*\||[ \t]*:?-{2,}:?[ \t]*\||[ \t]*\|[-: ]")
_HTML = re.compile(r" {0,3}(?:<!--|<(/?)([A-Za-z][A-Za-z0-9-]*)(?=[\s/>]|$))")
_INLINE_TAGS = frozenset(
    {"a", "abbr", "b", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "mark", "q"}
    | {"s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)
_WHOLE_ELEMENTS = frozenset(
    {"aside", "audio", "details", "figure", "form", "iframe", "nav", "noscript", "object", "pre", "script", "style"}
    | {"svg", "table", "video", "header", "footer"}
)

_MARKUP = re.compile(r"[*_`\[\]<>&\\{}|~$^]|https?:|:/|--")
_FOOTNOTE_MARK = re.compile(r"\[\^[^\]\n]{1,60}\]")
_IMAGE = re.compile(
    r"!\[[^\[\]\n]{0,500}\](?:\([^()\n]{0,1000}(?:\([^()\n]{0,300}\)[^()\n]{0,300})?\)|\[[^\[\]\n]{0,200}\])"
)
_REFERENCE_LINK = re.compile(r"(?<!!)\[([^\[\]\n]{1,300})\] ?\[([^\[\]\n]{0,200})\]")
_SHORTCUT_LINK = re.compile(r"(?<![!\]])\[([^\[\]\n]{1,200})\](?![(\[:])")
_REFERENCES = re.compile(r"^ {0,3}\[([^\]\n^]{1,200})\]:", re.MULTILINE)
_EMPHATIC = re.compile(r"(\*\*\*|\*\*|__|\*|_)(?=\S)(?:(?!\1).)+\1[.:]?$", re.DOTALL)
_LONG_LINK = re.compile(r"https?://\S{60,}")
_STRAY_LINK = re.compile(r"<?\[([^\[\]]{1,300})\]\([^()\s]{0,500}\)>?")
_STRAY_EMPHASIS = re.compile(r"\*\*+|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)")
_SHORTCODE = re.compile(r":[a-z0-9_+-]{2,40}:")

_MOST_TERMS = 5  # above one meaning
_LONGEST = 10_000  # characters of one paragraph: an excerpt is never as long
_MOST_LINKS = 200  # in one paragraph: no one writes so, and the parser's time grows with their square
_ENDLESS = re.compile(r"[\[\]`]+")

_EXTENSIONS = {"pymdownx.betterem": {}, "pymdownx.tilde": {"subscript": False}}  # kramdown knows ~~two~~ alone
_PARSERS = threading.local()  # a parser serves one thread at a time


def markdown_passages(body: str) -> Iterator[Passage]:
    """The passages of `body` in order, each rendered when it is asked for."""
    text = translated(body)
    references: set[str] | None = None
    for kind, source in _blocks(text.split("\n")):
        if kind is None:
            yield from html_passages(source)
            continue
        if "[" in source and references is None:
            references = {name.lower() for name in _REFERENCES.findall(text)}
        words, pictures = _IMAGE.subn("", source)
        emphatic = bool(_EMPHATIC.match(words.strip()))
        plain = "" if pictures and emphatic else inline_text(source, references or set())  # a picture's caption
        if plain:
            yield Passage(kind, plain, emphatic)


def inline_text(source: str, references: set[str]) -> str:
    """One paragraph of Markdown as plain text on one line; pictures and footnote marks leave nothing."""
    if _MARKUP.search(source):
        source = _IMAGE.sub(" ", _FOOTNOTE_MARK.sub("", source))
        source = _REFERENCE_LINK.sub(
            lambda link: link[1] if (link[2] or link[1]).lower() in references else link[0], source
        )
        source = _SHORTCUT_LINK.sub(lambda link: link[1] if link[1].lower() in references else link[0], source)
        if _MARKUP.search(source):
            source = _without_strays(to_text(_render(source)))
        source = source.replace("---", "—").replace(" -- ", " – ")
    if ":" in source:
        source = _SHORTCODE.sub(_emoji, source)
    return flowing(source)


def _without_strays(text: str) -> str:
    """Marks that opened or closed nothing, and addresses too long for a line."""
    return _LONG_LINK.sub("", _STRAY_LINK.sub(r"\1", _STRAY_EMPHASIS.sub("", text)))


def _emoji(code: re.Match[str]) -> str:
    """The emoji that a shortcode such as `:tada:` names on GitHub and in Jekyll sites."""
    known = gemoji_db.emoji.get(code[0]) or gemoji_db.emoji.get(gemoji_db.aliases.get(code[0], ""))
    return "".join(chr(int(point, 16)) for point in known["unicode"].split("-")) if known else code[0]


def _render(source: str) -> str:
    parser: python_markdown.Markdown | None = getattr(_PARSERS, "parser", None)
    if parser is None:
        parser = python_markdown.Markdown(extensions=list(_EXTENSIONS), extension_configs=_EXTENSIONS)
        parser.parser.blockprocessors.deregister("code")
        _PARSERS.parser = parser
    source = source[:_LONGEST]
    if source.count("[") > _MOST_LINKS or source.count("`") > _MOST_LINKS:
        source = _ENDLESS.sub(" ", source)
    try:
        rendered: str = parser.reset().convert(source)
    except (RecursionError, ValueError, IndexError, AttributeError, AssertionError):
        _PARSERS.__dict__.clear()
        return ""
    return rendered


def _blocks(lines: list[str]) -> Iterator[tuple[Kind | None, str]]:
    """The blocks that hold prose: their kind (None for HTML) and their source without quote and list marks."""
    position, total = 0, len(lines)
    in_list = False
    while position < total:
        line = lines[position]
        if not line.strip():
            position += 1
        elif fence := _FENCE.match(line):
            position = _after_fence(lines, position, fence[1])
        elif _RULE.match(line) or (_HEADING.match(line) and line.lstrip().startswith("#")):
            position, in_list = position + 1, in_list and line.startswith(" ")
        elif _DEFINITION.match(line):
            position = _after_definition(lines, position)
        elif (tag := _HTML.match(line)) and (tag[2] or "").lower() not in _INLINE_TAGS:
            start, position = position, _after_html(lines, position, (tag[2] or "").lower())
            yield None, "\n".join(lines[start:position])
        elif line.startswith(("    ", "\t")) and not in_list:
            position = _after_paragraph(lines, position)
        else:
            kind = Kind.QUOTE if _QUOTE.match(line) else Kind.ITEM if _ITEM.match(line) else Kind.PARAGRAPH
            if kind is Kind.PARAGRAPH and _is_explained(lines, position):
                kind = Kind.ITEM
            in_list = kind is Kind.ITEM or (in_list and line.startswith((" ", "\t")))
            if in_list and kind is Kind.PARAGRAPH:
                kind = Kind.ITEM
            start, position = position, _after_block(lines, position, kind)
            source = _source(lines[start:position], kind)
            if source:
                yield kind, source


def _source(lines: list[str], kind: Kind) -> str:
    """The words of a block; "" when it is a heading in disguise or a table."""
    if len(lines) > 1 and _UNDERLINE.match(lines[-1]) and kind is Kind.PARAGRAPH:
        return ""
    if any(_TABLE.match(line) for line in lines[:3]) and kind is Kind.PARAGRAPH:
        return ""
    if kind is Kind.QUOTE:
        inner = [_QUOTE.sub("", line) for line in lines]
        return "\n".join(line for line in inner if not _HEADING.match(line))
    if kind is Kind.ITEM:
        if any(map(_MEANING.match, lines)):
            return _explained(lines)
        lines = [_ITEM.sub("", lines[0]), *(() if _HARD_BREAK.search(lines[0]) else lines[1:])]
    return "\n".join(line.strip() for line in lines)


def _is_explained(lines: list[str], position: int) -> bool:
    """Whether the paragraph at `position` is terms and their meanings, which begin with a colon."""
    for line in lines[position : position + _MOST_TERMS + 1]:
        if not line.strip():
            return False
        if _MEANING.match(line):
            return True
    return False


def _explained(lines: list[str]) -> str:
    """`term` and `: meaning` on lines of their own -> `term: meaning; another`."""
    told = ""
    for line in lines:
        words = _MEANING.sub("", line).strip()
        if not told or words == line.strip():
            told = f"{told} {words}"
        else:
            told = f"{told}{'; ' if ': ' in told else ': '}{words}"
    return told.strip()


def _after_block(lines: list[str], position: int, kind: Kind) -> int:
    """Where the paragraph, quote or item that begins at `position` ends."""
    end = position + 1
    while end < len(lines) and lines[end].strip():
        line = lines[end]
        if _FENCE.match(line) or (kind is Kind.ITEM and _ITEM.match(line)):
            return end
        if kind is Kind.PARAGRAPH and _BULLET.match(line):
            return end
        if kind is not Kind.QUOTE and _HEADING.match(line) and line.lstrip("# ") != line.lstrip():
            return end
        if _UNDERLINE.match(line) and kind is Kind.PARAGRAPH:
            return end + 1
        end += 1
    return end


def _after_paragraph(lines: list[str], position: int) -> int:
    while position < len(lines) and lines[position].strip():
        position += 1
    return position


def _after_fence(lines: list[str], position: int, fence: str) -> int:
    for end in range(position + 1, len(lines)):
        if lines[end].lstrip(" \t>").startswith(fence):
            return end + 1
    return len(lines)


def _after_definition(lines: list[str], position: int) -> int:
    """A footnote's text goes on in indented lines, blank ones between them."""
    position += 1
    while position < len(lines) and (
        lines[position].startswith(("    ", "\t"))
        or (
            not lines[position].strip()
            and lines[position + 1 : position + 2]
            and lines[position + 1].startswith("    ")
        )
    ):
        position += 1
    return position


def _after_html(lines: list[str], position: int, tag: str) -> int:
    """A comment or an element that is one thing ends where it is closed; other HTML at the next blank line."""
    if not tag or tag in _WHOLE_ELEMENTS:
        closing = f"</{tag}" if tag else "-->"
        for end in range(position, len(lines)):
            if closing in lines[end].lower():
                return end + 1
    return _after_paragraph(lines, position + 1)
