"""Finds in MJML templates what the compiler swallows without a word, or refuses without a place.

It reads the template as it is written, Jinja and all: branches of an {% if %} are each checked from where it began.
What it looks for was found by comparing the compiler with MJML's own; docs/mjml.md tells of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.text.mjml_attributes import attribute_faults, attributes, near
from newsletter.text.mjml_columns import ROWS, WIDEST, Row, too_wide
from newsletter.text.mjml_components import (
    ATTRIBUTES,
    CHILDREN,
    EMPTY,
    ENDINGS,
    MISPLACED,
    PLAIN,
    REFUSED,
    UNCOMMENTED,
    VOID,
)
from newsletter.text.mjml_tokens import BLANK, Aside, Control, Tag, Words, bare, tokens

DEPTH = 200  # elements inside each other; the compiler dies (with the whole process) at some 3,000

_DEFAULTS = "mj-attributes"
_ONCE = ("mj-head", "mj-body")


@dataclass(frozen=True, slots=True)
class Slip:
    """`line` counts from 1 in `template`'s file; `message` is reason and remedy."""

    template: str
    line: int
    message: str


@dataclass(slots=True)
class _Element:
    name: str
    line: int
    row: Row = field(default_factory=Row)  # of a section or group


@dataclass(slots=True)
class _Reading:
    """What is open at this point, what was open where each {% if %} began, and where each {% macro %} began."""

    template: str
    slips: list[Slip] = field(default_factory=list)
    open: list[_Element] = field(default_factory=list)
    branches: list[list[_Element]] = field(default_factory=list)
    asides: list[list[_Element]] = field(default_factory=list)
    once: set[str] = field(default_factory=set)
    width: float = WIDEST

    def report(self, line: int, message: str) -> None:
        self.slips.append(Slip(self.template, line, message))

    @property
    def parent(self) -> str | None:
        return self.open[-1].name if self.open else None

    def is_inside(self, name: str) -> bool:
        return any(element.name == name for element in self.open)


def lint(source: str, template: str) -> list[Slip]:
    """All slips, in the order of the file. `source` may be a whole email, a part, or a file of macros.

    Where elements stand too deep inside each other it reads no further.
    """
    reading = _Reading(template)
    for token in tokens(source):
        if isinstance(token, Control):
            _control(reading, token)
        elif isinstance(token, Words):
            _words(reading, token)
        elif isinstance(token, Aside):
            _aside(reading, token)
        elif token.ends:
            _close(reading, token.line, token.name)
        else:
            _open(reading, token)
            if len(reading.open) >= DEPTH:
                reading.report(token.line, "elements stand too deep inside each other. Is one of them never closed?")
                return sorted(reading.slips, key=_line)
    for line in bare(source):
        reading.report(line, "a bare < ends the reading here. Write &lt;, or compute it outside the markup.")
    for element in reading.open:
        reading.report(element.line, f"<{element.name}> is never closed.")
    return sorted(reading.slips, key=_line)


def _control(reading: _Reading, token: Control) -> None:
    word = token.word
    if word in ("if", "for"):
        reading.branches.append(list(reading.open))
        for element in reading.open[-1:]:
            element.row.forget()
    elif word in ("elif", "else") and reading.branches:
        reading.open[:] = reading.branches[-1]
    elif word in ("endif", "endfor") and reading.branches:
        reading.branches.pop()
    elif word == "macro" or (word == "set" and "=" not in token.written):
        reading.asides.append(list(reading.open))  # what it holds comes to stand elsewhere
        reading.open.clear()
    elif word in ("endmacro", "endset") and reading.asides:
        for element in reading.open:
            reading.report(element.line, f"<{element.name}> is never closed.")
        reading.open[:] = reading.asides.pop()


def _words(reading: _Reading, token: Words) -> None:
    """Words that stand where only components may; a {{ value }} there may well write components."""
    parent = reading.parent
    if parent is None or not token.text.replace(BLANK, "").strip():
        return
    if parent in EMPTY or reading.is_inside(_DEFAULTS):
        reading.report(token.line, f"<{parent}> holds nothing. Take away what stands in it.")
    elif parent in CHILDREN:
        reading.report(token.line, f"words stand in <{parent}>. Put them into mj-text.")


def _aside(reading: _Reading, token: Aside) -> None:
    if not token.text.startswith("<!--"):
        reading.report(token.line, f"the compiler cannot read {token.text[:9]}…. Take it away.")
    elif reading.parent in UNCOMMENTED:
        reading.report(token.line, f"a comment in <{reading.parent}> confuses the compiler. Write {{# … #}}.")


