"""Every template, tried on an issue and on mails that nobody will get: what only shows when it runs is found before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from newsletter.app import App
from newsletter.doctor.subjects import sample
from newsletter.doctor.symptom import Symptom, error, ok
from newsletter.domain.edition import Edition
from newsletter.domain.notice import NoticeKind
from newsletter.domain.occurrence import next_occurrence
from newsletter.errors import NewsletterError, StoreError
from newsletter.reminding import reminder_values
from newsletter.services.drafting import links
from newsletter.services.notices import values_for
from newsletter.store.notices import Notice
from newsletter.text.render import NOTICES
from newsletter.web.pages import Pages

_REMEDY = "docs/guide/templates.md says what a template is given; without your copy the program's own is used."


def examine(app: App) -> Iterator[Symptom]:
    told: list[str] = []
    for attempt in (*_mails(app), *_pages(app)):
        try:
            attempt()
        except StoreError:  # which is told of the database, and says nothing of a template
            return
        except NewsletterError as trouble:
            if str(trouble) not in told:  # each edition says it again
                told.append(str(trouble))
                yield error("templates", str(trouble), _REMEDY)
    if not told and app.config.newsletters:
        yield ok("templates", "a sample of every mail can be written, and every page of yours read.")


def _mails(app: App) -> Iterator[Callable[[], object]]:
    for key in app.config.newsletters:
        for edition in app.editions(key):
            yield partial(app.renderer.digest, sample(app, edition, edition.max_stories), links(edition, 1))
            for kind in NOTICES:
                yield partial(_notice, app, edition, kind)


def _notice(app: App, edition: Edition, kind: NoticeKind) -> None:
    if kind is NoticeKind.REMINDER:
        schedule = app.schedule(edition.newsletter, edition.key)
        due = next_occurrence(schedule, app.clock()).at if schedule else app.clock()
        values = reminder_values(app, edition, due, None, "")
    else:
        to = ("reader@example.com", edition.newsletter, edition.key)
        values = values_for(Notice(0, kind, *to, {"payload": "0::"}, 1, app.clock()), edition, app.signer)
    app.renderer.notice(kind, values)


def _pages(app: App) -> Iterator[Callable[[], object]]:
    """The operator's own: what they are given depends on who asks, so they are read and not run."""
    folder = Path(app.config.resolve(app.config.templates)) / "web"
    pages = Pages(app)
    for file in sorted(folder.glob("*.html")):
        if file.stem != "preview":  # the preview's own room makes that, with filters of its own
            yield partial(pages.read, file.stem)
