"""What the operator sees: sources, issues and how they went, readers. It shows; the commands act."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.store import accounts, archive, notices, source_states, subscribers
from newsletter.store.archive import Listed
from newsletter.text import clocks
from newsletter.text.phrases import ENGLISH
from newsletter.web.guard import is_operator
from newsletter.web.pages import READ, Pages, TheApp, ThePages

router = APIRouter(include_in_schema=False)

_HOW = "The admin is off. To open it, set a password in NEWSLETTER_WEB__PASSWORD and start `newsletter serve` again."
_LISTED = 20


@router.api_route("/admin", methods=READ)
def admin_page(request: Request, app: TheApp, pages: ThePages) -> Response:
    if refused := turn_away(request, app, pages):
        return refused
    with app.database.read() as connection:
        newest = archive.newest(connection, _LISTED)
        listed = [(issue, accounts.accounting(connection, issue.id)) for issue in newest]
        counts = subscribers.counts(connection)
        waiting = notices.waiting(connection)
        sick = {key: source_states.errors(connection, key) for key in app.config.newsletters}
    rows = [(issue, _when(app, issue), books) for issue, books in listed]
    return pages.page("admin", ENGLISH, listed=rows, counts=counts, waiting=waiting, sick=sick)


def _when(app: App, issue: Listed) -> str:
    """When it went out, or is to, where its readers are; "" of a draft."""
    when = issue.started or issue.due
    return clocks.moment(when, app.zone(issue.newsletter, issue.edition)) if when else ""


def turn_away(request: Request, app: App, pages: Pages) -> Response | None:
    """The answer to whoever is not the operator; None for the operator."""
    if app.config.web.password is None:
        return pages.message(request, 404, "No admin here", _HOW)
    if not is_operator(request, app):
        ask = {"WWW-Authenticate": 'Basic realm="newsletter admin", charset="UTF-8"'}
        return pages.message(
            request, 401, "For the operator only", "Please log in with the admin's password, and any user name.", ask
        )
    return None
