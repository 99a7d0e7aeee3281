"""Finds in one tag what the compiler does not know, leaves out, or fetches from somebody else's server."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from newsletter.text.mjml_components import ATTRIBUTES, EVERYWHERE, IGNORED
from newsletter.text.mjml_tokens import BLANK, Tag
from newsletter.text.mjml_values import faults

Fault = tuple[int, str]  # a line, and reason and remedy

_ATTRIBUTE = re.compile(r"""([^\s=/"']+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"']*))?""")
_ANY = frozenset(name for names in ATTRIBUTES.values() for name in names)
_DEFAULTS = {"mj-all": _ANY, "mj-class": _ANY | {"name"}}  # what stands in mj-attributes besides components
_PICTURES = ("mj-image", "mj-carousel-image")
# Without these the compiler takes pictures of its makers, from servers of theirs.
_BORROWED = {
    "mj-accordion": ("icon-wrapped-url", "icon-unwrapped-url"),
    "mj-carousel": ("left-icon", "right-icon"),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """`value` without its quotes, a {{ value }} as BLANK; None where no = stands.

    `is_literal` says that no Jinja stands in it, `place` where it begins in the tag.
    """

    line: int
    name: str
    value: str | None
    quoted: bool
    is_literal: bool
    place: int


def attributes(tag: Tag) -> Iterator[Attribute]:
    for found in _ATTRIBUTE.finditer(tag.inside.rstrip("/")):
        written = tag.written[found.start() : found.end()]
        value = found[2]
        quoted = value is not None and value[:1] in ('"', "'")
        yield Attribute(
            line=tag.line + tag.inside.count("\n", 0, found.start()),
            name=found[1],
            value=value[1:-1] if value is not None and quoted else value,
            quoted=quoted,
            is_literal="{%" not in written and BLANK not in found[0],
            place=found.start(),
        )


def attribute_faults(tag: Tag, *, is_default: bool) -> Iterator[Fault]:
    """What is wrong with the attributes of a tag; `is_default` where it stands in mj-attributes."""
    found = list(attributes(tag))
    for each in found:
        if each.value is not None and not each.quoted and each.name.strip(BLANK):
            name = _shown(each.name)
            yield each.line, f'<{tag.name} {name}=…>: the value needs quotes: {name}="…".'
    known = _known(tag.name, is_default=is_default)
    if known is None:
        return
    yield from _twice(tag, found)
    for each in found:
        yield from _name_and_value(tag.name, each, known)
    if not is_default and not any(BLANK in each.name or each.name == "mj-class" for each in found):
        yield from _missing(tag, {each.name: each for each in found})


def near(word: str, known: Iterable[str]) -> str:
    """A question that helps against slips of the pen, or nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _known(name: str, *, is_default: bool) -> frozenset[str] | None:
    """The attributes that an element may have; None for HTML, which may have any."""
    if is_default and name in _DEFAULTS:
        return _DEFAULTS[name] | EVERYWHERE
    return ATTRIBUTES[name] | EVERYWHERE if name in ATTRIBUTES else None


def _twice(tag: Tag, found: list[Attribute]) -> Iterator[Fault]:
    before: dict[str, Attribute] = {}
    for each in found:
        former = before.get(each.name)
        if former and BLANK not in each.name and "{%" not in tag.written[former.place : each.place]:
            yield each.line, f"<{tag.name}> has {each.name} twice. Only one can count: take the other away."
        before[each.name] = each


def _name_and_value(component: str, each: Attribute, known: frozenset[str]) -> Iterator[Fault]:
    name = each.name
    if BLANK in name:
        return  # a {{ value }} writes it
    if (component, name) in IGNORED:
        if (component, name, each.value) not in _HARMLESS:
            yield each.line, f"<{component} {name}=…>: {IGNORED[component, name]}."
    elif name not in known:
        yield each.line, f"<{component}> has no attribute {name}; it is left out.{near(name, known)}"
    elif each.value is None:
        yield each.line, f'<{component} {name}>: it needs a value: {name}="…".'
    elif each.is_literal:
        for told in faults(component, name, each.value):
            yield each.line, f'<{component} {name}="{each.value}">: {told}'


# An empty padding costs nothing when it is lost, and makes a template's meaning plain.
_HARMLESS = {("mj-hero", "padding", "0"), ("mj-hero", "padding", "0px")}


def _missing(tag: Tag, found: Mapping[str, Attribute]) -> Iterator[Fault]:
    alt = found.get("alt")
    if tag.name in _PICTURES and alt is None:
        yield tag.line, f'<{tag.name}> needs alt="…": what the picture says, or alt="" where it says nothing.'
    elif tag.name in _PICTURES and "href" in found and alt and not alt.value and alt.is_literal:
        yield alt.line, f"<{tag.name} href=…> with an empty alt is a link without words. Say where it leads."
    if tag.name == "mj-social-element":
        if "src" not in found and "name" in found:
            yield tag.line, "<mj-social-element> without src takes its picture from www.mailjet.com. Give it yours."
        if "src" in found and alt is None:
            yield tag.line, '<mj-social-element> needs alt="…", or alt="" where words stand beside the picture.'
    missing = [name for name in _BORROWED.get(tag.name, ()) if name not in found]
    if missing:
        yield tag.line, f"<{tag.name}> takes its pictures from i.imgur.com. Give it yours: {' and '.join(missing)}."
    href = found.get("href")
    if href and href.is_literal and not (href.value or "").strip():
        yield href.line, f"<{tag.name}> has an empty href: a link that leads nowhere. Take it away, or fill it."


def _shown(text: str) -> str:
    return text.replace(BLANK, "").strip() or "…"
