"""Small emails, each with one component and one attribute of it, and each with one element in another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

PICTURE = 'src="https://example.org/a.png" alt="a"'
_TEXT = "<mj-text>x</mj-text>"
_SECTION = f"<mj-section><mj-column>{_TEXT}</mj-column></mj-section>"
_ICONS = 'icon-wrapped-url="https://example.org/a" icon-unwrapped-url="https://example.org/b"'
_ARROWS = 'left-icon="https://example.org/l.png" right-icon="https://example.org/r.png"'

_SLIDE = f"<mj-carousel-image {PICTURE} />"


def body(inside: str) -> str:
    return f"<mjml><mj-body>{inside}</mj-body></mjml>"


def column(inside: str) -> str:
    return body(f"<mj-section><mj-column>{inside}</mj-column></mj-section>")


def head(inside: str, rest: str = _SECTION) -> str:
    return f"<mjml><mj-head>{inside}</mj-head><mj-body>{rest}</mj-body></mjml>"


def _social(mode: str, inside: str = "") -> str:
    return column(
        f"<mj-social{mode} @><mj-social-element {PICTURE} href='https://example.org/x'>F</mj-social-element>{inside}"
        "</mj-social>"
    )


def _accordion(outer: str = "", element: str = "", title: str = "", text: str = "") -> str:
    return column(
        f"<mj-accordion {_ICONS}{outer}><mj-accordion-element{element}><mj-accordion-title{title}>T"
        f"</mj-accordion-title><mj-accordion-text{text}>U</mj-accordion-text></mj-accordion-element></mj-accordion>"
    )


# Where each component is probed: @ stands where the attribute comes.
PLACES: Mapping[str, tuple[str, ...]] = {
    "mjml": (f"<mjml @><mj-body>{_SECTION}</mj-body></mjml>",),
    "mj-body": (f"<mjml><mj-body @>{_SECTION}</mj-body></mjml>",),
    "mj-raw": (body("<mj-raw @><p>x</p></mj-raw>"),),
    "mj-wrapper": (
        body(f"<mj-wrapper @>{_SECTION}{_SECTION}</mj-wrapper>"),
        body(f'<mj-wrapper background-url="https://example.org/b.png" @>{_SECTION}</mj-wrapper>'),
    ),
    "mj-section": (
        body(f"<mj-section @><mj-column>{_TEXT}</mj-column><mj-column>{_TEXT}</mj-column></mj-section>"),
        body(f'<mj-section background-url="https://example.org/b.png" @><mj-column>{_TEXT}</mj-column></mj-section>'),
    ),
    "mj-group": (body(f"<mj-section><mj-group @><mj-column>{_TEXT}</mj-column><mj-column /></mj-group></mj-section>"),),
    "mj-column": (
        body(f"<mj-section><mj-column @><mj-image {PICTURE} /></mj-column><mj-column /></mj-section>"),
        body(f'<mj-section><mj-column padding="10px" @><mj-image {PICTURE} />{_TEXT}</mj-column></mj-section>'),
    ),
    "mj-text": (column("<mj-text @>hello</mj-text>"),),
    "mj-button": (column('<mj-button href="https://example.org" @>go</mj-button>'),),
    "mj-image": (
        column(f"<mj-image {PICTURE} @ />"),
        column(f'<mj-image {PICTURE} href="https://example.org" @ />'),
    ),
    "mj-divider": (column("<mj-divider @ />"),),
    "mj-spacer": (column("<mj-spacer @ />"),),
    "mj-table": (column("<mj-table @><tr><td>x</td></tr></mj-table>"),),
    "mj-hero": (
        body(
            '<mj-hero background-url="https://example.org/b.png" background-height="300px" background-width="600px" @>'
            f"{_TEXT}</mj-hero>"
        ),
    ),
    "mj-navbar": (
        column('<mj-navbar hamburger="hamburger" @><mj-navbar-link href="/a">A</mj-navbar-link></mj-navbar>'),
        column('<mj-navbar @><mj-navbar-link href="/a">A</mj-navbar-link></mj-navbar>'),
    ),
    "mj-navbar-link": (
        column('<mj-navbar base-url="https://example.org"><mj-navbar-link href="/a" @>A</mj-navbar-link></mj-navbar>'),
    ),
    "mj-social": (_social(""), _social(' mode="vertical"')),
    "mj-social-element": (
        column(
            f'<mj-social><mj-social-element name="web" {PICTURE} href="https://example.org" @>F'
            "</mj-social-element></mj-social>"
        ),
    ),
    "mj-accordion": (_accordion(" @"),),
    "mj-accordion-element": (_accordion("", " @"),),
    "mj-accordion-title": (_accordion("", "", " @"),),
    "mj-accordion-text": (_accordion("", "", "", " @"),),
    "mj-carousel": (
        column(
            f"<mj-carousel {_ARROWS} @><mj-carousel-image {PICTURE} /><mj-carousel-image {PICTURE} /></mj-carousel>"
        ),
    ),
    "mj-carousel-image": (
        column(
            f'<mj-carousel {_ARROWS}><mj-carousel-image {PICTURE} href="https://example.org" @ />'
            f"<mj-carousel-image {PICTURE} /></mj-carousel>"
        ),
    ),
}

_WRONG = {"enum": ("nonsense", ""), "color": ("#12345", "redd", "#abc", ""), "unit": ("17", "1em", "seventeen", "")}
_STRINGS = {
    "href": ("https://example.org/z", ""),
    "border": ("3px solid #123456", "none"),
    "position": ("top left", "center 30%"),
    "size": ("cover", "contain", "100px"),
    "mode": ("fixed-height", "fluid-height"),
    "hamburger": ("hamburger",),
    "align": ("left", "right"),
}


def values(attribute: str, kind: str) -> tuple[str, ...]:
    """What an attribute of that type may say, and what it may not."""
    if kind.startswith("enum"):
        return (*filter(None, kind[5:-1].split(",")), *_WRONG["enum"])
    if kind == "boolean":
        return ("true", "false", "yes")
    if kind == "color":
        return ("#123456", "red", "rgb(1,2,3)", "transparent", *_WRONG["color"])
    if kind == "integer":
        return ("3", "three")
    if kind.startswith("unit"):
        return (*_lengths(kind), *_WRONG["unit"])
    if attribute.endswith(("url", "src", "-icon")):
        return ("https://example.org/z.png",)
    return next((told for part, told in _STRINGS.items() if part in attribute), ("zed", "inherit"))


def _lengths(kind: str) -> Iterator[str]:
    yield from ("17px", "170px", "0", "17.5px")
    if "%" in kind:
        yield from ("30%", "100%")
    if "{1,4}" in kind:
        yield from ("1px 2px 3px 4px", "5px 6px", "0 6px", "1px 2px 3px", "1px 2px 3px 4px 5px")
    if "auto" in kind:
        yield "auto"
    if "Negative" in kind:
        yield from ("-2px", "0.1em")
    if kind.endswith(",)"):
        yield "1.5"


def with_attribute(place: str, attribute: str, value: str) -> str:
    """`place` with the attribute where its @ is, and not also where it stood already."""
    once = re.sub(rf' {re.escape(attribute)}="[^"]*"(?=[^<>]*@)', "", place)
    return once.replace("@", f'{attribute}="{value}"')


def attribute_probes(known: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """What is probed, in words, and the email."""
    for component, places in PLACES.items():
        kinds = dict(known.get(component, {})) or {"lang": "string", "dir": "string", "owa": "string"}
        for attribute, kind in (kinds | {"css-class": "string", "no-such": "string"}).items():
            for value in values(attribute, kind):
                for number, place in enumerate(places):
                    label = f'<{component} {attribute}="{value}"> in place {number}'
                    yield label, with_attribute(place, attribute, value)


# What holds other elements, with %s for them.
_AROUND = {
    "mjml": "<mjml>%s<mj-body></mj-body></mjml>",
    "mj-head": head("%s", ""),
    "mj-attributes": head("<mj-attributes>%s</mj-attributes>", ""),
    "mj-body": body("%s"),
    "mj-wrapper": body("<mj-wrapper>%s</mj-wrapper>"),
    "mj-section": body("<mj-section>%s</mj-section>"),
    "mj-group": body("<mj-section><mj-group>%s</mj-group></mj-section>"),
    "mj-column": column("%s"),
    "mj-hero": body("<mj-hero>%s</mj-hero>"),
    "mj-accordion-element": column(
        f"<mj-accordion {_ICONS}><mj-accordion-element>%s</mj-accordion-element></mj-accordion>"
    ),
    "mj-accordion": column(f"<mj-accordion {_ICONS}>%s</mj-accordion>"),
    "mj-carousel": column(f"<mj-carousel {_ARROWS}>%s</mj-carousel>"),
    **{name: column(f"<{name}>%s</{name}>") for name in ("mj-navbar", "mj-social")},
    **{name: column(f"<{name}>%s</{name}>") for name in ("mj-text", "mj-button", "mj-table", "mj-raw", "mj-divider")},
    **{name: head(f"<{name}>%s</{name}>") for name in ("mj-title", "mj-preview", "mj-style")},
}
_HOLDERS = (
    *("mj-head", "mj-attributes", "mj-section", "mj-wrapper", "mj-column", "mj-group", "mj-hero", "mj-navbar"),
    *("mj-social", "mj-accordion-element"),
)
_TEXTS = (
    *("mj-title", "mj-preview", "mj-style", "mj-raw", "mj-text", "mj-button", "mj-navbar-link"),
    *("mj-social-element", "mj-accordion-title", "mj-accordion-text"),
)
_INSIDE = {
    "words": "words",
    "a paragraph": "<p>x</p>",
    "a comment": "<!-- x -->",
    "mj-include": '<mj-include path="./x.mjml" />',
    "mj-nonsense": "<mj-nonsense>x</mj-nonsense>",
    "mj-all": '<mj-all color="#123456" />',
    "mj-class": '<mj-class name="c" color="#123456" />',
    "mj-image": f"<mj-image {PICTURE} />",
    "mj-carousel-image": f"<mj-carousel-image {PICTURE} />",
    "mj-breakpoint": '<mj-breakpoint width="300px" />',
    "mj-font": '<mj-font name="A" href="https://example.org/f" />',
    "mj-table": "<mj-table><tr><td>x</td></tr></mj-table>",
    "mj-accordion": f"<mj-accordion {_ICONS}></mj-accordion>",
    **{name: f"<{name} />" for name in ("mj-divider", "mj-spacer")},
    **{name: f"<{name}></{name}>" for name in _HOLDERS},
    **{name: f"<{name}>x</{name}>" for name in _TEXTS},
}


def nesting_probes() -> Iterator[tuple[str, str]]:
    """Each element in each, and the email."""
    for outer, around in _AROUND.items():
        for inner, inside in _INSIDE.items():
            yield f"{inner} in <{outer}>", around.replace("%s", inside)
