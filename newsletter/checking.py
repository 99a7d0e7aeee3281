"""Preflight of an issue as config.yaml has it. Above outgoing.py.

What was judged once is not judged again while nothing of the issue changes: `build` and `check` write down what they
found, sending reads it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter import __version__
from newsletter.app import App
from newsletter.domain.clients import Clients
from newsletter.domain.finding import Finding
from newsletter.domain.issue import Issue
from newsletter.errors import StoreError
from newsletter.outgoing import content, outgoing, stand_in
from newsletter.preflight.known import Known
from newsletter.services.freshness import basis, changed
from newsletter.store import issues, judgements

if TYPE_CHECKING:
    from newsletter.preflight.examined import Examined


@dataclass(frozen=True, slots=True)
class Judgement:
    """`support`: how well mail programs show what the message's layout hangs on, 0 to 100 (preflight.support)."""

    findings: list[Finding]
    support: float


def inspect(app: App, issue: Issue) -> list[Finding]:
    """What preflight finds, read where it was written down of late. The web is not asked; what it said is known."""
    from newsletter.services.reach import USEFUL

    with app.database.read() as connection:
        known = judgements.of(connection, issue.id, _fingerprint(app, issue), app.clock() - USEFUL)
    return known if known is not None else _judged(app, issue)


def judge(app: App, issue: Issue) -> list[Finding]:
    """The same, looked at now and written down. Takes a third of a second."""
    fingerprint = _fingerprint(app, issue)
    findings = _judged(app, issue)
    _remember(app, issue, fingerprint, findings)
    return findings


def judge_thoroughly(app: App, issue: Issue, online: bool) -> Judgement:
    """The same, and spam filters are asked; `online` whether the web is, too. Takes seconds, a minute at most."""
    from newsletter.preflight import spam
    from newsletter.preflight.addresses import to_ask
    from newsletter.preflight.rules.support import score
    from newsletter.services import preflight, reach
    from newsletter.sources.probe import probe

    fingerprint = _fingerprint(app, issue)  # what is collected while the web answers is not judged
    examined = _examined(app, issue)
    urls, now = to_ask(examined), app.clock()
    ask = partial(probe, trusted=_own_door(app))
    answers = reach.reach(app.database, urls, ask, now) if online else reach.remembered(app.database, urls, now)
    verdicts = tuple(spam.verdicts(examined.raw)) if examined.raw else ()
    known = replace(examined.known, answers=answers, asked=online, verdicts=verdicts)
    findings = preflight.judge(examined.knowing(known))
    _remember(app, issue, fingerprint, findings)
    return Judgement(findings, score(examined))


def _own_door(app: App) -> tuple[str, int] | None:
    """Host and port of the public site: from inside, its name may well stand for a private address."""
    from newsletter.preflight.addresses import is_private

    site = urlsplit(app.config.site.url)
    if is_private(app.config.site.url) or not site.hostname:
        return None
    return site.hostname, site.port or (443 if site.scheme == "https" else 80)


def _judged(app: App, issue: Issue) -> list[Finding]:
    from newsletter.preflight.addresses import to_ask
    from newsletter.services import preflight, reach

    examined = _examined(app, issue)
    answers = reach.remembered(app.database, to_ask(examined), app.clock())
    return preflight.judge(examined.knowing(replace(examined.known, answers=answers)))


def _examined(app: App, issue: Issue) -> Examined:
    """The message as a reader gets it, and what is known beside it without asking anybody."""
    from newsletter.services import preflight

    ready = outgoing(app, issue)
    attached = content(app, issue).pictures
    examined = preflight.examine(issue, ready.edition, ready.headers, ready.reader_of(stand_in(app)), attached)
    now = None if issue.started_at else app.clock()  # one that went out long ago has its date from then
    with app.database.read() as connection:
        stale = changed(connection, ready.edition, issue, app.clock())
    return examined.knowing(replace(_known(app, issue), now=now, changed=stale))


def _known(app: App, issue: Issue) -> Known:
    """What is known at once."""
    with app.database.read() as connection:
        former = issues.former_subject(connection, issue)
    media = urlsplit(app.config.media_url or "").hostname or ""
    clients = Clients(**app.config.clients.model_dump())
    return Known(former_subject=former, clients=clients, media_host=media)


def _fingerprint(app: App, issue: Issue) -> str:
    """Of all that a judgement hangs on: what readers get, the posts, the settings, and the version's own rules."""
    said = (issue.subject, issue.preheader, issue.html, issue.text, issue.stories, issue.notes)
    edition = app.edition(issue.newsletter, issue.edition)
    with app.database.read() as connection:
        made_from = basis(connection, edition, issue, app.clock())
    held = (__version__, said, edition, _known(app, issue), made_from)
    return hashlib.sha256(repr(held).encode("utf-8", "surrogatepass")).hexdigest()


def _remember(app: App, issue: Issue, fingerprint: str, findings: list[Finding]) -> None:
    """A database that cannot be written to now keeps nobody from being told."""
    with suppress(StoreError), app.database.write() as connection:
        judgements.remember(connection, issue.id, fingerprint, findings, app.clock())