def _open(reading: _Reading, tag: Tag) -> None:
    name = tag.name
    for line, message in attribute_faults(tag, is_default=reading.is_inside(_DEFAULTS)):
        reading.report(line, message)
    _check_place(reading, tag)
    if name == "mj-column" and reading.open:
        reading.open[-1].row.add(tag)
    if name == "mj-group" and reading.open:
        reading.open[-1].row.forget()
    if name == "mj-body":
        reading.width = _width(tag)
    if name.lower() not in VOID and not tag.is_empty:
        reading.open.append(_Element(name, tag.line))


def _close(reading: _Reading, line: int, name: str) -> None:
    if name.lower() in VOID:
        reading.report(line, f"</{name}> closes nothing: <{name}> has no end. Take it away.")
    elif not reading.open:
        reading.report(line, f"</{name}> closes nothing.")
    elif reading.open[-1].name.lower() == name.lower():
        element = reading.open.pop()
        if name in ROWS:
            for message in too_wide(element.row, name, reading.width):
                reading.report(element.line, message)
    else:
        inner = reading.open[-1]
        reading.report(line, f"</{name}> comes while <{inner.name}> of line {inner.line} is still open.")
        names = [element.name for element in reading.open]
        if name in names:
            del reading.open[len(names) - 1 - names[::-1].index(name) :]


def _check_place(reading: _Reading, tag: Tag) -> None:
    name, line, parent = tag.name, tag.line, reading.parent
    if name in REFUSED:
        reading.report(line, f"<{name}>: {REFUSED[name]}.")
    elif (name, parent) in MISPLACED:
        reading.report(line, f"<{name}> in <{parent}>: {MISPLACED[name, parent or '']}.")
    elif reading.is_inside(_DEFAULTS):
        _check_default(reading, tag)
    elif name not in ATTRIBUTES:
        _check_html(reading, tag)
    elif parent is not None:
        _check_component(reading, tag, parent)
    if name in _ONCE and name in reading.once and not reading.branches:
        reading.report(line, f"<{name}> stands here a second time. Make one of the two.")
    reading.once.add(name)


def _check_default(reading: _Reading, tag: Tag) -> None:
    """In mj-attributes stand components, mj-all and mj-class, each of them empty."""
    name, line = tag.name, tag.line
    if reading.parent != _DEFAULTS:
        reading.report(line, f"<{reading.parent}> in <{_DEFAULTS}> holds nothing. Close it before <{name}>.")
    elif name not in ATTRIBUTES and name not in ("mj-all", "mj-class"):
        reading.report(line, f"there is no <{name}>; what it says is lost.{near(name, ATTRIBUTES)}")
    elif name == "mj-class" and not any(each.name == "name" or BLANK in each.name for each in attributes(tag)):
        reading.report(line, '<mj-class> needs a name: name="…".')


def _check_html(reading: _Reading, tag: Tag) -> None:
    name, line, parent = tag.name, tag.line, reading.parent
    if name.lower().startswith("mj-") or name.lower() == "mjml":
        hint = near(name.lower(), ATTRIBUTES)
        reading.report(line, f"there is no <{name}>; it would reach the reader as it stands.{hint}")
    elif parent in CHILDREN:
        reading.report(line, f"<{name}> cannot stand in <{parent}> itself. Put it into mj-text, or into mj-raw.")
    elif parent in PLAIN or parent in EMPTY:
        reading.report(line, f"<{parent}> holds no tags. Take <{name}> out of it.")


def _check_component(reading: _Reading, tag: Tag, parent: str) -> None:
    name, line = tag.name, tag.line
    around = next((element.name for element in reversed(reading.open) if element.name in ATTRIBUTES), None)
    if around in ENDINGS:
        reading.report(line, f"<{name}> inside <{around}> is not compiled. Close <{around}> first, or write HTML.")
    elif parent in CHILDREN and name not in CHILDREN[parent]:
        homes = [home for home, children in CHILDREN.items() if name in children]
        where = " or ".join(f"<{home}>" for home in homes) or "nowhere: it is the root"
        reading.report(line, f"<{name}> cannot stand in <{parent}>; its place is {where}.")


def _width(tag: Tag) -> float:
    """The email's width as mj-body says it, in pixels."""
    for each in attributes(tag):
        if each.name == "width" and each.is_literal and each.value and each.value.removesuffix("px").isdigit():
            return float(each.value.removesuffix("px")) or WIDEST
    return WIDEST


def _line(slip: Slip) -> int:
    return slip.line
