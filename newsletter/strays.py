"""Readers whom nobody sends anything, for config.yaml does not have their edition any more. Beside app.py on the third
floor."""

from __future__ import annotations

from typing import NamedTuple

from newsletter.app import App
from newsletter.domain.edition import EditionKey
from newsletter.services.moving import stranded


class Stray(NamedTuple):
    """Some readers' `place`, what is to be said of them, and what can be done."""

    place: EditionKey
    told: str
    remedy: str


def strays(app: App) -> list[Stray]:
    """The newsletters and editions that have active readers, and no place in config.yaml."""
    known = {EditionKey(key, edition.key): None for key in app.config.newsletters for edition in app.editions(key)}
    return [_stray(place, number, list(known)) for place, number in sorted(stranded(app.database, known).items())]


def _stray(place: EditionKey, number: int, known: list[EditionKey]) -> Stray:
    readers = f"{number:,} active reader{'s are' if number != 1 else ' is'}"
    told = f"{readers} in {place}, which config.yaml does not have: nobody sends them anything."
    there = next((one.edition for one in known if one.newsletter == place.newsletter), None)
    if there is None:
        remedy = f"Give the newsletter its key {place.newsletter} again; its `name` may be another."
    else:
        move = f"`newsletter subscribers move {place.edition} {there} --newsletter {place.newsletter}`"
        remedy = f"{move} takes them along, or name it in config.yaml again."
    return Stray(place, told, remedy)
