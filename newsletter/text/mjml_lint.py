"""Finds in MJML templates what the compiler swallows without a word, or refuses without a place.

It reads the template as it is written, Jinja and all: branches of an {% if %} are each checked from where it began.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from newsletter.text.mjml_components import ATTRIBUTES, CHILDREN, ENDINGS, EVERYWHERE, IGNORED, REFUSED, VOID

DEPTH = 200  # elements inside each other; the compiler dies (with the whole process) at some 3,000

_JINJA = re.compile(r"{#.*?#}|{%-?\s*(?P<word>\w+)?.*?%}|{{.*?}}", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
TAG = re.compile(r"""<(?P<end>/?)(?P<name>[A-Za-z][\w:-]*)(?P<inside>(?:[^<>"']|"[^"]*"|'[^']*')*)>""")
_ATTRIBUTE = re.compile(r"""([^\s=/"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"']*))?""")
_SHORT_COLOUR = re.compile(r"#[0-9A-Fa-f]{3}\b")
_BLANK = "\x01"  # in place of a {{ value }}: neither a space nor anything that markup knows


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` counts from 1 in `template`'s file; `message` is reason and remedy."""

    template: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    line: int


@dataclass(slots=True)
class _Reading:
    """What is open at this point, and what was open where each {% if %} began."""

    template: str
    findings: list[Finding] = field(default_factory=list)
    open: list[_Element] = field(default_factory=list)
    branches: list[list[_Element]] = field(default_factory=list)

    def report(self, line: int, message: str) -> None:
        self.findings.append(Finding(self.template, line, message))


def lint(source: str, template: str) -> list[Finding]:
    """All findings, in the order of the file. `source` may be a whole email, a part, or a file of macros.

    Where elements stand too deep inside each other it reads no further.
    """
    reading = _Reading(template)
    for line, token in _tokens(source):
        if isinstance(token, str):
            _control(reading, token)
        elif token["end"]:
            _close(reading, line, token["name"])
        else:
            _open(reading, line, token)
            if len(reading.open) >= DEPTH:
                reading.report(line, "elements stand too deep inside each other. Is one of them never closed?")
                return sorted(reading.findings, key=_line)
    for line in _bare(source):
        reading.report(line, "a bare < ends the reading here. Write &lt;, or compute it outside the markup.")
    for element in reading.open:
        reading.report(element.line, f"<{element.name}> is never closed.")
    return sorted(reading.findings, key=_line)


def too_deep(source: str) -> bool:
    """Whether rendered MJML nests so far that the compiler must not see it."""
    depth = 0
    for tag in TAG.finditer(source):
        if tag["end"]:
            depth -= 1
        elif tag["name"].lower() not in VOID and not tag["inside"].endswith("/"):
            depth += 1
            if depth > DEPTH:
                return True
    return False


def _tokens(source: str) -> Iterator[tuple[int, str | re.Match[str]]]:
    """Jinja's words and markup's tags, with their lines."""
    words: list[tuple[int, str | re.Match[str]]]
    words = [(found.start(), found["word"]) for found in _JINJA.finditer(source) if found["word"]]
    tags = [(tag.start(), tag) for tag in TAG.finditer(_markup(source))]
    line, counted = 1, 0
    for position, token in sorted([*words, *tags], key=lambda pair: pair[0]):
        line += source.count("\n", counted, position)
        counted = position
        yield line, token


def _bare(source: str) -> Iterator[int]:
    """The lines of each < that begins no tag."""
    for number, line in enumerate(TAG.sub(_blank, _markup(source)).split("\n"), 1):
        if re.search(r"<(?![!?])", line):
            yield number


def _markup(source: str) -> str:
    """The template without Jinja and comments, every line and column where it was."""
    return _COMMENT.sub(_blank, _JINJA.sub(_blank, source))


def _blank(found: re.Match[str]) -> str:
    """Same length, same lines; a {{ value }} leaves something behind, the rest only space."""
    filler = _BLANK if found[0].startswith("{{") else " "
    return re.sub(r"[^\n]", filler, found[0])


def _control(reading: _Reading, word: str) -> None:
    if word in ("if", "for"):
        reading.branches.append(list(reading.open))
    elif word in ("elif", "else") and reading.branches:
        reading.open[:] = reading.branches[-1]
    elif word in ("endif", "endfor") and reading.branches:
        reading.branches.pop()


def _open(reading: _Reading, line: int, tag: re.Match[str]) -> None:
    name, inside = tag["name"], tag["inside"]
    _check_attributes(reading, line, name, inside)
    if name in ATTRIBUTES or name.startswith("mj-"):
        _check_place(reading, line, name)
    if name.lower() not in VOID and not inside.endswith("/"):
        reading.open.append(_Element(name, line))


def _close(reading: _Reading, line: int, name: str) -> None:
    if name.lower() in VOID:
        return
    if not reading.open:
        reading.report(line, f"</{name}> closes nothing.")
    elif reading.open[-1].name.lower() == name.lower():
        reading.open.pop()
    else:
        inner = reading.open[-1]
        reading.report(line, f"</{name}> comes while <{inner.name}> of line {inner.line} is still open.")
        names = [element.name for element in reading.open]
        if name in names:
            del reading.open[len(names) - 1 - names[::-1].index(name) :]


def _check_place(reading: _Reading, line: int, name: str) -> None:
    if name in REFUSED:
        reading.report(line, f"<{name}>: {REFUSED[name]}.")
        return
    if name not in ATTRIBUTES:
        if not _inside(reading, "mj-attributes"):
            reading.report(
                line, f"there is no <{name}>; it would reach the reader as it stands.{_near(name, ATTRIBUTES)}"
            )
        return
    parent = reading.open[-1].name if reading.open else None
    if parent is None or _inside(reading, "mj-attributes"):
        return
    around = next((element.name for element in reversed(reading.open) if element.name in ATTRIBUTES), None)
    if around in ENDINGS:
        reading.report(line, f"<{name}> inside <{around}> is not compiled. Close <{around}> first, or write HTML.")
    elif parent in CHILDREN and name not in CHILDREN[parent]:
        homes = [home for home, children in CHILDREN.items() if name in children]
        where = " or ".join(f"<{home}>" for home in homes) or "nowhere: it is the root"
        reading.report(line, f"<{name}> cannot stand in <{parent}>; its place is {where}.")


def _check_attributes(reading: _Reading, line: int, name: str, inside: str) -> None:
    free = _inside(reading, "mj-attributes")
    for found in _ATTRIBUTE.finditer(inside.rstrip("/")):
        key, value = found[1], found[2]
        at = line + inside.count("\n", 0, found.start())
        if key.strip(_BLANK + " ") == "":
            continue  # a {{ value }} writes whole attributes here
        if value is not None and value[:1] not in ('"', "'"):
            reading.report(at, f'<{name} {_shown(key)}=…>: the value needs quotes: {_shown(key)}="…".')
        if name not in ATTRIBUTES:
            continue
        if (name, key) in IGNORED:
            reading.report(at, f"<{name} {key}=…>: {IGNORED[name, key]}.")
        elif not free and _BLANK not in key and key not in ATTRIBUTES[name] | EVERYWHERE:
            reading.report(at, f"<{name}> has no attribute {key}; it is left out.{_near(key, ATTRIBUTES[name])}")
        elif value and _SHORT_COLOUR.search(value):
            reading.report(at, f"<{name} {key}={value}>: Outlook needs all six digits of a colour.")


def _line(finding: Finding) -> int:
    return finding.line


def _inside(reading: _Reading, name: str) -> bool:
    return any(element.name == name for element in reading.open)


def _shown(text: str) -> str:
    return text.replace(_BLANK, "").strip() or "…"


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""
