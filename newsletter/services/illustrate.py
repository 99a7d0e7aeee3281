"""Gives a digest's stories the pictures that their mail shows; one that cannot be had is noted, and goes without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.domain.digest import Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.domain.picture import USUAL_SLOTS, Picture, PictureSlot, Slots
from newsletter.errors import PictureError
from newsletter.pictures.values import Made, Wish
from newsletter.text import media
from newsletter.text.plain import one_line

if TYPE_CHECKING:
    from newsletter.pictures.workshop import Workshop

_MANY = 3  # stories whose pictures cannot be had for one reason: a host that is away, a wrong `url`
_LONGEST = 200  # characters of a title or an address in a note


@dataclass(frozen=True)
class Illustrator:
    """How an edition's pictures are made: which, by whom, and what `src` a finished one gets for its name."""

    workshop: Workshop
    src: Callable[[str], str]
    slots: Slots = USUAL_SLOTS


def open_album(illustrator: Illustrator | None, edition: Edition, now: datetime) -> Album:
    """An empty one but for the edition's logo, which is made at once: no transaction may be open."""
    theme = edition.theme
    if illustrator is None or not theme.logo or theme.logo_address:
        return Album(illustrator, now)
    return Album(illustrator, now, logo=illustrator.workshop.logo(Path(theme.logo)))


@dataclass
class Album:
    """The pictures of one digest while it is being built. Without an illustrator it wants none."""

    illustrator: Illustrator | None
    now: datetime
    made: dict[Wish, Made] = field(default_factory=dict)
    logo: Made | None = None  # of the edition, where it is a file

    def lacks(self, digest: Digest) -> list[Wish]:
        """What nobody has tried to make yet; what was made for an issue before is taken over on the way. Quick."""
        if self.illustrator is None:
            return []
        open_ones = [wish for wish in _wishes(digest, self.illustrator.slots) if wish not in self.made]
        self.made |= self.illustrator.workshop.kept(open_ones, self.now)
        return [wish for wish in open_ones if wish not in self.made]

    def fill(self, wishes: list[Wish]) -> None:
        """Fetches and shapes: takes as long as it takes, so no transaction may be open."""
        if self.illustrator:
            self.made |= self.illustrator.workshop.make(wishes, self.now)

    def illustrated(self, digest: Digest) -> Digest:
        """The digest with the pictures there are, and notes of those there are not."""
        if self.illustrator is None:
            return digest
        if self.logo is not None:
            digest = self._with_logo(digest, self.illustrator, self.logo)
        stories = tuple(self._with_pictures(story, lead=story is digest.lead) for story in digest.stories)
        return replace(digest, stories=stories, notes=(*digest.notes, *self._notes(digest.stories)))

    def embedded(self, html: str) -> dict[str, bytes]:
        """The pictures that travel with a mail. Raises PictureError for one that is gone meanwhile."""
        if self.illustrator is None:
            return {}
        return {name: self.illustrator.workshop.media.read(name) for name in media.embedded(html)}

    def _with_logo(self, digest: Digest, illustrator: Illustrator, logo: Made) -> Digest:
        """Without its logo a mail bears its name."""
        theme, notes = digest.edition.theme, digest.notes
        if isinstance(logo, PictureError):
            notes = (*notes, f"the logo {theme.logo} of `design` is not shown: {logo}.")
            theme = replace(theme, logo="")
        else:
            width, height = illustrator.workshop.size(logo)
            own = theme.logo_height or round(theme.logo_width * height / width)
            theme = replace(theme, logo=illustrator.src(logo), logo_height=own)
        return replace(digest, edition=replace(digest.edition, theme=theme), notes=notes)

    def _with_pictures(self, story: DigestStory, *, lead: bool) -> DigestStory:
        assert self.illustrator
        found = [
            Picture(slot.name, self.illustrator.src(name), slot.width, slot.height)
            for slot in _slots(self.illustrator.slots, lead=lead)
            if isinstance(name := self.made.get(_wish(story, slot)), str)
        ]
        return replace(story, pictures=tuple(found))

    def _notes(self, stories: tuple[DigestStory, ...]) -> list[str]:
        """One for a story, however many slots it has, and one for many that lack theirs for the same reason."""
        lacking: dict[str, list[DigestStory]] = {}
        for story in stories:
            if failure := self._failure(story):
                lacking.setdefault(str(failure), []).append(story)
        notes: list[str] = []
        for reason, group in lacking.items():
            if len(group) >= _MANY:
                first = f"{_short(group[0].title)} with {_short(group[0].image)}"
                notes.append(f"{len(group)} stories are without their pictures, first {first}: {reason}.")
            else:
                notes += [f"{_short(one.title)}: without its picture {_short(one.image)}: {reason}." for one in group]
        return notes

    def _failure(self, story: DigestStory) -> PictureError | None:
        wanted = (self.made.get(wish) for wish in self.made if _is_of(wish, story))
        return next((made for made in wanted if isinstance(made, PictureError)), None)


def _short(text: str | None) -> str:
    """A title may have ten thousand letters, and a data: address a million."""
    line = one_line(text or "")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _wishes(digest: Digest, slots: Slots) -> list[Wish]:
    """Each once, though several stories may have the same picture."""
    wished = (
        _wish(story, slot)
        for story in digest.stories
        if story.image
        for slot in _slots(slots, lead=story is digest.lead)
    )
    return list(dict.fromkeys(wished))


def _wish(story: DigestStory, slot: PictureSlot) -> Wish:
    return Wish(story.source, story.image or "", slot)


def _is_of(wish: Wish, story: DigestStory) -> bool:
    return (wish.source, wish.address) == (story.source, story.image)


def _slots(slots: Slots, *, lead: bool) -> tuple[PictureSlot, ...]:
    return slots.lead if lead else slots.rest
