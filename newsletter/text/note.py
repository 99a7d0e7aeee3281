"""An editor's note: a small Markdown file -> paragraphs of plain text in which only links are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.errors import NoteError, repeated
from newsletter.text.plain import one_line, visible

MOST = 4_000  # characters: about 600 words, and a note has rather 60
MOST_BYTES = 64 * 1024
_LINK = re.compile(r"\[([^\[\]]+)\]\(((?:https?://|mailto:)[^\s()]+)\)")
_COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
_UNSAFE = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "[": "%5B", "]": "%5D"})


def read_note(data: bytes, place: str) -> str:
    """The words of a note file, as domain.note.EditorNote has them; "" when there are none.

    Headings, lists and quotations become paragraphs, emphasis is left out, an HTML comment is for the editor alone.
    Raises NoteError (place, line, remedy) for what no note can hold: pictures, HTML, links that lead nowhere from a
    mail, other letters than UTF-8, more than MOST characters.
    """
    source = _COMMENTS.sub(lambda found: "\n" * found[0].count("\n"), _decoded(data, place))
    tokens = MarkdownIt("commonmark", {"maxNesting": 20}).parse(visible(source))
    paragraphs: list[str] = []
    for text, line in _paragraphs(tokens, place):
        paragraphs.append(text)
        if sum(map(len, paragraphs)) > MOST:
            raise NoteError(
                place, f"a note has at most {MOST:,} characters, and here they are over. Shorten it.", line=line
            )
    return "\n\n".join(paragraphs)


def pieces(paragraph: str) -> list[tuple[str, str]]:
    """A note's paragraph as (words, address) by turns; the address is "" where the words are no link."""
    found: list[tuple[str, str]] = []
    end = 0
    for link in _LINK.finditer(paragraph):
        found += [(paragraph[end : link.start()], ""), (link[1], link[2])]
        end = link.end()
    return [piece for piece in [*found, (paragraph[end:], "")] if piece[0]]


def spelled_out(paragraph: str) -> str:
    """A note's paragraph for a text part: the address in brackets behind its words, unless they are the same."""
    return "".join(
        words
        if not address or address in (words, f"mailto:{words}")
        else f"{words} ({address.removeprefix('mailto:')})"
        for words, address in pieces(paragraph)
    )


def _decoded(data: bytes, place: str) -> str:
    if len(data) > MOST_BYTES:
        raise NoteError(place, f"it has more than {MOST_BYTES // 1024} KB; a note is a few paragraphs. Shorten it.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NoteError(place, "that is not UTF-8. Save the file as UTF-8.", line=line) from None


def _paragraphs(tokens: Sequence[Token], place: str) -> Iterator[tuple[str, int]]:
    """Each paragraph with the line it begins in."""
    marks: list[str] = []  # what stands before the next paragraph of each open list
    for token in tokens:
        line = (token.map[0] if token.map else 0) + 1
        if token.type == "html_block":
            raise NoteError(place, "HTML has no place in a note. Write plain Markdown.", line=line)
        if token.type == "list_item_open":
            marks.append(f"{token.info}{token.markup} " if token.info else "• ")
        elif token.type == "list_item_close":
            marks.pop()
        elif token.type in ("inline", "fence", "code_block"):
            words = _words(token.children or (), place, line) if token.type == "inline" else _literal(token.content)
            if text := one_line(words):
                mark = marks[-1] if marks else ""
                marks[-1:] = [""] * len(marks[-1:])
                yield mark + text, line


def _words(tokens: Sequence[Token], place: str, line: int) -> str:
    """The text of one paragraph. Lines are counted on, so that an error names the very one."""
    written: list[str] = []
    label: list[str] = []
    address = ""
    for token in tokens:
        into = label if address else written
        if token.type in ("text", "code_inline", "text_special"):
            into.append(_literal(token.content))
        elif token.type in ("softbreak", "hardbreak"):
            into.append(" ")
            line += 1
        elif token.type == "link_open":
            address = _address(str(token.attrGet("href") or ""), place, line)
        elif token.type == "link_close":
            words = one_line("".join(label)).translate(str.maketrans("[]", "()"))
            written.append(f"[{words or address}]({address})")
            label, address = [], ""
        elif token.type == "image":
            raise NoteError(place, "a picture has no place in a note. Write it into a post.", line=line)
        elif token.type == "html_inline":
            raise NoteError(
                place, f"{repeated(token.content)}: HTML has no place in a note. Write plain Markdown.", line=line
            )
    return "".join(written)


def _literal(text: str) -> str:
    """Words that look like one of our marked links, and are none, are kept from becoming one."""
    return text.replace("](", "] (")


def _address(href: str, place: str, line: int) -> str:
    try:
        parts = urlsplit(href)
        whole = parts.scheme == "mailto" or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        whole = False
    clean = one_line(href).translate(_UNSAFE)
    if not whole or not _LINK.fullmatch(f"[x]({clean})"):
        told = "leads nowhere from a mail. Write the whole address, with https:// (or mailto:)."
        raise NoteError(place, f"the link {repeated(href)!r} {told}", line=line)
    return clean
