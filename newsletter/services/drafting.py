"""Writes a draft: the stories chosen for it, in their order, rendered and frozen."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from newsletter.domain.ranking import Candidate, Version
from newsletter.domain.urls import canonical
from newsletter.services.choosing import unwanted
from newsletter.services.collect import untitled
from newsletter.services.illustrate import Illustrator, open_album
from newsletter.services.trimming import fitting
from newsletter.store import candidates, issues, pictures, posts
from newsletter.store.database import Database
from newsletter.text.excerpt import excerpt, first_image, minutes
from newsletter.text.issue_links import IssueLinks
from newsletter.text.render import Rendered

EXCERPT = 35  # words of a row
LONG_EXCERPT = 110  # words of the lead
EXPLAINED = 75  # words of an explainer


class Renderer(Protocol):
    """What makes an email of a digest; text.render.Renderer is one."""

    def digest(self, digest: Digest, links: IssueLinks) -> Rendered: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a draft is to hold. `chosen` is never empty, the first one leads; `former` is the draft that it replaces.

    `notes` say what could not be read. `note` is the editor's: its words go out in one issue of the edition, and a
    later draft's `notes` say so. `subject` is the editor's own, "" for the template's. No `build` touches an `edited`
    one. `remarks` are noted this once.
    """

    chosen: Sequence[Candidate]
    as_of: datetime
    former: Issue | None
    notes: Sequence[str] = ()
    note: EditorNote | None = None
    subject: str = ""
    edited: bool = False
    remarks: Sequence[str] = ()


def write(
    database: Database,
    edition: Edition,
    renderer: Renderer,
    now: datetime,
    illustrator: Illustrator | None,
    plan: Callable[[Connection], Plan | Issue | None],
) -> Issue | None:
    """The draft as planned; what the `plan` gives instead (an issue that stays as it is, or none) as it is.

    A mail that mailboxes would cut off is made shorter from its end (`services.trimming`). Without an `illustrator` no
    story has pictures. The plan is made anew when pictures had to be fetched: the web may take its time, and no
    transaction is open meanwhile. Raises TemplateError, and Busy when another process is building the same edition.
    """
    album = open_album(illustrator, edition, now)
    while True:
        with database.write() as connection:
            planned = plan(connection)
            if not isinstance(planned, Plan):
                return planned
            number = planned.former.number if planned.former else _next_number(connection, edition)
            held, told = chosen_note(connection, edition, planned.former, planned.note)
            plain = digest_of(
                connection, edition, number, replace(planned, notes=(*planned.notes, *planned.remarks, *told))
            )
            plain = replace(plain, note=held.words)
            lacking = album.lacks(plain)
            if not lacking:
                whole = album.illustrated(plain)
                digest, rendered = fitting(whole, partial(_rendered, renderer))
                frozen = _freeze(digest, rendered, now, planned.as_of)
                pictures.keep(connection, album.embedded(frozen.html))
                return issues.save_draft(connection, _kept(frozen, planned, held))
        album.fill(lacking)


def _kept(frozen: Issue, planned: Plan, note: EditorNote) -> Issue:
    """What the next draft of it will want to know."""
    return replace(
        frozen,
        id=planned.former.id if planned.former else 0,
        edited=planned.edited,
        note_once=note.once,
        own_subject=planned.subject,
        unread=tuple(planned.notes),
    )


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


def said(story: DigestStory) -> str:
    """Another one when readers would see something else of the story, its pictures' making apart."""
    seen = (story.title, story.url, story.excerpt, story.long_excerpt, story.author, story.category, story.image)
    return hashlib.sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest_of(connection: Connection, edition: Edition, number: int, plan: Plan) -> Digest:
    """Without pictures, and without the editor's note."""
    whole = posts.by_ids(connection, [item.speaker.post for item in plan.chosen])
    others: dict[int, list[Version]] = defaultdict(list)
    for story, version in candidates.of_stories(connection, [item.story for item in plan.chosen], plan.as_of):
        if not unwanted(edition, version.categories):
            others[story].append(version)
    speakers = [whole[item.speaker.post] for item in plan.chosen]
    told = tuple(
        _story(item, post, others[item.story], lead=not place)
        for place, (item, post) in enumerate(zip(plan.chosen, speakers, strict=True))
    )
    notes = (*plan.notes, *_untitled(connection, edition.newsletter, speakers), *_wordless(told))
    date = plan.as_of.astimezone(ZoneInfo(edition.timezone))
    return Digest(edition, number, date, told, notes, subject=plan.subject)


def _next_number(connection: Connection, edition: Edition) -> int:
    return issues.next_number(connection, edition.newsletter, edition.key)


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
            said(story),
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
