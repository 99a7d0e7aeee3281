"""Why a post is, or is not, in each edition's next issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from newsletter.domain.edition import Edition
from newsletter.domain.post import PostState, is_called
from newsletter.domain.ranking import Ranked
from newsletter.domain.urls import canonical
from newsletter.errors import SourceError, repeated
from newsletter.services.choosing import ranked, unwanted, wanted
from newsletter.sources.base import Source, SourceState, zone_of_posts
from newsletter.store import candidates, issues, source_states
from newsletter.store.candidates import Seen
from newsletter.store.database import Database
from newsletter.text.clocks import day, moment


class Reason(StrEnum):
    INCLUDED = "included"
    VERSION = "another version speaks"
    IN_DRAFT = "in the draft"
    BELOW = "below the limit"
    SENT = "already sent"
    SCHEDULED = "already scheduled"
    OLD = "too old"
    FUTURE = "not published yet"
    DRAFT = "draft"
    UNPUBLISHED = "unpublished"
    FILTERED = "filtered"
    LEFT_OUT = "left out by its source"
    GONE = "gone"
    EDITED = "not in the edited draft"
    UNKNOWN = "unknown"


_Absence = tuple[Reason, str]


@dataclass(frozen=True, slots=True)
class Why:
    """The answer for one edition. `text` is said in full sentences, to the operator.

    IN_DRAFT is a story that an unsent draft has, though an issue built as of the moment asked about would not take it.
    `rank`, `total` and `signals` (what each adds to the total, by the names of `Weights`) are there when the story
    was weighed; `issue` is the id of the issue that has it.
    """

    newsletter: str
    edition: str
    reason: Reason
    text: str
    title: str = ""
    story: int | None = None
    rank: int | None = None
    total: float | None = None
    signals: dict[str, float] = field(default_factory=dict)
    issue: int | None = None

    @property
    def included(self) -> bool:
        """Whether the story goes; another of its versions may speak for it."""
        return self.reason in (Reason.INCLUDED, Reason.VERSION, Reason.IN_DRAFT)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The moment that is asked about; in which zone an edition's times are said, and in which a post's."""

    as_of: datetime
    edition: str
    post: str


def why(
    database: Database,
    editions: Sequence[Edition],
    post: str,
    as_of: datetime,
    sources: Mapping[str, Sequence[Source]],
) -> list[Why]:
    """One answer for each edition; `post` is a URL in any spelling, a path below its source's root, or a title.

    `sources` are those of each newsletter: they are asked about what was not collected, or is gone.
    """
    with database.read() as connection:
        names = dict.fromkeys(each.newsletter for each in editions)
        known = {name: _find(connection, name, post) for name in names}
        absent = {name: _absent(connection, name, known[name], post, sources[name], as_of) for name in names}
        zones = {name: _zone(known[name], sources[name]) for name in names}
        return [
            _answer(
                connection,
                edition,
                known[edition.newsletter],
                absent[edition.newsletter],
                post,
                Clocks(as_of, edition.timezone, zones[edition.newsletter] or edition.timezone),
            )
            for edition in editions
        ]


def _zone(seen: Seen | None, sources: Sequence[Source]) -> str:
    """Of the site that has the post; "" where none says."""
    return next((zone_of_posts(one, "") for one in sources if seen and one.name == seen.version.source), "")


def _find(connection: Connection, newsletter: str, post: str) -> Seen | None:
    """The post itself; one that is still in its source before one that is gone."""
    page, posts = canonical(post), candidates.seen(connection, newsletter)
    found = [
        seen
        for seen in posts
        if post in (seen.key, seen.version.url)
        or is_called(post, seen.path or "")
        or ("://" in post and canonical(seen.version.url) == page)
    ]
    if not found:
        title = _words(post)
        found = [seen for seen in posts if _words(seen.version.title) == title]
    return min(found, key=lambda seen: (seen.gone, -seen.version.post), default=None)


