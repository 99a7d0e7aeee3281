"""The pictures of issues, for mail clients and the archive. Their names are made from their content: kept for ever."""

from __future__ import annotations

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from newsletter.illustrating import picture_file
from newsletter.text.media import content_type
from newsletter.web.pages import READ, TheApp

router = APIRouter(include_in_schema=False)

_FOR_EVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",  # mail is read on other people's pages
}


@router.api_route("/media/{name}", methods=READ)
def picture(name: str, app: TheApp) -> Response:
    """Only what bears a picture's name is looked for (`Media.read`): no path leads elsewhere, nothing is listed."""
    found = picture_file(app, name)
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type=content_type(name), headers=_FOR_EVER)
