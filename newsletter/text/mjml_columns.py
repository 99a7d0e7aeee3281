"""Finds columns that do not fit beside each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from newsletter.text.mjml_attributes import attributes
from newsletter.text.mjml_tokens import Tag

WIDEST = 600.0  # pixels: the compiler's width of an email that says none
_SLACK = 0.5  # three columns of 33.33 % or 33.34 % are right

_WIDTH = re.compile(r"(\d+\.?\d*)(px|%)")
ROWS = ("mj-section", "mj-group")


@dataclass(slots=True)
class Row:
    """The widths of a row's columns so far; None when one of them is known only when the template runs."""

    widths: list[str] | None = field(default_factory=list)

    def add(self, tag: Tag) -> None:
        if self.widths is None:
            return
        width = next((each for each in attributes(tag) if each.name == "width"), None)
        if width is None or not width.is_literal or width.value is None:
            self.widths = None
        else:
            self.widths.append(width.value)

    def forget(self) -> None:
        self.widths = None


def too_wide(row: Row, name: str, body: float) -> Iterator[str]:
    """What is wrong with a row whose columns all say how wide they are; `body` is the email's width in pixels."""
    parts = [_WIDTH.fullmatch(width) for width in row.widths or ()]
    if not parts or not all(parts):
        return
    shares = sum(float(part[1]) for part in parts if part and part[2] == "%")
    pixels = sum(float(part[1]) for part in parts if part and part[2] == "px")
    if shares + pixels / body * 100 > 100 + _SLACK:
        told = " and ".join(filter(None, (f"{shares:g}%" if shares else "", f"{pixels:g}px" if pixels else "")))
        yield f"the columns of this <{name}> need {told}, more than there is; the last would slip below the others."
