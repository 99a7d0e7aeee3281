"""Puts the web together: pages, guards, answers to what goes wrong."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException

import newsletter
from newsletter.app import App
from newsletter.errors import Busy, NotFound, TokenError
from newsletter.logs import tell
from newsletter.preview.page import PreviewPage
from newsletter.web import (
    admin,
    api,
    archive,
    confirm,
    health,
    media,
    metrics,
    preferences,
    preview,
    signup,
    unsubscribe,
)
from newsletter.web.guard import EVERYWHERE, BodyLimit, Headers, OneSlash, PasswordBrake, SignupLimit
from newsletter.web.pages import Pages
from newsletter.web.turns import Turns

log = logging.getLogger("newsletter.web")

LARGEST_BODY = 64 * 1024
_ASK_AGAIN = 10  # seconds
_ROOMS = (signup, confirm, unsubscribe, preferences, archive, media, admin, preview, api, health)
_WORDS = {
    404: ("Nothing here", "There is no page at this address. It may have moved, or a letter got lost on the way."),
    405: ("Not this way", "This page cannot be used like that. Please go back and try again."),
    413: ("Too much at once", "That was more than a form of ours holds. Please go back and shorten it."),
}


def create_app(app: App) -> FastAPI:
    """The web of one configuration. It holds no state but its limits, so several may run side by side."""
    web = FastAPI(
        title=app.config.site.name,
        version=newsletter.__version__,
        description="Read-only status, and sign-up with double opt-in.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # FastAPI's own documentation page loads scripts from elsewhere; ours is at /api/docs
        redoc_url=None,
        redirect_slashes=False,
    )
    web.state.app, web.state.pages = app, Pages(app)
    web.state.limit = SignupLimit(app.config.web.signups_per_hour, app.config.proxies)
    web.state.metrics = metrics.registry(app)
    web.state.brake = PasswordBrake()
    web.state.turns = Turns()
    web.state.preview_page = PreviewPage(app.templates)
    for room in _ROOMS:
        web.include_router(room.router)
    web.add_exception_handler(TokenError, _token_error)
    web.add_exception_handler(NotFound, _not_found)
    web.add_exception_handler(RequestValidationError, _not_found)  # only addresses are validated: /archive/x/seven
    for busy in (OperationalError, NoConnection, Busy):
        web.add_exception_handler(busy, _busy)
    web.add_exception_handler(HTTPException, _http_error)
    web.add_exception_handler(Exception, _failure)
    web.add_middleware(BodyLimit, most=LARGEST_BODY)
    web.add_middleware(OneSlash)
    web.add_middleware(Headers)
    return web


def _token_error(request: Request, error: Exception) -> Response:
    """A link that no longer works always shows a way on."""
    return _message(request, 410, "This link does not work any more", str(error))


def _not_found(request: Request, error: Exception) -> Response:
    return _message(request, 404, *_WORDS[404])


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title, text = _WORDS.get(error.status_code, ("That did not work", str(error.detail)))
    return _message(request, error.status_code, title, text, dict(error.headers or {}))


def _busy(request: Request, error: Exception) -> Response:
    """The database is locked, full or away: it may be back in a moment, and one line tells the operator."""
    reason = getattr(error, "orig", None) or error
    room = request.url.path.split("/")[1]  # what follows may be a reader's token
    told = f"{request.method} /{room} was put off: {str(reason).partition(chr(10))[0]}"
    tell(log, logging.WARNING, "web_busy", told, method=request.method, room=room)
    text = "We could not do that right now, because we are busy. Please try again in a minute."
    return _message(request, 503, "One moment, please", text, {"Retry-After": str(_ASK_AGAIN)})


def _failure(request: Request, error: Exception) -> Response:
    text = "Something went wrong on our side, and it has been written down. Please try again in a minute."
    return _message(request, 500, "Sorry", text, EVERYWHERE)  # this one is answered outside of our middleware


def _message(request: Request, status: int, title: str, text: str, headers: dict[str, str] | None = None) -> Response:
    pages: Pages = request.app.state.pages
    return pages.message(request, status, title, text, headers)
