"""/api/v1: what may be known of the newsletters, and signing up. Described at /api/openapi.json and /api/docs."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import newsletter as package
from newsletter.app import App
from newsletter.domain.edition import Edition
from newsletter.store import archive
from newsletter.text.phrases import ENGLISH
from newsletter.web.pages import READ, TheApp, ThePages
from newsletter.web.signup import ACCEPTED, Form, read_form, take
from newsletter.web.turns import TheTurns


class EditionAnswer(BaseModel):
    key: str
    name: str
    timezone: str
    issues: int = Field(description="How many issues went out.")
    latest: datetime | None = Field(description="When the newest issue began to go out.")


class NewsletterAnswer(BaseModel):
    key: str
    name: str
    tagline: str
    subscribe_url: str
    archive_url: str
    editions: list[EditionAnswer]


class StatusAnswer(BaseModel):
    name: str
    version: str
    newsletters: list[NewsletterAnswer]


class SignUpQuestion(BaseModel):
    email: str = Field(description="Where the confirmation mail goes.", examples=["name@example.org"])
    name: str = ""
    edition: str = Field(default="", description="The key of an edition; the first one when left out.")


class AcceptedAnswer(BaseModel):
    status: str
    message: str


class RefusedAnswer(BaseModel):
    errors: dict[str, str] = Field(description="What is wrong, by field.")


class ErrorAnswer(BaseModel):
    error: str
    detail: str


_BUSY = {"model": ErrorAnswer, "description": "The database is busy; Retry-After says when to ask again."}
router = APIRouter(responses={503: _BUSY})


@router.api_route("/api/v1", methods=READ, include_in_schema=False)
@router.head("/api/v1/status", include_in_schema=False)
@router.get("/api/v1/status", tags=["status"])
def status(app: TheApp) -> StatusAnswer:
    """The site and its newsletters."""
    listed = [_newsletter(app, key) for key in app.config.newsletters]
    return StatusAnswer(name=app.config.site.name, version=package.__version__, newsletters=listed)


@router.head("/api/v1/newsletters/{newsletter}", include_in_schema=False)
@router.get("/api/v1/newsletters/{newsletter}", tags=["status"], responses={404: {"model": ErrorAnswer}})
def newsletter(newsletter: str, app: TheApp) -> NewsletterAnswer:
    """One newsletter and its editions."""
    return _newsletter(app, newsletter)


_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": SignUpQuestion.model_json_schema()}}}
}


@router.post(
    "/api/v1/newsletters/{newsletter}/subscribe",
    tags=["sign-up"],
    status_code=202,
    response_model=AcceptedAnswer,
    responses={
        404: {"model": ErrorAnswer},
        413: {"model": ErrorAnswer},
        422: {"model": RefusedAnswer},
        429: {"model": ErrorAnswer, "description": "Too many sign-ups from one address; Retry-After says how long."},
    },
    openapi_extra=_BODY,
)
async def subscribe(newsletter: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    """Asks the owner of an address to confirm. The answer is the same whether the address is known or not.

    Whoever calls vouches that they asked for it: that is what the record of consent says.
    """
    form: Form = await read_form(request, app.editions(newsletter))
    errors = await turns.take_evenly(take, app, pages, request, newsletter, form)
    return JSONResponse({"errors": errors}, 422) if errors else JSONResponse(ACCEPTED, 202)


@router.api_route("/api/docs", methods=READ, include_in_schema=False)
def docs(request: Request, pages: ThePages) -> Response:
    """The description in plain words, without anybody else's scripts."""
    return pages.page("api", ENGLISH, paths=request.app.openapi()["paths"])


def _newsletter(app: App, key: str) -> NewsletterAnswer:
    settings = app.newsletter(key)
    site = app.config.site.url
    return NewsletterAnswer(
        key=key,
        name=settings.name,
        tagline=settings.tagline,
        subscribe_url=f"{site}/subscribe/{key}",
        archive_url=f"{site}/archive/{key}",
        editions=[_edition(app, edition) for edition in app.editions(key)],
    )


def _edition(app: App, edition: Edition) -> EditionAnswer:
    with app.database.read() as connection:
        number, latest = archive.how_many(connection, edition.newsletter, edition.key)
    return EditionAnswer(key=edition.key, name=edition.name, timezone=edition.timezone, issues=number, latest=latest)
