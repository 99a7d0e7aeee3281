"""A passage: one paragraph of a body as plain text on one line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    PARAGRAPH = "paragraph"
    ITEM = "item"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` is never empty. `emphatic` is True when all of it is bold or italic: a heading, a caption, a byline."""

    kind: Kind
    text: str
    emphatic: bool = False
