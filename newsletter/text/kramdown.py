"""What kramdown adds to Markdown, put into words that python-markdown knows, or taken away.

Attribute lists go: an email keeps neither classes nor ids. So do comments, options, `{:toc}` and its list item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

LONGEST = 200_000  # characters of one post that are rendered
DEEPEST_QUOTE = 8
OPEN_TASK, DONE_TASK = "☐", "☑"  # what `- [ ]` and `- [x]` draw: a mail has no boxes to tick
_LONG_LINE = 20_000  # characters; longer ones are no prose, and cost the parser dearly
_HTML_LINE = re.compile(r" {0,3}</?[a-z][a-z0-9]*[ >]", re.IGNORECASE)

_DATA = re.compile(r"data:[\w/+.-]{1,80};base64,[\w+/=%-]*")
_FENCE = re.compile(r"^( {0,3}|(?: {0,12}>)+ ?| {4,12})(`{3,}|~{3,})[ \t]*([^`]*)$")
_WORD = re.compile(r"[\w+#-][\w+#.-]{0,30}")
_FENCED = r"^[ \t>]{0,12}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t>]{0,12}(?P=fence)[`~]*[ \t]*$|\Z)"
_COMMENT = r"\{::comment\}.*?(?:\{:/(?:comment)?\}|\Z)|\{::(?:comment|options)\b[^}\n]*/\}"
_EXTENSION = re.compile(r"\{::[a-z]+\b[^}\n]*\}|\{:/[a-z]*\}")
_TOC = r"^[ \t]*(?:[*+-]|\d+\.)[ \t]+[^\n]*\n(?:[ \t]*\n)?[ \t]*\{:[ \t]*(?:toc\b|[^}\n]*\btoc\b)[^}\n]*\}"
_MATH_BLOCK = r"^[ \t]*\$\$[ \t]*\n(?P<math>.{0,5000}?)\n[ \t]*\$\$[ \t]*$"
_MATH_LINE = r"^[ \t]*\$\$[ \t]*(?P<formula>[^$\n]{1,2000})\$\$[ \t]*$"
_BLOCKS = re.compile(rf"(?P<fenced>{_FENCED})|{_COMMENT}|{_TOC}|{_MATH_BLOCK}|{_MATH_LINE}", re.DOTALL | re.MULTILINE)
_BLOCK_LIST = re.compile(r"^[ \t>]*\{:(?!:|/)[^}\n]*\}[ \t]*$")
_ITEM_LIST = re.compile(r"^([ \t]*(?:[*+-]|\d+\.)[ \t]+)\{:[^}\n]*\}[ \t]*")
_SPAN_LIST = re.compile(r"\{:(?!:|/)[^}\n]*\}")
_HEADING_ID = re.compile(r"[ \t]*\{#[\w.:-]+\}[ \t]*(?=#*$)")
_MATH = re.compile(r"(?<![\\$])\$\$(?!\$)([^$\n]{1,2000}?)\$\$(?!\$)")
_GUILLEMETS = re.compile(r"(?<![<\w])<<([^<>`\n]{1,200})>>(?!>)")
_ESCAPED = re.compile(r"`[^`]*`|\\([$\"':=<>])")  # what python-markdown would leave with its backslash
_CODE_SPAN = re.compile(r"(`+)[^`\n]{1,2000}\1(?!`)")
_TASK = re.compile(r"^([ \t>]*(?:[*+-]|\d+[.)])[ \t]+)\[([ xX])\][ \t]+(?=\S)")
_TABLE_FOOT = re.compile(r"\|=[=|: ]*")
_BACKSLASH_BREAK = re.compile(r"\\\\$")
_QUOTES = re.compile(rf"^((?:[ ]{{0,3}}>){{{DEEPEST_QUOTE}}})[ >]+")


def without_data(text: str) -> str:
    """Pictures written into the text itself lose their bytes, which can be most of it."""
    return _DATA.sub("data:,", text) if ";base64," in text else text


def translated(markdown: str) -> str:
    """The same text as plain Markdown with fenced code; at most `LONGEST` characters, cut at a paragraph."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\x02", "").replace("\x03", "")
    text = without_data(text)
    if len(text) > LONGEST:
        text = text[: max(text.rfind("\n\n", 0, LONGEST), LONGEST // 2)]
    if "{:" not in text and "$$" not in text and "{#" not in text:
        return "\n".join(_lines(text))
    return "\n".join(_lines(_BLOCKS.sub(_block, text)))


def _block(found: re.Match[str]) -> str:
    """Fenced code as it is, formulas as fenced code, comments and tables of contents as nothing."""
    if found["fenced"]:
        return found[0]
    formula = found["math"] or found["formula"]
    return f"\n~~~\n{formula.strip()}\n~~~\n" if formula else ""


def _lines(text: str) -> Iterator[str]:
    """Every line outside of fenced code loses what only kramdown reads."""
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[2].startswith(fence) and not mark[3].strip():
                fence = ""
            yield line
        elif mark:
            fence = mark[2]
            language = _WORD.match(mark[3])
            yield f"{mark[1]}{mark[2]}{language[0] if language else ''}"
        else:
            yield from _line(line)


def _line(line: str) -> Iterator[str]:
    if len(line) > _LONG_LINE and not _HTML_LINE.match(line):
        line = line[:_LONG_LINE].rpartition(" ")[0] or line[:_LONG_LINE]
    if _BLOCK_LIST.match(line) or line == "^":
        yield ""
        return
    if line.startswith("|=") and _TABLE_FOOT.fullmatch(line):
        return
    if ">" in line:
        line = _QUOTES.sub(r"\1 ", line)
    if "] " in line:
        line = _TASK.sub(lambda task: f"{task[1]}{OPEN_TASK if task[2] == ' ' else DONE_TASK} ", line)
    is_code = line.startswith(("    ", "\t"))  # or stands in a list
    if "{" in line or "$$" in line or "\\\\" in line or (not is_code and ("\\" in line or "<<" in line)):
        line = _ITEM_LIST.sub(r"\1", line)
        line = _HEADING_ID.sub("", line)
        line = _BACKSLASH_BREAK.sub("  ", line)
        line = _outside_code(line)
    yield line


def _outside_code(line: str) -> str:
    pieces, position = [], 0
    for code in _CODE_SPAN.finditer(line):
        pieces += [_spans(line[position : code.start()]), code[0]]
        position = code.end()
    return "".join([*pieces, _spans(line[position:])])


def _spans(text: str) -> str:
    text = _EXTENSION.sub("", _SPAN_LIST.sub("", text))
    text = _MATH.sub(lambda math: f"`{math[1].strip()}`" if "`" not in math[1] else math[1], text)
    text = _GUILLEMETS.sub("«\\1»", text)
    return _ESCAPED.sub(lambda found: escape(found[1]) if found[1] else found[0], text)
