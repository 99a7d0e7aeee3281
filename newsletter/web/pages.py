"""Pages from templates/web: the operator's templates folder first, then the package's own."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.app import App
from newsletter.domain.edition import Edition
from newsletter.domain.occurrence import Schedule
from newsletter.text.dates import long_date

READ = ["GET", "HEAD"]
"""The methods that never change anything."""


class Pages:
    """Renders the templates of templates/web. Everything in them is a value and escaped."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._environment = ImmutableSandboxedEnvironment(
            loader=app.templates,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["day"] = lambda moment, edition: day(moment, edition)
        self._plain = self._environment.overlay(autoescape=False)

    def page(
        self, name: str, /, status: int = 200, headers: dict[str, str] | None = None, **values: object
    ) -> Response:
        """One of templates/web, by its name without `.html`."""
        template = self._environment.get_template(f"web/{name}.html")
        site = self._app.config.site
        html = template.render(site=site, style=self.style_url, newsletters=self.newsletters, **values)
        return HTMLResponse(html, status, headers)

    def words(self, phrase: str, *values: str) -> str:
        """A phrase of web/words.txt as the pages show it, for the record of consent."""
        phrases = self._plain.get_template("web/words.txt").module
        return " ".join(str(getattr(phrases, phrase)(*values)).split())

    def message(
        self, request: Request, status: int, title: str, text: str, headers: dict[str, str] | None = None
    ) -> Response:
        """A page that says one thing; JSON to those who talk JSON."""
        if wants_json(request):
            return JSONResponse({"error": title, "detail": text}, status, headers)
        return self.page("message", status, headers, title=title, text=text)

    @property
    def newsletters(self) -> list[tuple[str, list[Edition]]]:
        """(key, editions) of each newsletter there is."""
        return [(key, self._app.editions(key)) for key in self._app.config.newsletters]

    @cached_property
    def style(self) -> str:
        return self._environment.get_template("web/style.css").render()

    @cached_property
    def style_url(self) -> str:
        """Changes with the content, so that a browser may keep it for ever."""
        return f"/style.css?v={hashlib.sha256(self.style.encode()).hexdigest()[:12]}"


def wants_json(request: Request) -> bool:
    """Whether the question came as JSON, or to the API."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    accepts = request.headers.get("accept", "")
    return kind == "application/json" or request.url.path.startswith("/api/") or accepts.startswith("application/json")


def day(moment: datetime, edition: Edition) -> str:
    """The date of an instant where the edition's readers are, in its language."""
    return long_date(moment.astimezone(ZoneInfo(edition.timezone)).date(), edition.language)


def rhythm(schedule: Schedule | None) -> str:
    """`every Friday at 08:00, Europe/London time`, as a reader wants to know it; "" without a schedule."""
    if schedule is None:
        return ""
    days = [name.capitalize() for name in schedule.days]
    named = " and ".join(filter(None, (", ".join(days[:-1]), days[-1])))
    return "every day" if len(days) == 7 else f"every {named}"


def _app(request: Request) -> App:
    app: App = request.app.state.app
    return app


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


TheApp = Annotated[App, Depends(_app)]
ThePages = Annotated[Pages, Depends(_pages)]


async def json_body(request: Request) -> dict[str, Any] | None:
    """The body as a JSON object, None when it is none."""
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
