"""What templates can do with a value: `{{ story.excerpt|sentence }}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from newsletter.domain.digest import Also, DigestStory
from newsletter.domain.picture import WIDE
from newsletter.text import columns, note
from newsletter.text.dates import unbroken
from newsletter.text.phrases import apart
from newsletter.text.plain import one_line
from newsletter.text.sentences import sentences

_CODE = re.compile(r"`(?! )([^`\n]+)(?<! )`")
ALSO_SHOWN = 5  # other versions of one story, of either kind


def paragraphs(text: str) -> list[str]:
    """A text of several paragraphs: an empty line stands between them."""
    return [one_line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]


def sentence(text: str) -> str:
    """Its first one, without the … of an excerpt that was cut after it."""
    return next(iter(sentences(text)), "")


def told_elsewhere(story: DigestStory) -> list[Also]:
    """One version of the story from each other source."""
    others = {also.source: also for also in reversed(story.also) if also.url and also.source not in ("", story.source)}
    return [also for also in story.also if others.get(also.source) is also][:ALSO_SHOWN]


def told_again(story: DigestStory) -> list[Also]:
    """The other versions that the story's own source has."""
    elsewhere = told_elsewhere(story)
    return [also for also in story.also if also.url and also not in elsewhere][:ALSO_SHOWN]


def paired(stories: Sequence[DigestStory]) -> tuple[list[tuple[DigestStory, DigestStory]], list[DigestStory]]:
    """Those with a wide picture two by two, and what is left: those without one, and an odd last one."""
    pictured = [story for story in stories if story.picture(WIDE)]
    pairs = list(zip(pictured[::2], pictured[1::2], strict=False))
    taken = {id(story) for pair in pairs for story in pair}
    return pairs, [story for story in stories if id(story) not in taken]


def initial(name: str) -> str:
    """The first letter or digit of a name, as a capital; "" where it has none."""
    return next((char.upper() for char in name if char.isalnum()), "")


def coded(text: str) -> Markup:
    """For HTML: what our messages put between backticks, as in `site.url`, is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - it is escaped


FILTERS: Mapping[str, Callable[..., object]] = {
    "apart": apart,
    "wrap": columns.wrap,
    "underline": columns.underline,
    "paragraphs": paragraphs,
    "sentence": sentence,
    "paired": paired,
    "initial": initial,
    "coded": coded,
    "unbroken": unbroken,
    "pieces": note.pieces,
    "spelled_out": note.spelled_out,
    "told_elsewhere": told_elsewhere,
    "told_again": told_again,
}
