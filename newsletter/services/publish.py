"""Freezes the best new stories into a draft issue."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from newsletter.domain.digest import Also, Digest, DigestStory
from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue, IssueState, IssueStory
from newsletter.domain.note import EditorNote
from newsletter.domain.post import Post
from newsletter.domain.ranking import Candidate, Ranked, Version, candidate, rank
from newsletter.domain.urls import canonical
from newsletter.services.collect import untitled
from newsletter.services.illustrate import Illustrator, open_album
from newsletter.services.trimming import fitting
from newsletter.store import candidates, issues, pictures, posts
from newsletter.store.database import Database
from newsletter.text.excerpt import excerpt, first_image, minutes
from newsletter.text.render import IssueLinks, Rendered

EXCERPT = 35  # words of a row
LONG_EXCERPT = 110  # words of the lead
EXPLAINED = 75  # words of an explainer


class Renderer(Protocol):
    """What makes an email of a digest; text.render.Renderer is one."""

    def digest(self, digest: Digest, links: IssueLinks) -> Rendered: ...


def build(
    database: Database,
    edition: Edition,
    renderer: Renderer,
    now: datetime,
    as_of: datetime,
    notes: Sequence[str] = (),
    illustrator: Illustrator | None = None,
    note: EditorNote | None = None,
) -> Issue | None:
    """The edition's draft, made anew from what is there: same id and number while nobody sent or edited it.

    Takes stories published by `as_of` and not older than the edition's lookback before it, that never went to the
    edition and pass its categories; the best `max_stories`. None when there is none: a draft of before stays then, for
    somebody to send or cancel. One that somebody edited comes back as it is. `notes` say what could not be read.
    `note` is the editor's: its words go out in one issue of the edition, and a later draft's `notes` say so.
    A mail that mailboxes would cut off is made shorter from its end (`services.trimming`). Without an `illustrator` no
    story has pictures. Raises TemplateError, and Busy when another process is building the same edition.
    """
    album = open_album(illustrator, edition, now)
    while True:
        with database.write() as connection:
            former = issues.draft(connection, edition.newsletter, edition.key)
            if former and former.edited:
                return former
            chosen = ranked(connection, edition, as_of)[: edition.max_stories]
            if not chosen:
                return None
            number = former.number if former else issues.next_number(connection, edition.newsletter, edition.key)
            held, told = chosen_note(connection, edition, former, note)
            plain = _digest(connection, edition, number, chosen, as_of, (*notes, *told))
            plain = replace(plain, note=held.words)
            lacking = album.lacks(plain)
            if not lacking:
                whole = album.illustrated(plain)
                digest, rendered = fitting(whole, partial(_rendered, renderer))
                frozen = _freeze(digest, rendered, now, as_of)
                pictures.keep(connection, album.embedded(frozen.html))
                kept = replace(frozen, id=former.id if former else 0, note_once=held.once)
                return issues.save_draft(connection, kept)
        album.fill(lacking)  # the web may take its time: no transaction is open meanwhile


def ranked(connection: Connection, edition: Edition, as_of: datetime) -> list[Ranked]:
    """Every story that may go to the edition, the best first; the first `max_stories` of them go."""
    taken = issues.sent(connection, edition.newsletter, edition.key)
    taken |= issues.reserved(connection, edition.newsletter, edition.key)
    told: dict[int, list[Version]] = defaultdict(list)
    for story, version in candidates.told(connection, edition.newsletter, as_of - edition.lookback, as_of):
        if story not in taken and wanted(edition, version.categories):
            told[story].append(version)
    found: list[Candidate] = [candidate(story, versions) for story, versions in told.items()]
    return rank(found, edition.weights, as_of, edition.lookback)


def wanted(edition: Edition, categories: Iterable[str]) -> bool:
    """Whether a post of these categories passes the edition's filter; capitals do not matter."""
    held = {category.casefold() for category in categories}
    if unwanted(edition, held):
        return False
    return not edition.categories or bool(held & {category.casefold() for category in edition.categories})


def unwanted(edition: Edition, categories: Iterable[str]) -> bool:
    """Whether the edition leaves these categories out, as another version of a story too."""
    left_out = {category.casefold() for category in edition.without_categories}
    return any(category.casefold() in left_out for category in categories)


def links(edition: Edition, number: int) -> IssueLinks:
    site, name, query = edition.site_url.rstrip("/"), edition.newsletter, f"?edition={edition.key}"
    return IssueLinks(
        online=f"{site}/archive/{name}/{number}{query}",
        archive=f"{site}/archive/{name}{query}",
        signup=f"{site}/subscribe/{name}{query}",
    )


def digest_hash(subject: str, preheader: str, html: str, text: str) -> str:
    """SHA-256 of what a reader gets."""
    return hashlib.sha256("\0".join((subject, preheader, html, text)).encode()).hexdigest()


