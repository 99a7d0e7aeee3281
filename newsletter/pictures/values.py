"""The values that the picture room takes and gives. Without Pillow: who only speaks of pictures does not load it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from newsletter.domain.picture import PictureSlot
from newsletter.errors import PictureError


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture that a post of `source` names by its address, wanted for a slot."""

    source: str
    address: str
    slot: PictureSlot


@dataclass(frozen=True, slots=True)
class Shaped:
    """A finished file; `kind` is `jpg` or `png`."""

    data: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Download:
    """What the web gave. `validators` are headers that ask for it only if it has changed."""

    body: bytes
    validators: Mapping[str, str] = field(default_factory=dict)


Made = str | PictureError  # a picture's name in the media folder, or why there is none

# An address, headers to send and the seconds it may take; None when the picture is as it was. Raises NewsletterError.
Fetch = Callable[[str, Mapping[str, str], float], Download | None]
