"""An issue as its readers will get it, for the operator: the page, the message in each view, the message as a file."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from newsletter import previewing
from newsletter.app import App
from newsletter.domain.issue import Issue
from newsletter.errors import AddressError, Away, NewsletterError, NotFound
from newsletter.preview.page import PreviewPage, Surroundings
from newsletter.preview.views import FRAME_POLICY, SANDBOX, view
from newsletter.previewing import Eyes
from newsletter.store import issues
from newsletter.text.opened import Opened
from newsletter.web.admin import turn_away
from newsletter.web.pages import READ, TheApp, ThePages

router = APIRouter(include_in_schema=False, prefix="/admin/issues/{number}/preview")

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
As = Annotated[str, Query(alias="as", max_length=400)]
Kind = Literal["eml", "html", "txt"]
_TYPES = {"eml": "message/rfc822", "html": "text/html", "txt": "text/plain"}
_FILES = (("eml", "message.eml, as it is sent"), ("html", "its HTML"), ("txt", "its text"))
_PAGE_POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_FRAMED = {"Content-Security-Policy": f"{FRAME_POLICY}; frame-ancestors 'self'; sandbox {SANDBOX}"}


@router.api_route("", methods=READ)
def preview_page(number: Number, request: Request, app: TheApp, pages: ThePages, as_: As = "") -> Response:
    if refused := turn_away(request, app, pages):
        return refused
    issue, status = _issue(app, number), 200
    try:
        whose = previewing.eyes(app, issue, as_.strip())
    except (AddressError, NotFound) as error:
        status = 404
        whose = Eyes(previewing.eyes(app, issue, None).claim, remark=str(error), asked=as_)
    nonce = secrets.token_urlsafe(16)
    suffix = f"?as={quote(whose.asked)}" if whose.is_chosen else ""
    surroundings = Surroundings(
        frame=lambda one: ("src", f"/admin/issues/{issue.id}/preview/view/{one.key}{suffix}"),
        issue=lambda other: f"/admin/issues/{other}/preview{suffix}",
        files=[(f"/admin/issues/{issue.id}/preview/message.{kind}{suffix}", what) for kind, what in _FILES],
        nonce=nonce,
        home="/admin",
    )
    page: PreviewPage = request.app.state.preview_page
    html = page.html(previewing.look(app, issue, whose), surroundings)
    return HTMLResponse(html, status, {"Content-Security-Policy": _PAGE_POLICY.format(nonce=nonce)})


@router.api_route("/view/{key}", methods=READ)
def preview_view(number: Number, key: str, request: Request, app: TheApp, pages: ThePages, as_: As = "") -> Response:
    """What stands in one frame: a copy of the HTML as some mail programs show it. Nothing in it can act."""
    if refused := turn_away(request, app, pages):
        return refused
    shown = view(key)
    if shown is None:
        raise HTTPException(404)
    return HTMLResponse(shown.copy(previewing.with_pictures_here(_message(app, number, as_).html)), headers=_FRAMED)


@router.api_route("/message.{kind}", methods=READ)
def preview_file(number: Number, kind: Kind, request: Request, app: TheApp, pages: ThePages, as_: As = "") -> Response:
    """As a file to keep: a browser does not show it, so nothing in it can act here either."""
    if refused := turn_away(request, app, pages):
        return refused
    message = _message(app, number, as_)
    content = {"eml": message.raw, "html": message.html.encode(), "txt": message.text.encode()}[kind]
    kept = {"Content-Disposition": f'attachment; filename="message-{number}.{kind}"'}
    return Response(content, media_type=_TYPES[kind], headers={**_FRAMED, **kept})


def _issue(app: App, number: int) -> Issue:
    with app.database.read() as connection:
        return issues.get(connection, number)


def _message(app: App, number: int, address: str) -> Opened:
    """Raises NotFound, also for a message that cannot be made: the page says why."""
    issue = _issue(app, number)
    try:
        return Opened(previewing.message(app, issue, previewing.eyes(app, issue, address.strip())))
    except Away:
        raise
    except (NewsletterError, ValueError) as error:
        raise NotFound(str(error)) from None
