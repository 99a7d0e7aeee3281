"""What of an email's HTML decides how it looks and reads, as a list of lines in the order of the document.

Two compilers write the same thing in many ways: other spaces, another order of attributes and of declarations, `0` or
`0px`. Here these are gone, and what tests/parity/harmless.py names. What Outlook alone is told, in conditional
comments, is opened and compared too; other comments are not: nobody reads them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

import tinycss2

from tests.parity.harmless import ELEMENTS, Element, same_rule

_OPEN = re.compile(r"<!--\[if ([^\]]*)\]>(?:<!-->|<!---->)?")
_CLOSE = re.compile(r"(?:<!--)?<!\[endif\]-->")
# A carousel and a menu name themselves: ours by a count, theirs by chance.
_MADE_UP = re.compile(
    r"(?<=mj-carousel-)[0-9a-f]{8,}|(?<=carousel-radio-)[0-9a-f]{8,}|\b[0-9a-f]{16}\b|\b0{7}[0-9a-f]\b"
)


def shape(html: str) -> list[str]:
    """One line for each tag with its attributes, each text, each declaration of a style sheet."""
    reader = _Reader()
    reader.feed(_opened(html))
    reader.close()
    return _merged(reader.lines)


def _opened(html: str) -> str:
    """The markup in conditional comments made visible, between marks."""
    marked = _OPEN.sub(lambda found: f'<x-if when="{_condition(found[1])}">', html)
    return _CLOSE.sub("<x-end></x-end>", marked)


def _condition(words: str) -> str:
    return " ".join(words.replace("|", " | ").split())


def _merged(lines: list[str]) -> list[str]:
    """One comment that ends where the next of its kind begins is one comment."""
    merged: list[str] = []
    condition = ""
    for line in lines:
        if line == "<style type=text/css>" and merged and merged[-1] == "</style>":
            merged.pop()  # "style elements": one, or one for each mj-style
            continue
        if line.startswith("[if "):
            if merged and merged[-1] == "[end]" and condition == line:
                merged.pop()
                continue
            condition = line
        if line == "[end]" and merged and merged[-1] == condition and condition:
            merged.pop()  # nothing was in it
            continue
        merged.append(line)
    return merged


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._text: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        if tag == "x-if":
            self.lines.append(f"[if {dict(attrs)['when']}]")
        elif tag == "x-end":
            self.lines.append("[end]")
        else:
            self.lines.append(_tag(tag, attrs))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        self._in_style = False
        if tag not in _VOID and not tag.startswith("x-"):
            self.lines.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def close(self) -> None:
        super().close()
        self._flush()

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if self._in_style:
            self.lines += _compared(text)
        elif words := " ".join(text.split(" ")).strip(" \n\t\r"):
            self.lines.append(" ".join(words.split()))


_VOID = frozenset("area base br col embed hr img input link meta source track wbr o:allowofficeuse".split())  # noqa: SIM905


def _tag(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    told = {name: " ".join(_MADE_UP.sub("#", value or "").split()) for name, value in attrs}
    style, classes = told.pop("style", ""), told.pop("class", "").split()
    element = Element(tag, told, classes, dict(declarations(style)))
    for forget in ELEMENTS.values():
        forget(element)
    written = [f"{name}={value}" for name, value in element.attributes.items()]
    if element.classes:
        written.append(f"class={' '.join(sorted(element.classes))}")
    if element.style:
        written.append("style=" + ";".join(f"{key}:{value}" for key, value in sorted(element.style.items())))
    return f"<{' '.join([tag, *sorted(written)])}>"


@lru_cache(4096)
def declarations(style: str) -> dict[str, str]:
    """A style attribute: property to value, the last one of a name counts."""
    found = {}
    for part in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True):
        if part.type == "declaration":
            value = _value(tinycss2.serialize(part.value))
            if value:
                found[part.name.lower()] = value + (" !important" if part.important else "")
    return found


def _value(text: str) -> str:
    value = re.sub(r"\s+", " ", text.strip())
    value = re.sub(r"\s*([,/(+>:])\s*", r"\1", value).replace("'", '"')
    value = re.sub(r"(?<![\d.])0(?:px|%|em)(?![\w.])", "0", value)
    return re.sub(r"#[0-9A-Fa-f]{3,8}\b", lambda found: found[0].lower(), value)


def _compared(text: str) -> list[str]:
    """The rules of a style sheet. The widths of columns exclude each other: their order says nothing."""
    rules = [rule for rule in map(same_rule, _rules(text)) if rule]
    return sorted(rules) if all(".mj-column-" in rule for rule in rules) else rules


@lru_cache(64)
def _rules(text: str) -> list[str]:
    """One line for each rule, its declarations sorted; rules in rules are written with what is around them."""
    found = []
    for rule in tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True):
        found += _rule(rule, "")
    return found


def _rule(rule: object, around: str) -> list[str]:
    kind = getattr(rule, "type", "")
    if kind == "error":
        return [f"{around}unreadable: {rule.message}"]
    prelude = _value(tinycss2.serialize(rule.prelude))
    inside = tinycss2.serialize(rule.content or [])
    if kind == "at-rule":
        name = f"{around}@{rule.at_keyword} {prelude}"
        if rule.at_keyword == "media":
            within = tinycss2.parse_stylesheet(inside, skip_comments=True, skip_whitespace=True)
            return [line for each in within for line in _rule(each, f"{name} ")]
        return [f"{name} {_declared(inside)}"]
    return [f"{around}{_MADE_UP.sub('#', prelude)} {_declared(inside)}"]


def _declared(inside: str) -> str:
    return "{" + ";".join(f"{key}:{value}" for key, value in sorted(declarations(inside).items())) + "}"
