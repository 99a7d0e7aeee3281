"""The way out. GET shows, POST acts: from the page's button, and from mail programs (RFC 8058)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.domain.subscriber import NOBODY, Subscription, SubscriptionState
from newsletter.services.subscribe import subscription, unsubscribe
from newsletter.text.token import PREFERENCES, UNSUBSCRIBE
from newsletter.web.pages import READ, Pages, TheApp, ThePages
from newsletter.web.turns import TheTurns

router = APIRouter(include_in_schema=False)


@router.api_route("/unsubscribe/{token}", methods=READ)
def unsubscribe_page(token: str, app: TheApp, pages: ThePages) -> Response:
    found = subscription(app.database, app.signer, token, UNSUBSCRIBE)
    if found is None or found.state is SubscriptionState.UNSUBSCRIBED:
        return _done(app, pages, token, found)
    language = pages.language_of(found.newsletter, found.edition)
    preferences = _preferences(app, token)
    name = pages.name_of(found.newsletter, found.edition)
    return pages.page("unsubscribe", language, name=name, found=found, preferences=preferences)


@router.post("/unsubscribe/{token}")
async def unsubscribe_now(token: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    """Whatever the body says, or in which form: the token is all that counts."""
    return await turns.take(_unsubscribed, token, request, app, pages)


def _unsubscribed(token: str, request: Request, app: App, pages: Pages) -> Response:
    origin = request.app.state.limit.origin(request)
    found = unsubscribe(app.database, app.signer, token, UNSUBSCRIBE, origin, app.clock())
    return _done(app, pages, token, found)


def _done(app: App, pages: Pages, token: str, found: Subscription | None) -> Response:
    subscriber, newsletter = app.signer.read_subscription(UNSUBSCRIBE, token)
    edition = found.edition if found else ""
    language, name = pages.language_of(newsletter, edition), pages.name_of(newsletter, edition)
    if subscriber == NOBODY:
        return pages.page("from_preview", language, name=name)
    return pages.page(
        "unsubscribed",
        language,
        name=name,
        found=found,
        preferences=_preferences(app, token) if found else None,
        comes_back=found is not None and app.has_edition(found.newsletter, found.edition),
    )


def _preferences(app: App, token: str) -> str:
    return app.signer.subscription(PREFERENCES, *app.signer.read_subscription(UNSUBSCRIBE, token))
