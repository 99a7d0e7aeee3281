"""A picture as a mail shows it."""

from __future__ import annotations

from dataclasses import dataclass

MOST_BYTES = 20_000_000  # of a file that a picture is made from


@dataclass(frozen=True, slots=True)
class PictureSlot:
    """A place for a picture, in CSS pixels; its file has twice as many each way."""

    name: str
    width: int
    height: int


WIDE = PictureSlot("wide", 552, 310)  # across the card, 16:9
THUMB = PictureSlot("thumb", 112, 112)  # beside a row


@dataclass(frozen=True, slots=True)
class Slots:
    """Which pictures a digest's stories get made: its first one, and the others."""

    lead: tuple[PictureSlot, ...] = (WIDE,)
    rest: tuple[PictureSlot, ...] = (THUMB,)


USUAL_SLOTS = Slots()
_OF_THEMES = {
    "brief": Slots((), ()),
    "letter": Slots((WIDE,), ()),
    "magazine": Slots((WIDE,), (WIDE, THUMB)),  # rows stand in pictured pairs; one that is left over has a thumb
}


def slots_of(theme: str) -> Slots:
    """What a theme shows, by its name; making more would be work for nobody."""
    return _OF_THEMES.get(theme, USUAL_SLOTS)


@dataclass(frozen=True, slots=True)
class Picture:
    """A file made for one slot; `src` is an https address or `cid:`, the size is that of the slot."""

    slot: str
    src: str
    width: int
    height: int
