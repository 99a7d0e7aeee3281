"""The whole way once: posts to stories to issues to readers to a real SMTP conversation, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsletter.app import App
from newsletter.config import Config, load
from newsletter.delivering import deliver_issue, policy
from newsletter.demo.inbox import Inbox, Mail
from newsletter.domain.accounting import Accounting
from newsletter.domain.issue import Issue
from newsletter.illustrating import illustrator, with_pictures_beside
from newsletter.loop import run
from newsletter.services.collect import SourceReport, collect
from newsletter.services.importing import ImportReport, Target, import_file
from newsletter.services.publish import build
from newsletter.services.steer import start
from newsletter.store import issues

NEWSLETTER = "tech-decoded"


@dataclass(frozen=True, slots=True)
class Sent:
    """An issue, what its ledger says, the mails that the inbox got of it, and the page that shows one of them."""

    issue: Issue
    books: Accounting
    mails: tuple[Mail, ...]
    page: Path


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the demo did. `seconds` is from the first post to the last message."""

    sources: tuple[SourceReport, ...]
    readers: ImportReport
    sent: tuple[Sent, ...]
    seconds: float

    @property
    def mails(self) -> list[tuple[str, Mail]]:
        """(edition, mail) in the order of arrival."""
        return [(one.issue.edition, mail) for one in self.sent for mail in one.mails]


def configuration(file: Path, inbox: Inbox, site_url: str | None = None) -> Config:
    """The demo's config.yaml with the inbox as its mail server; NEWSLETTER_ variables have no say here."""
    overlay = {"NEWSLETTER_SMTP": f"{{type: smtp, host: 127.0.0.1, port: {inbox.port}, connections: 2}}"}
    if site_url:
        overlay["NEWSLETTER_SITE__URL"] = site_url
    return load(file, overlay)


def demonstrate(app: App, inbox: Inbox) -> Demonstration:
    """Collects, builds, imports and delivers, by the same services that every command uses."""
    began = time.monotonic()
    reports = collect(app.database, NEWSLETTER, app.sources(NEWSLETTER), app.clock())
    drafts = list(_drafts(app))
    readers = _import(app)
    sent = tuple(_send(app, draft, inbox) for draft in drafts)
    return Demonstration(tuple(reports), readers, sent, time.monotonic() - began)


def _drafts(app: App) -> Iterator[Issue]:
    now = app.clock()
    for edition in app.editions(NEWSLETTER):
        if draft := build(app.database, edition, app.renderer, now, now, illustrator=illustrator(app, edition)):
            yield draft


def _import(app: App) -> ImportReport:
    editions = tuple(edition.key for edition in app.editions(NEWSLETTER))
    target = Target(NEWSLETTER, editions[0], editions, (NEWSLETTER,), origin="subscribers.csv")
    with app.config.resolve("subscribers.csv").open("rb") as file:
        return import_file(app.database, app.signer, file, target, app.clock())


def _send(app: App, draft: Issue, inbox: Inbox) -> Sent:
    before = len(inbox.mails)
    start(app.database, draft.id, app.clock())
    with app.database.read() as connection:
        started = issues.get(connection, draft.id)
    how = policy(app, retry_wait=timedelta(seconds=10))
    books = run(deliver_issue(app, started, how, lambda _: None, asyncio.Event()))
    mails = tuple(inbox.mails[before:])
    return Sent(started, books, mails, _page(app, inbox.folder.parent / started.edition, mails))


def _page(app: App, folder: Path, mails: Sequence[Mail]) -> Path:
    """The first reader's message as a page for the browser, with its pictures beside it."""
    folder.mkdir(exist_ok=True)
    page = folder / "message.html"
    html = mails[0].part("html") if mails else ""
    page.write_text(with_pictures_beside(app, html, folder), "utf-8")
    return page