def _words(title: str) -> str:
    return " ".join(title.split()).casefold()


def _absent(
    connection: Connection, newsletter: str, seen: Seen | None, post: str, sources: Sequence[Source], as_of: datetime
) -> _Absence | None:
    """Why no source has such a post; None where one has, or nobody knows."""
    if seen and not seen.gone:
        return None
    asked = [source for source in sources if seen is None or source.name == seen.version.source]
    if seen and not asked:
        return Reason.GONE, f"Its source {seen.version.source} is not in the configuration any more."
    for source in asked:
        state = SourceState(source_states.remembered(connection, newsletter, source.name))
        try:
            told = source.left_out(state, seen.path or post if seen else post, as_of)
        except SourceError:
            continue
        if told:
            return Reason.LEFT_OUT, told[0].upper() + told[1:] + ("" if told.endswith((".", "!", "?")) else ".")
    return None


def _answer(
    connection: Connection, edition: Edition, seen: Seen | None, absent: _Absence | None, post: str, clocks: Clocks
) -> Why:
    if seen is None and absent:
        return Why(edition.newsletter, edition.key, *absent)
    if seen is None:
        told = f"No post of {edition.newsletter} has this address or path: {repeated(post)}"
        text = f"{told}. `newsletter collect` reads the sources."
        return Why(edition.newsletter, edition.key, Reason.UNKNOWN, text)
    return _beside_the_draft(connection, edition, seen, _judged(connection, edition, seen, absent, clocks), clocks)


def _judged(connection: Connection, edition: Edition, seen: Seen, absent: _Absence | None, clocks: Clocks) -> Why:
    """What holds for an issue built as of then."""
    kept_out = _kept_out(connection, edition, seen, absent, clocks)
    if kept_out is None or kept_out.reason in (Reason.FILTERED, Reason.OLD):
        order = ranked(connection, edition, clocks.as_of)
        mine = next((item for item in order if item.candidate.story == seen.story), None)
        if kept_out is None or (mine and not unwanted(edition, seen.version.categories)):
            return _weighed(connection, edition, seen, order, mine)
    return kept_out


def _kept_out(
    connection: Connection, edition: Edition, seen: Seen, absent: _Absence | None, clocks: Clocks
) -> Why | None:
    """The first rule that the post falls to before anything is weighed.

    A post that is too old or filtered may still stand behind another version of its story.
    """
    version, as_of, since = seen.version, clocks.as_of, clocks.as_of - edition.lookback
    if sent := issues.sent(connection, edition.newsletter, edition.key).get(seen.story or 0):
        issue = issues.get(connection, sent)
        when = f" of {day(issue.started_at, clocks.edition)}" if issue.started_at else ""
        text = f"Its story went to {edition.key} in issue {issue.id}{when}; a story goes to an edition once."
        return _why(edition, seen, Reason.SENT, text, issue=sent)
    if held := issues.reserved(connection, edition.newsletter, edition.key).get(seen.story or 0):
        issue = issues.get(connection, held)
        when = f" for {moment(issue.scheduled_for, clocks.edition)}" if issue.scheduled_for else ""
        text = f"Its story stands in issue {issue.id}, which is scheduled{when}."
        return _why(edition, seen, Reason.SCHEDULED, text, issue=held)
    if seen.gone and absent:
        return _why(edition, seen, *absent)
    if seen.gone:
        return _why(edition, seen, Reason.GONE, f"Its source {version.source} does not have it any more.")
    if seen.state is PostState.DRAFT:
        return _why(edition, seen, Reason.DRAFT, "It is a draft; move it to _posts to publish it.")
    if seen.state is PostState.UNPUBLISHED:
        return _why(edition, seen, Reason.UNPUBLISHED, "Its front matter says `published: false`.")
    if version.published > as_of:
        text = f"It is dated {moment(version.published, clocks.post)}, after {moment(as_of, clocks.edition)}."
        return _why(edition, seen, Reason.FUTURE, text)
    if not wanted(edition, version.categories):
        return _why(edition, seen, Reason.FILTERED, _filter(edition, version.categories))
    if version.published < since:
        text = (
            f"It is dated {moment(version.published, clocks.post)}; `lookback` reaches back only to "
            f"{moment(since, clocks.edition)}."
        )
        return _why(edition, seen, Reason.OLD, text)
    return None


