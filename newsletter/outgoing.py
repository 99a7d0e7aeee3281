"""What an issue needs to go out: its message, its readers' links, its envelope. Beside app.py on the third floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from newsletter.app import App
from newsletter.domain.delivery import Claim
from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue
from newsletter.domain.subscriber import NOBODY, Reader
from newsletter.errors import AddressError, ConfigError
from newsletter.services.delivery.copies import Copies
from newsletter.text.dates import long_date
from newsletter.text.headers import mailbox
from newsletter.text.media import embedded
from newsletter.text.message import Content, Headers, compile_message, issue_headers
from newsletter.text.token import PREFERENCES, UNSUBSCRIBE

PREVIEW_MARK = "[Preview]"


@dataclass(frozen=True)
class Outgoing(Copies):
    """An issue ready to be delivered."""

    issue: Issue
    edition: Edition
    headers: Headers


def outgoing(app: App, issue: Issue) -> Outgoing:
    """Everything costly about an issue, done once. Raises NotFound when config.yaml no longer has its edition."""
    edition = app.edition(issue.newsletter, issue.edition)
    return_path = _address(edition)
    headers = issue_headers(edition, issue.number, _date(app, issue))
    message = compile_message(content(app, issue), headers)
    return Outgoing(message, reader_of(app, issue, edition), return_path, issue, edition, headers)


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


def reader_of(app: App, issue: Issue, edition: Edition) -> Callable[[Claim], Reader]:
    """From a claimed delivery to what fills its slots. Called once per message: nothing here may be slow."""
    person, tokens = app.signer.person, app.signer.subscriptions(issue.newsletter, UNSUBSCRIBE, PREFERENCES)
    unsubscribe, preferences = f"{edition.site_url}/unsubscribe/", f"{edition.site_url}/preferences/"
    domain = _address(edition).rpartition("@")[2]
    since = _day_in_words(edition)

    def reader(claim: Claim) -> Reader:
        to_unsubscribe, to_preferences = tokens(claim.subscriber)
        return Reader(
            email=claim.email,
            name=claim.name,
            unsubscribe_url=unsubscribe + to_unsubscribe,
            preferences_url=preferences + to_preferences,
            message_id=f"{issue.id}.{person(f'{issue.id}:{claim.subscriber}').hex()[:32]}@{domain}",
            since=since(claim.since or issue.built_at),
        )

    return reader


def stand_in(app: App, address: str = "reader@example.com") -> Claim:
    """A reader who is none, to see an issue as readers do."""
    return Claim(id=NOBODY, subscriber=NOBODY, email=address, since=app.clock())


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
    def words(moment: datetime) -> str:
        try:
            day = moment.astimezone(zone).date()
        except OverflowError:  # the first or the last day of the calendar: an export's way to say that it does not know
            day = moment.date()
        return long_date(day, edition.language)

    return words
