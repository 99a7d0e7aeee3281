"""What a link in a confirmation mail leads to. Opening it changes nothing; the button on the page does."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.domain.subscriber import SubscriptionState
from newsletter.services.preferences import change_address, new_address
from newsletter.services.subscribe import confirm, confirmation
from newsletter.text.token import PREFERENCES
from newsletter.web.pages import READ, Pages, TheApp, ThePages
from newsletter.web.turns import TheTurns

router = APIRouter(include_in_schema=False)


@router.api_route("/confirm/{token}", methods=READ)
def confirm_page(token: str, app: TheApp, pages: ThePages) -> Response:
    found = confirmation(app.database, app.signer, token)
    edition = app.edition(found.newsletter, found.edition)
    done = found.state is SubscriptionState.ACTIVE
    return pages.page("confirmed" if done else "confirm", edition=edition, found=found, preferences=None)


@router.post("/confirm/{token}")
async def confirm_now(token: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    return await turns.take(_confirmed, token, request, app, pages)


@router.api_route("/address/{token}", methods=READ)
def address_page(token: str, app: TheApp, pages: ThePages) -> Response:
    reader, email = new_address(app.database, app.signer, token)
    return pages.page("address", reader=reader, email=email, done=reader.email == email)


@router.post("/address/{token}")
async def address_now(token: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    return await turns.take(_address_changed, token, request, app, pages)


def _confirmed(token: str, request: Request, app: App, pages: Pages) -> Response:
    origin = request.app.state.limit.origin(request)
    asked = confirmation(app.database, app.signer, token)
    words = pages.words("confirm", app.edition(asked.newsletter, asked.edition).name)
    found = confirm(app.database, app.signer, token, origin, app.clock(), words)
    preferences = app.signer.subscription(PREFERENCES, found.subscriber.id, found.newsletter)
    edition = app.edition(found.newsletter, found.edition)
    return pages.page("confirmed", edition=edition, found=found, preferences=preferences)


def _address_changed(token: str, request: Request, app: App, pages: Pages) -> Response:
    origin = request.app.state.limit.origin(request)
    email = change_address(app.database, app.signer, token, origin, app.clock())
    reader, _ = new_address(app.database, app.signer, token)
    return pages.page("address", reader=reader, email=email, done=True)
