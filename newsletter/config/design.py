"""`design:` of a newsletter or edition: colours, fonts, logo. No key is needed; each changes one thing of the theme."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from newsletter.config.section import Section
from newsletter.config.values import Number, PathName
from newsletter.errors import repeated

_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z", re.IGNORECASE)
_FAMILY = re.compile(r"-?[^\W\d_][\w -]*\Z")
_WORD = re.compile(r"-?[A-Za-z][A-Za-z-]*\Z")
_GENERIC = ("serif", "sans-serif", "monospace", "system-ui", "ui-serif", "ui-sans-serif", "ui-monospace")


def _colour(value: object) -> object:
    """All six digits, for Outlook reads no other colour."""
    if value is None:
        raise ValueError('it is empty: in YAML a # begins a comment, so write the colour in quotes, like "#0b5c86"')
    if not isinstance(value, str) or not _COLOUR.match(value.strip()):
        raise ValueError(f'{repeated(str(value))!r} is no colour; write one like "#0b5c86", in quotes')
    digits = value.strip()[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def _stack(value: object) -> object:
    """`Inter, "Segoe UI", sans-serif`, or a list: names that a style attribute can hold, a generic one at the end."""
    listed = [str(name) for name in value] if isinstance(value, (list, tuple)) else str(value).split(",")
    names = [" ".join(name.strip().strip("'\"").split()) for name in listed]
    for name in names or [""]:  # an empty list is as empty as empty text
        if not _FAMILY.match(name):
            told = 'write the names of installed fonts, like "Verdana, Arial, sans-serif"'
            raise ValueError(f"{repeated(name)!r} is no font's name; {told}")
    if names[-1].lower() not in _GENERIC:
        raise ValueError("it ends with a font that not every device has; put `, serif` or `, sans-serif` behind it")
    return ",".join(name if _WORD.match(name) else f"'{name}'" for name in names)


Colour = Annotated[str, BeforeValidator(_colour)]
FontStack = Annotated[str, BeforeValidator(_stack)]


class Colours(Section):
    """A colour for each role (domain.theme.Palette); "" is the theme's own."""

    page: Colour = ""
    card: Colour = ""
    tint: Colour = ""
    ink: Colour = ""
    muted: Colour = ""
    link: Colour = ""
    accent: Colour = ""
    rule: Colour = ""

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: Any) -> Any:
        """Unlike elsewhere a key with nothing behind it is told: `link: #0b5c86` looks as if there were something."""
        return {} if value is None else value


class Palettes(Section):
    light: Colours = Colours()
    dark: Colours = Colours()


class Fonts(Section):
    """Stacks of installed fonts: a mail fetches none. "" is the theme's own."""

    text: FontStack = ""
    headings: FontStack = ""


class Design(Section):
    """`logo` is an https address, or a file beside config.yaml; it takes the place of the name in the masthead."""

    colours: Palettes = Palettes()
    fonts: Fonts = Fonts()
    logo: PathName = ""
    logo_alt: str = ""
    logo_width: Number = Field(default=160, ge=16, le=552)
    logo_height: Number | None = Field(default=None, ge=8, le=400)


def said(section: Section) -> dict[str, Any]:
    """Only what the file itself says, as nested values."""
    return section.model_dump(exclude_unset=True)


def over(own: Design, base: Design) -> Design:
    """An edition's design: what it does not say itself, its newsletter's says, key by key."""
    return Design.model_validate(_laid(said(base), said(own)))


def _laid(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    laid = dict(base)
    for key, value in own.items():
        laid[key] = _laid(base.get(key, {}), value) if isinstance(value, dict) else value
    return laid
