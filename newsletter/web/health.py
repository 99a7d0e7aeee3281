"""For machines that watch: is it alive, and how is it going."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from newsletter.errors import StoreError
from newsletter.store import notices
from newsletter.web.guard import is_local, is_operator
from newsletter.web.pages import READ, TheApp, ThePages

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=READ)
def healthz(app: TheApp) -> Response:
    """200 when the database answers, and its file is where it was and may be written to, else 503."""
    try:
        if not app.database.is_in_place:
            return JSONResponse({"status": "the database's file is gone"}, 503)
        if not app.database.may_be_written:
            return JSONResponse({"status": "the database may not be written to"}, 503)
        with app.database.read() as connection:
            notices.waiting(connection)
    except StoreError:
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok"})


@router.api_route("/metrics", methods=READ)
def metrics(request: Request, app: TheApp, pages: ThePages) -> Response:
    """For Prometheus on this machine; from elsewhere with the admin's password."""
    if not (is_local(request) or is_operator(request, app)):
        ask = {"WWW-Authenticate": 'Basic realm="newsletter metrics", charset="UTF-8"'}
        return pages.message(
            request, 401, "For the operator only", "Metrics need the admin's password, with any user name.", ask
        )
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)
