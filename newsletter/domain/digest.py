"""A digest: the ordered choice of stories for one edition and one date. A value, not stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.edition import Edition
from newsletter.domain.picture import Picture, PictureSlot


@dataclass(frozen=True, slots=True)
class Also:
    """Another version of the story, told elsewhere."""

    title: str
    url: str
    source: str


@dataclass(frozen=True, slots=True)
class DigestStory:
    """One item for a reader. Every text is plain text; `url` and `image` are absolute.

    `excerpt` is a row's 20–40 words; `long_excerpt` the lead's 100–120; `minutes` the reading time, 0: nobody knows.
    `tags` are the post's, and its categories after the first, which is `category`.
    `image` is the picture as the post names it; `pictures` are what a mail shows, none where it is no use.
    """

    story: int
    title: str
    url: str
    published: datetime
    source: str
    excerpt: str = ""
    long_excerpt: str = ""
    author: str | None = None
    category: str = ""
    tags: tuple[str, ...] = ()
    image: str | None = None
    image_alt: str = ""
    pictures: tuple[Picture, ...] = ()
    minutes: int = 1
    also: tuple[Also, ...] = ()

    @property
    def explains(self) -> bool:
        """It tells what something is, not what happened: a post with `explainer` among its categories or tags."""
        return "explainer" in {word.casefold() for word in (self.category, *self.tags)}

    def picture(self, slot: PictureSlot) -> Picture | None:
        return self.picture_in(slot.name)

    def picture_in(self, slot: str) -> Picture | None:
        """As `picture`, by the slot's name: for templates."""
        return next((picture for picture in self.pictures if picture.slot == slot), None)


@dataclass(frozen=True, slots=True)
class Digest:
    """`stories` is never empty; the first one is the lead. `date` is local to the edition's time zone.

    `note` is the editor's own words for this issue: paragraphs of plain text, an empty line between them.
    `more` come after them, told by their titles alone: the mail would be too long otherwise. `subject` is the editor's
    own words for the subject line, "" for those of the template.
    """

    edition: Edition
    number: int
    date: datetime
    stories: tuple[DigestStory, ...]
    notes: tuple[str, ...] = ()
    note: str = ""
    more: tuple[DigestStory, ...] = ()
    subject: str = ""

    @property
    def lead(self) -> DigestStory:
        return self.stories[0]

    @property
    def rest(self) -> tuple[DigestStory, ...]:
        return self.stories[1:]
