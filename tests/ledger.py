"""A database with readers and an issue, for the tests of delivery."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from newsletter.domain.delivery import Claim, DeliveryState
from newsletter.domain.issue import Issue, IssueState, IssueStory
from newsletter.domain.subscriber import Reader
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.text.message import CompiledMessage, Content, Headers, compile_message, slot

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
RETURN_PATH = "bounces@example.org"

_ENDS = {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNCERTAIN}
NEXT_STATES: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.QUEUED: frozenset({DeliveryState.SENDING, DeliveryState.SKIPPED}),
    DeliveryState.DEFERRED: frozenset({DeliveryState.SENDING, DeliveryState.SKIPPED}),
    DeliveryState.SENDING: frozenset({DeliveryState.QUEUED, DeliveryState.DEFERRED, *_ENDS}),
    **{state: frozenset() for state in (*_ENDS, DeliveryState.SKIPPED)},
}
"""From each state of a delivery, the states that may follow."""


def subscribe(database: Database, count: int, edition: str = "uk", state: str = "active", first: int = 1) -> None:
    """Readers reader1@d1.example … of the newsletter `tech`, spread over three domains; their ids are their numbers."""
    numbers = range(first, first + count)
    people = [
        {"id": n, "email": f"reader{n}@d{n % 3}.example", "name": f"Reader {n}", "tags": [], "created_at": NOW}
        for n in numbers
    ]
    subscriptions = [
        {
            "subscriber": n,
            "newsletter": "tech",
            "edition": edition,
            "state": state,
            "since": NOW - timedelta(days=n % 90),
        }
        for n in numbers
    ]
    with database.write() as connection:
        connection.execute(insert(tables.subscribers), people)
        connection.execute(insert(tables.subscriptions), subscriptions)


def draft(database: Database, number: int = 1, stories: tuple[int, ...] = (), state: str = "draft") -> Issue:
    """An issue of `tech`, edition uk, as it stands in the database; its id is its number."""
    told = tuple(IssueStory(story, f"Story {story}", f"https://example.org/{story}") for story in stories)
    issue = Issue(
        id=number,
        newsletter="tech",
        edition="uk",
        number=number,
        state=IssueState(state),
        subject="A lead",
        preheader="",
        html="<p>Hello</p>",
        text="Hello",
        hash="0" * 64,
        stories=told,
        built_at=NOW,
        as_of=NOW,
    )
    row = {name: getattr(issue, name) for name in (field.name for field in fields(Issue))}
    row["stories"] = [
        {"story": story.story, "title": story.title, "url": story.url, "also": list(story.also)} for story in told
    ]
    row.update(state=state, notes=[])
    with database.write() as connection:
        for story in stories:
            row_of_story = {"id": story, "newsletter": "tech", "created_at": NOW}
            known = connection.execute(tables.stories.select().where(tables.stories.c.id == story)).first()
            if not known:
                connection.execute(insert(tables.stories), row_of_story)
        connection.execute(insert(tables.issues), row)
    return issue


def message(size: int = 2000) -> CompiledMessage:
    """A message of about `size` bytes with every slot in use."""
    filler = "<p>All the news that fits into a paragraph of this length, and a little more.</p>\n"
    html = (
        f"<p>Hello {slot('name')}</p>" + filler * max(1, size // len(filler)) + f"<a href='{slot('unsubscribe_url')}'>"
    )
    content = Content("A lead", html, f"Hello {slot('name')}\n.\n..dots\n{slot('unsubscribe_url')}\n")
    return compile_message(content, Headers("Tech <hello@example.org>", NOW, list_id="uk.tech.example.org"))


def reader(claim: Claim) -> Reader:
    link = f"https://news.example.org/unsubscribe/{claim.subscriber}"
    return Reader(
        email=claim.email,
        name=claim.name,
        unsubscribe_url=link,
        preferences_url=link.replace("unsubscribe", "preferences"),
        message_id=message_id(claim.subscriber),
        since="1 May 2026",
    )


def message_id(subscriber: int) -> str:
    return f"<1.{subscriber}@example.org>"
