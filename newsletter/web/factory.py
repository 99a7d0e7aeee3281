"""Puts the web together: pages, guards, answers to what goes wrong."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route

import newsletter
from newsletter.app import App
from newsletter.errors import Away, Busy, NotFound, TemplateError, TokenError
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
from newsletter.web.guard import (
    EVERYWHERE,
    BodyLimit,
    Headers,
    OneSlash,
    PasswordBrake,
    ProxyWatch,
    SignupLimit,
    TooMany,
)
from newsletter.web.pages import Pages, wants_json
from newsletter.web.turns import Turns

log = logging.getLogger("newsletter.web")

LARGEST_BODY = 64 * 1024
_ASK_AGAIN = 10  # seconds
_ROOMS = (signup, confirm, unsubscribe, preferences, archive, media, admin, preview, api, health)
_TOLD = {404: "nothing_here", 405: "not_this_way", 413: "too_much"}  # web/words has each, and its reason as `…_why`


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
    for busy in (Away, Busy):
        web.add_exception_handler(busy, _busy)
    web.add_exception_handler(HTTPException, _http_error)
    web.add_exception_handler(ClientDisconnect, _gone)
    web.add_exception_handler(TemplateError, _broken_template)
    web.add_exception_handler(Exception, _failure)
    web.add_middleware(BodyLimit, most=LARGEST_BODY)
    web.add_middleware(OneSlash)
    web.add_middleware(ProxyWatch, limit=web.state.limit)
    web.add_middleware(Headers)
    return web


def _token_error(request: Request, error: Exception) -> Response:
    """A link that no longer works always shows a way on."""
    assert isinstance(error, TokenError)
    return _answer(request, 410, "dead_link", str(error), error.kind)


def _not_found(request: Request, error: Exception) -> Response:
    return _answer(request, 404, _TOLD[404])


def _methods(request: Request) -> set[str]:
    """All that may be done with an address; each of its routes knows its own alone (RFC 9110 §15.5.6)."""
    routes = [route for room in _ROOMS for route in room.router.routes if isinstance(route, Route)]
    here = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in here for method in route.methods or ()}


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    if error.status_code in _TOLD:
        return _answer(request, error.status_code, _TOLD[error.status_code], headers=headers)
    phrase, kind = (error.what, error.what) if isinstance(error, TooMany) else ("did_not_work", "")
    return _answer(request, error.status_code, phrase, str(error.detail), kind, headers)


def _busy(request: Request, error: Exception) -> Response:
    """The database is locked, full or away: it may be back in a moment, and one line tells the operator."""
    room = request.url.path.split("/")[1]  # what follows may be a reader's token
    told = f"{request.method} /{room} was put off: {error.said if isinstance(error, Away) else error}"
    tell(log, logging.WARNING, "web_busy", told, method=request.method, room=room)
    return _answer(request, 503, "busy", headers={"Retry-After": str(_ASK_AGAIN)})


def _gone(request: Request, error: Exception) -> Response:
    """Who hung up in the midst of a request reads no answer, and is no fault of ours."""
    return Response(status_code=400)


def _broken_template(request: Request, error: Exception) -> Response:
    """One of the operator's own: a line tells them which, and where."""
    room = request.url.path.split("/")[1]  # what follows may be a reader's token
    told = f"{request.method} /{room} cannot be shown: {error}"
    tell(log, logging.ERROR, "web_template", told, method=request.method, room=room)
    return _failure(request, error)


def _failure(request: Request, error: Exception) -> Response:
    """This one is answered outside of our middleware."""
    try:
        return _answer(request, 500, "failure", headers=EVERYWHERE)
    except TemplateError:  # one of the operator's own is what failed
        return PlainTextResponse("Sorry. Something went wrong on our side.", 500, EVERYWHERE)


def _language(request: Request, pages: Pages) -> str:
    """That of the newsletter and edition which the address names, of the first one else."""
    _, _, newsletter, *_ = [*request.url.path.split("/"), "", "", ""]
    return pages.language_of(newsletter, request.query_params.get("edition", ""))


def _answer(
    request: Request,
    status: int,
    phrase: str,
    reason: str = "",
    kind: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    """`phrase` of web/words above its own reason, or above this one, which is of a `kind` that words may know.

    Programs are answered in English.
    """
    pages: Pages = request.app.state.pages
    if wants_json(request):
        told = {"error": pages.told_programs(phrase), "detail": reason or pages.told_programs(f"{phrase}_why")}
        return JSONResponse(told, status, headers)
    language = _language(request, pages)
    title = pages.said(language, phrase)
    text = pages.said(language, "wrong", kind, reason) if reason else pages.said(language, f"{phrase}_why")
    return pages.message(request, status, title, text, headers, language)
