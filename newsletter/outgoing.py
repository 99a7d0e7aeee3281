"""What an issue needs to go out: its message, its readers' links, its envelope. Beside app.py on the third floor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.app import App
from newsletter.domain.delivery import Claim, DeliveryPolicy
from newsletter.domain.edition import Edition
from newsletter.domain.issue import BY_HAND, Issue, IssueState
from newsletter.domain.subscriber import Reader
from newsletter.errors import AddressError, ConfigError
from newsletter.text.dates import long_date
from newsletter.text.headers import mailbox
from newsletter.text.media import embedded
from newsletter.text.message import CompiledMessage, Content, Headers, compile_message, issue_headers
from newsletter.text.token import PREFERENCES, UNSUBSCRIBE

if TYPE_CHECKING:
    from newsletter.domain.accounting import Accounting, Headway
    from newsletter.services.line import Pace

PREVIEW_MARK = "[Preview]"
NOBODY = 0  # the subscriber that a preview's links name: they open, and change nothing


@dataclass(frozen=True)
class Outgoing:
    """An issue ready to be delivered."""

    issue: Issue
    edition: Edition
    headers: Headers
    message: CompiledMessage
    readers: Callable[[Claim], Reader]
    return_path: str


def outgoing(app: App, issue: Issue) -> Outgoing:
    """Everything costly about an issue, done once. Raises NotFound when config.yaml no longer has its edition."""
    edition = app.edition(issue.newsletter, issue.edition)
    return_path = _address(edition)
    headers = issue_headers(edition, issue.number, _date(app, issue))
    message = compile_message(content(app, issue), headers)
    return Outgoing(issue, edition, headers, message, readers(app, issue, edition), return_path)


def content(app: App, issue: Issue) -> Content:
    """What the message says, with the pictures that travel with it. Raises StoreError when one is gone."""
    from newsletter.store import pictures

    names = embedded(issue.html)
    if not names:
        return Content(issue.subject, issue.html, issue.text)
    with app.database.read() as connection:
        files = pictures.get(connection, names)
    return Content(issue.subject, issue.html, issue.text, tuple(files.items()))


def preview(app: App, issue: Issue) -> Outgoing:
    """The same frozen issue with its subject marked, for an operator's own inbox."""
    marked = replace(issue, subject=f"{PREVIEW_MARK} {issue.subject}")
    return outgoing(app, marked)


def readers(app: App, issue: Issue, edition: Edition) -> Callable[[Claim], Reader]:
    """From a claimed delivery to what fills its slots. Called once per message: nothing here may be slow."""
    sign, person = app.signer.subscription, app.signer.person
    unsubscribe, preferences = f"{edition.site_url}/unsubscribe/", f"{edition.site_url}/preferences/"
    domain = _address(edition).rpartition("@")[2]
    since = _day_in_words(edition)

    def reader(claim: Claim) -> Reader:
        return Reader(
            email=claim.email,
            name=claim.name,
            unsubscribe_url=unsubscribe + sign(UNSUBSCRIBE, claim.subscriber, issue.newsletter),
            preferences_url=preferences + sign(PREFERENCES, claim.subscriber, issue.newsletter),
            message_id=f"{issue.id}.{person(f'{issue.id}:{claim.subscriber}').hex()[:32]}@{domain}",
            since=since(claim.since or issue.built_at),
        )

    return reader


def stand_in(app: App, address: str = "reader@example.com") -> Claim:
    """A reader who is none, to see an issue as readers do."""
    return Claim(id=NOBODY, subscriber=NOBODY, email=address, since=app.clock())


def policy(app: App, wait: timedelta, patience: timedelta = timedelta()) -> DeliveryPolicy:
    """How the configuration wants an issue delivered. `wait` and `patience` as in DeliveryPolicy."""
    own = app.config.delivery
    return DeliveryPolicy(
        on_uncertain=own.on_uncertain,
        retry_first=own.retry_first,
        retry_most=own.retry_most,
        give_up_after=own.give_up_after,
        wait=wait,
        patience=patience,
    )


def pace(app: App) -> Pace:
    """How fast the configuration wants messages to leave."""
    from newsletter.services.line import Pace

    return Pace(app.pacer, app.warm_up)


def headway(app: App, books: Accounting) -> Headway:
    """How an issue gets on that another process sends, as far as the ledger and the configured pace tell."""
    from newsletter.domain.accounting import Headway
    from newsletter.domain.estimate import Ahead, Speed, done_at, worth_counting
    from newsletter.domain.warmup import day_of
    from newsletter.store import accounts

    now, plan, limits = app.clock(), app.warm_up, app.limits
    with app.database.read() as connection:
        rate = accounts.recent_rate(connection, books.issue, now)
        due = accounts.retries_due(connection, books.issue)
        tried = accounts.tried_since(connection, day_of(plan, now).begins) if plan else 0
        queued = accounts.queued_by_group(connection, books.issue) if limits.by_group else {}
    groups = worth_counting(queued, limits.groups)
    ahead = Ahead(books.queued, groups, retries=books.deferred, retries_due=due, sent_today=tried)
    speed = Speed(rate or None, limits, connections=app.transport().connections, plan=plan)
    done = done_at(ahead, speed, now)
    left = (done - now).total_seconds() if done and done > now else None  # retries that are overdue tell nothing
    return Headway(round(rate, 3), left)


async def deliver_issue(
    app: App, issue: Issue, how: DeliveryPolicy, progress: Callable[[Accounting], None], stop: asyncio.Event
) -> Accounting:
    """Delivers a started issue over the configured transport. Raises what `services.deliver.deliver` raises."""
    from newsletter.services.deliver import deliver
    from newsletter.transports.metered import MeteredTransport

    out = outgoing(app, issue)
    books = await deliver(
        app.database,
        issue,
        out.message,
        out.readers,
        MeteredTransport(app.transport(), app.tally),
        how,
        app.clock,
        progress,
        stop,
        return_path=out.return_path,
        pace=pace(app),
        tally=app.tally,
    )
    count_pause(app, books)
    return books


def count_pause(app: App, books: Accounting) -> None:
    """At the end of a run: if the issue was paused, that is counted."""
    if books.state is IssueState.PAUSED:
        app.tally.paused("hand" if books.reason == BY_HAND else "itself")


def _date(app: App, issue: Issue) -> datetime:
    """The issue's start, so that a resumed issue is the same message to the last byte."""
    return issue.started_at or app.clock()


def _address(edition: Edition) -> str:
    try:
        return mailbox(edition.sender)[1]
    except AddressError as error:
        raise ConfigError(f"`sender` of {edition.newsletter}: {error}") from None


def _day_in_words(edition: Edition) -> Callable[[datetime], str]:
    zone = ZoneInfo(edition.timezone)

    @lru_cache(maxsize=4096)
    def words(day: datetime) -> str:
        return long_date(day.astimezone(zone).date(), edition.language)

    return words