def _digest(
    connection: Connection,
    edition: Edition,
    number: int,
    chosen: Sequence[Ranked],
    as_of: datetime,
    notes: tuple[str, ...],
) -> Digest:
    whole = posts.by_ids(connection, [item.candidate.speaker.post for item in chosen])
    others: dict[int, list[Version]] = defaultdict(list)
    for story, version in candidates.of_stories(connection, [item.candidate.story for item in chosen], as_of):
        if not unwanted(edition, version.categories):
            others[story].append(version)
    told = tuple(
        _story(item.candidate, whole[item.candidate.speaker.post], others[item.candidate.story], lead=item.rank == 1)
        for item in chosen
    )
    speakers = [whole[item.candidate.speaker.post] for item in chosen]
    said = (*notes, *_untitled(connection, edition.newsletter, speakers), *_wordless(told))
    return Digest(edition, number, as_of.astimezone(ZoneInfo(edition.timezone)), told, said)


def _untitled(connection: Connection, newsletter: str, told: Sequence[Post]) -> Iterator[str]:
    """A note on posts whose file says no title: what readers see in its place is the file's name, made to look well."""
    known = {source: untitled(connection, newsletter, source) for source in {post.source for post in told}}
    if bare := [post.title for post in told if post.key in known[post.source]]:
        whose = "1 story has no title of its own, so its file's name is"
        if len(bare) > 1:
            whose = f"{len(bare)} stories have no title of their own, so their files' names are"
        yield f"{whose} shown: {_stopped(', '.join(bare))} A `title:` in a post's front matter gives one."


def _wordless(stories: Sequence[DigestStory]) -> Iterator[str]:
    """A note on posts that are nothing but a table, say: a reader sees their titles alone."""
    bare = [story.title for story in stories if not (story.excerpt or story.long_excerpt)]
    if bare:
        there_are = "1 story has" if len(bare) == 1 else f"{len(bare)} stories have"
        remedy = "An `excerpt:` in a post's front matter gives some, or a summary in a feed."
        yield f"{there_are} no words below the title: {_stopped(', '.join(bare))} {remedy}"


def _stopped(titles: str) -> str:
    """With a full stop behind it, unless the last title brings one."""
    return titles if titles.endswith((".", "!", "?", "…")) else f"{titles}."


def chosen_note(
    connection: Connection, edition: Edition, former: Issue | None, given: EditorNote | None
) -> tuple[EditorNote, tuple[str, ...]]:
    """The note that the issue gets, and what is to be said about it. One given for this draft stays with it."""
    if former and former.note_once and not (given and given.once):
        given = EditorNote(former.note, "", once=True)
    if given is None or not given.words:
        return given or EditorNote("", ""), ()
    before = issues.with_note(connection, edition.newsletter, edition.key, given.words)
    if before is None:
        return given, ()
    told = f"{given.place or 'the note'} holds the words that issue {before} had: this one goes without a note"
    return EditorNote("", given.place), (f"{told}. Write a new one, or empty the file.",)


def _rendered(renderer: Renderer, digest: Digest) -> Rendered:
    return renderer.digest(digest, links(digest.edition, digest.number))


def _story(item: Candidate, post: Post, versions: Sequence[Version], *, lead: bool) -> DigestStory:
    image, image_alt = first_image(post) or (None, "")
    told = DigestStory(
        story=item.story,
        title=post.title,
        url=post.url,
        published=post.published,
        source=post.source,
        excerpt=excerpt(post, EXCERPT),
        author=post.author,
        category=post.categories[0] if post.categories else "",
        tags=(*post.categories[1:], *post.tags),
        image=image,
        image_alt=image_alt,
        minutes=minutes(post),
        also=_also(item.speaker, versions),
    )
    words = LONG_EXCERPT if lead else EXPLAINED if told.explains else 0
    return replace(told, long_excerpt=excerpt(post, words)) if words else told


def _also(speaker: Version, versions: Sequence[Version]) -> tuple[Also, ...]:
    """The other versions, the newest first; one for each page but the speaker's, however its address is spelled."""
    pages, found = {canonical(speaker.url)}, []
    for version in sorted(versions, key=lambda version: (version.published, -version.post), reverse=True):
        if (page := canonical(version.url)) not in pages:
            pages.add(page)
            found.append(Also(version.title, version.url, version.source))
    return tuple(found)


def _freeze(digest: Digest, rendered: Rendered, now: datetime, as_of: datetime) -> Issue:
    held = tuple(
        IssueStory(
            story.story,
            story.title,
            story.url,
            tuple({"title": also.title, "url": also.url, "source": also.source} for also in story.also),
        )
        for story in (*digest.stories, *digest.more)
    )
    return Issue(
        id=0,
        newsletter=digest.edition.newsletter,
        edition=digest.edition.key,
        number=digest.number,
        state=IssueState.DRAFT,
        subject=rendered.subject,
        preheader=rendered.preheader,
        html=rendered.html,
        text=rendered.text,
        hash=digest_hash(rendered.subject, rendered.preheader, rendered.html, rendered.text),
        stories=held,
        built_at=now,
        as_of=as_of,
        notes=digest.notes,
        note=digest.note,
    )
