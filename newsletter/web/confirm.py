"""What a link in a confirmation mail leads to. Opening it changes nothing; the button on the page does."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from newsletter.app import App
from newsletter.services.preferences import AddressChange, change_address, new_address
from newsletter.services.subscribe import confirm, confirmation
from newsletter.text.token import PREFERENCES
from newsletter.web.pages import READ, Pages, TheApp, ThePages
from newsletter.web.turns import TheTurns

router = APIRouter(include_in_schema=False)


@router.api_route("/confirm/{token}", methods=READ)
def confirm_page(token: str, app: TheApp, pages: ThePages) -> Response:
    asked = confirmation(app.database, app.signer, token, app.has_edition)
    found = asked.subscription
    edition = app.edition(found.newsletter, found.edition)
    name = "confirmed" if asked.is_done else "confirm"
    return pages.page(name, edition.language, edition=edition, found=found, preferences=None)


@router.post("/confirm/{token}")
async def confirm_now(token: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    return await turns.take(_confirmed, token, request, app, pages)


@router.api_route("/address/{token}", methods=READ)
def address_page(token: str, app: TheApp, pages: ThePages) -> Response:
    return _address(pages, new_address(app.database, app.signer, token))


@router.post("/address/{token}")
async def address_now(token: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    return await turns.take(_address_changed, token, request, app, pages)


def _confirmed(token: str, request: Request, app: App, pages: Pages) -> Response:
    origin = request.app.state.limit.origin(request)
    asked = confirmation(app.database, app.signer, token, app.has_edition).subscription
    edition = app.edition(asked.newsletter, asked.edition)
    words = pages.said(edition.language, "confirm", edition.name)
    found = confirm(app.database, app.signer, token, origin, app.clock(), words, app.has_edition)
    preferences = app.signer.subscription(PREFERENCES, found.subscriber.id, found.newsletter)
    return pages.page("confirmed", edition.language, edition=edition, found=found, preferences=preferences)


def _address_changed(token: str, request: Request, app: App, pages: Pages) -> Response:
    origin = request.app.state.limit.origin(request)
    change_address(app.database, app.signer, token, origin, app.clock())
    return _address(pages, new_address(app.database, app.signer, token))


def _address(pages: Pages, asked: AddressChange) -> Response:
    done = asked.reader.email == asked.email
    language = pages.language_of_reader(asked.subscriptions)
    return pages.page("address", language, reader=asked.reader, email=asked.email, done=done)
