"""What templates are given holds nothing that cannot be seen (slot markers among it), and no link but to the web."""

from __future__ import annotations

import re
from dataclasses import replace

from newsletter.domain.digest import Also, Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.text.plain import one_line, visible


def clean_digest(digest: Digest) -> Digest:
    edition = clean_edition(digest.edition)
    stories, more = (
        tuple(_uncredited(_clean_story(story), edition) for story in told) for told in (digest.stories, digest.more)
    )
    return replace(digest, edition=edition, stories=stories, more=more, note=visible(digest.note).strip())


def clean_edition(edition: Edition) -> Edition:
    return replace(
        edition,
        name=one_line(edition.name),
        newsletter_name=one_line(edition.newsletter_name or edition.name),
        only_source=one_line(edition.only_source),
        site_name=one_line(edition.site_name),
        tagline=one_line(edition.tagline),
        intro=visible(edition.intro).strip(),
        postal_address=", ".join(filter(None, (one_line(line) for line in edition.postal_address.splitlines()))),
        siblings=tuple((key, one_line(name)) for key, name in edition.siblings),
    )


def _clean_story(story: DigestStory) -> DigestStory:
    return replace(
        story,
        title=one_line(story.title) or one_line(story.url),
        url=_web(story.url),
        source=one_line(story.source),
        excerpt=one_line(story.excerpt),
        long_excerpt=visible(story.long_excerpt).strip(),
        author=one_line(story.author) if story.author else None,
        category=one_line(story.category),
        tags=tuple(one_line(tag) for tag in story.tags),
        image=_web(story.image) if story.image else None,
        image_alt=one_line(story.image_alt),
        also=tuple(Also(one_line(also.title), _web(also.url), one_line(also.source)) for also in story.also),
    )


def _uncredited(story: DigestStory, edition: Edition) -> DigestStory:
    """Without its source where a reader knows it anyway: from the newsletter's only one, or one of its own name."""
    own = story.source
    if own not in (edition.only_source, edition.site_name, edition.name, edition.newsletter_name):
        return story
    also = tuple(replace(other, source="" if other.source == own else other.source) for other in story.also)
    return replace(story, source="", also=also)


def _web(url: str) -> str:
    """An http(s) link without spaces; anything else becomes "", which the templates show as plain text."""
    clean = one_line(url)
    return clean.replace(" ", "%20") if re.match(r"https?://[^/\s]", clean, re.IGNORECASE) else ""
