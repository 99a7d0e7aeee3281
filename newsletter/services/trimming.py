"""An issue that fits: mailboxes cut off what is longer, and the way out with it.

While the mail is too long its last stories are told by their titles alone, under "More on the web". They are the
issue's all the same: readers have them, and they do not come again. Where even the titles are too many, the last ones
are left out altogether and stay candidates for the next issue.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from newsletter.domain.digest import Digest, DigestStory
from newsletter.domain.size import KB, MOST
from newsletter.preflight.plausible import html_bytes
from newsletter.text.render import Rendered

Render = Callable[[Digest], Rendered]


def fitting(digest: Digest, render: Render) -> tuple[Digest, Rendered]:
    """The digest with as much of it as fits, and its mail. The lead always stays whole.

    The mail is longer than MOST only when the lead by itself is; preflight judges it then.
    """
    rendered = render(digest)
    if _fits(digest, rendered):
        return digest, rendered
    stories, last = digest.stories, len(digest.stories) - 1

    @cache  # the search comes back to what it has looked at
    def shortened(cut: int, left_out: int) -> tuple[Digest, Rendered]:
        kept, told = len(stories) - cut, len(stories) - left_out
        shorter = replace(
            digest, stories=stories[:kept], more=stories[kept:told], notes=(*digest.notes, *_notes(stories, kept, told))
        )
        return shorter, render(shorter)

    cut = _least(last, lambda count: _fits(*shortened(count, 0)))
    if cut <= last:
        return shortened(cut, 0)
    left_out = _least(last, lambda count: _fits(*shortened(last, count)))
    return shortened(last, min(left_out, last))


def _least(most: int, fits: Callable[[int], bool]) -> int:
    """The smallest number up to `most` that fits, `most` + 1 when none does."""
    return bisect_left(range(most + 1), True, key=fits)


def _fits(digest: Digest, rendered: Rendered) -> bool:
    return html_bytes(rendered.html, digest.edition.site_url) <= MOST


def _notes(stories: Sequence[DigestStory], kept: int, told: int) -> list[str]:
    """What an operator should know of it."""
    limit = f"over {MOST // KB} KB, and Gmail would cut it off"
    notes = []
    if more := stories[kept:told]:
        what = "story is" if len(more) == 1 else "stories are"
        notes.append(f"{len(more)} {what} told by title only, from “{more[0].title}” on: the mail was {limit}.")
    if rest := stories[told:]:
        what = "story was" if len(rest) == 1 else "stories were"
        notes.append(
            f"{len(rest)} {what} left out, from “{rest[0].title}” on, and may come next time: the mail was {limit}."
        )
    return notes
