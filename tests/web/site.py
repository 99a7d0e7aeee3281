"""A whole site for tests: config.yaml, database, web, a real SMTP inbox, and an issue in its archive."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from newsletter.app import App, open_app
from newsletter.config import load
from newsletter.demo.inbox import Inbox, open_inbox
from newsletter.domain.issue import Issue, IssueState, IssueStory
from newsletter.serve import listen
from newsletter.services.notices import NoticeReport, send_due
from newsletter.store import issues
from newsletter.text.slots import slot
from newsletter.web import create_app
from tests.waiting import until

CONFIG = """
site: {{name: The Example Post, url: "http://127.0.0.1:{port}"}}
database: sqlite:///subscribers.db
smtp: {{host: 127.0.0.1, port: {smtp}}}
web: {{signups_per_hour: {limit}, password: "a long password"}}
proxies: [10.0.0.0/8]
newsletters:
  tech:
    name: Tech Decoded
    tagline: The week in technology, told in plain words.
    sender: "Tech Decoded <hello@example.org>"
    postal_address: 1 Example Street, Exampleton
    schedule: {{days: [friday], at: "08:00", timezone: Europe/London}}
    editions:
      uk: {{name: Tech Decoded}}
      world: {{name: Tech Decoded World}}
  long:
    name: "A newsletter whose name is so long that it hardly fits, with Donaudampfschifffahrtsgesellschaft in it"
    sender: "Long <long@example.org>"
    postal_address: 1 Example Street, Exampleton
"""
TITLE = 'Chips & "salsa" <b>'


def make_app(folder: Path, port: int = 8000, smtp: int = 25, limit: int = 1000, config: str = CONFIG) -> App:
    (folder / "config.yaml").write_text(config.format(port=port, smtp=smtp, limit=limit), "utf-8")
    return open_app(load(folder / "config.yaml", {}))


def write_issue(app: App, number: int = 1, edition: str = "uk", state: IssueState = IssueState.SENT) -> Issue:
    """An issue as it is frozen, with every slot."""
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    stories = (
        IssueStory(1, TITLE, "https://example.org/1?a=1&b=2"),
        IssueStory(2, "A second", "https://example.org/2"),
    )
    html = (
        "<!doctype html><html lang='en'><title>Issue</title><body><h1>Chips</h1><script>alert(1)</script>"
        f'<p>You get this since {slot("since")}.</p><a href="{slot("unsubscribe_url")}">Unsubscribe</a> '
        f'<a href="{slot("preferences_url")}">Preferences</a> {slot("email")}{slot("name")}</body></html>'
    )
    with app.database.write() as connection:
        draft = Issue(
            id=0, newsletter="tech", edition=edition, number=number, state=IssueState.DRAFT, subject=TITLE,
            preheader="Also: a second", html=html, text="Chips", hash="0" * 64, stories=(), built_at=at, as_of=at,
        )  # fmt: skip
        saved = issues.save_draft(connection, replace(draft, stories=stories))
        if state is not IssueState.DRAFT:
            issues.move(connection, saved.id, [IssueState.DRAFT], state, started_at=at)
    return saved


def send_notices(app: App) -> NoticeReport:
    """In a thread of its own: a browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as thread:
        due = send_due(app.database, app.transport(), app.renderer.notice, app.signer, app.edition, app.clock)
        return thread.submit(asyncio.run, due).result()


def links(inbox: Inbox, which: int = -1) -> list[str]:
    """The web addresses in a mail's text part, soft line breaks undone."""
    return re.findall(r"http://127\.0\.0\.1:\d+[^\s>]*", inbox.mails[which].part("plain"))


@dataclass(frozen=True)
class Site:
    app: App
    inbox: Inbox
    url: str


@contextmanager
def running_site(folder: Path, limit: int = 1000) -> Iterator[Site]:
    """Uvicorn in a thread, the inbox in another, everything on free ports of the loopback."""
    listening = listen("127.0.0.1", 0)
    port = int(listening.getsockname()[1])
    with open_inbox(folder / "inbox") as inbox:
        app = make_app(folder, port, inbox.port, limit)
        server = uvicorn.Server(uvicorn.Config(create_app(app), log_config=None, access_log=False, proxy_headers=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until(lambda: server.started)
        try:
            yield Site(app, inbox, f"http://127.0.0.1:{port}")
        finally:
            server.should_exit = True
            thread.join()
            listening.close()
            app.database.close()