def _weighed(connection: Connection, edition: Edition, seen: Seen, order: Sequence[Ranked], mine: Ranked | None) -> Why:
    if mine is None:
        return _why(edition, seen, Reason.UNKNOWN, "It was not compared yet; run `newsletter collect` again.")
    draft = issues.draft(connection, edition.newsletter, edition.key)
    if draft and draft.edited and all(story.story != seen.story for story in draft.stories):
        text = f"Somebody edited draft {draft.id}, and it does not hold this story; `newsletter edit` can add it."
        return _why(edition, seen, Reason.EDITED, text, mine, draft.id)
    if mine.rank > edition.max_stories:
        last = order[edition.max_stories - 1]
        text = (
            f"It ranks {mine.rank} with {mine.total:.2f}; the issue takes {edition.max_stories}, "
            f"the last of them with {last.total:.2f} ({last.candidate.speaker.title})."
        )
        return _why(edition, seen, Reason.BELOW, text, mine)
    speaker = mine.candidate.speaker
    if speaker.post != seen.version.post:
        text = f"Its story ranks {mine.rank}; another version speaks for it: {speaker.title} ({speaker.url})."
        return _why(edition, seen, Reason.VERSION, text, mine)
    return _why(edition, seen, Reason.INCLUDED, f"It ranks {mine.rank} with {mine.total:.2f}.", mine)


def _beside_the_draft(connection: Connection, edition: Edition, seen: Seen, answer: Why, clocks: Clocks) -> Why:
    """The draft that is there comes first: it is what `send` would send."""
    draft = issues.draft(connection, edition.newsletter, edition.key)
    if draft is None or answer.reason in (Reason.SENT, Reason.SCHEDULED, Reason.EDITED):
        return answer
    name = f"draft issue {draft.id} (built as of {moment(draft.as_of, clocks.edition)})"
    held = next((story for story in draft.stories if story.story == seen.story), None)
    if held is None:
        if not answer.included:
            return answer
        anew = f"`newsletter build {edition.newsletter}` makes it anew"
        return replace(answer, text=f"{answer.text} It is not in {name}; {anew}.")
    if answer.included:
        return replace(answer, text=f"Its story stands in {name}. {answer.text}", issue=draft.id)
    if seen.version.url not in (held.url, *(also["url"] for also in held.also)):
        return answer  # the draft has other versions of it, and not this one
    text = (
        f"Its story stands in {name}. Built as of {moment(clocks.as_of, clocks.edition)}, an issue would leave it out: "
    )
    return replace(answer, reason=Reason.IN_DRAFT, text=text + answer.text[0].lower() + answer.text[1:], issue=draft.id)


def _filter(edition: Edition, categories: Sequence[str]) -> str:
    own = ", ".join(categories) or "none"
    if wanted(edition, [*categories, *edition.categories]):
        return f"Its categories are {own}; {edition.key} takes {', '.join(edition.categories)}."
    return f"Its categories are {own}; {edition.key} leaves out {', '.join(edition.without_categories)}."


def _why(
    edition: Edition, seen: Seen, reason: Reason, text: str, weighed: Ranked | None = None, issue: int | None = None
) -> Why:
    return Why(
        newsletter=edition.newsletter,
        edition=edition.key,
        reason=reason,
        text=text,
        title=seen.version.title,
        story=seen.story,
        rank=weighed.rank if weighed else None,
        total=weighed.total if weighed else None,
        signals=weighed.signals if weighed else {},
        issue=issue,
    )
