"""Pages from templates/web: the operator's templates folder first, then the package's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from newsletter.app import App
from newsletter.domain.edition import Edition
from newsletter.domain.occurrence import WEEKDAYS, Schedule
from newsletter.domain.subscriber import Subscription
from newsletter.errors import AddressError
from newsletter.text import phrases
from newsletter.text.headers import is_read, mailbox
from newsletter.text.page_words import ORIGINAL, WORDS, plain, speaking
from newsletter.text.sandbox import template_errors
from newsletter.web.guard import FRAMED

READ = ["GET", "HEAD"]
"""The methods that never change anything."""
_WAYS_OUT = ("unsubscribe", "preferences")
_MOST_CONTACTS = 3


class Pages:
    """Renders the templates of templates/web, each page in one language. Everything in them is a value and escaped."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._speaking: dict[str, ImmutableSandboxedEnvironment] = {}

    def page(
        self, name: str, language: str, /, status: int = 200, headers: dict[str, str] | None = None, **values: object
    ) -> Response:
        """One of templates/web, by its name without `.html`."""
        site = self._app.config.site
        given = {"site": site, "style": self.style_url, "newsletters": self.newsletters, **values}
        return HTMLResponse(self.piece(name, language, **given), status, headers)

    def piece(self, name: str, language: str, /, **values: object) -> str:
        """The HTML that a template of templates/web makes of these values alone: a whole page, or a part of one."""
        file = f"web/{name}.html"
        with template_errors(file):
            return phrases.in_html(self._environment(language).get_template(file).render(values))

    def read(self, name: str) -> None:
        """Raises TemplateError when it is no template."""
        file = f"web/{name}.html"
        with template_errors(file):
            self._environment(self.language).get_template(file)

    def said(self, language: str, phrase: str, *values: str) -> str:
        """A phrase of web/words as a page in that language shows it, as plain text."""
        return plain(self._phrase(language, phrase, *values))

    def shown(self, language: str, phrase: str, *values: str) -> Markup:
        """The same for a template, where names stand apart."""
        return escape(self._phrase(language, phrase, *values))

    def told_programs(self, phrase: str) -> str:
        """A phrase in the package's own English."""
        module = self._environment(phrases.ENGLISH).get_template(ORIGINAL).module
        return plain(getattr(module, phrase))

    def message(
        self,
        request: Request,
        status: int,
        title: str,
        text: str,
        headers: dict[str, str] | None = None,
        language: str = phrases.ENGLISH,
    ) -> Response:
        """A page that says one thing; JSON to those who talk JSON.

        It offers a way on: the sign-up, but to whoever wants out somebody to write to, and to the operator neither.
        """
        if wants_json(request):
            return JSONResponse({"error": title, "detail": text}, status, headers)
        room, enough = request.url.path.split("/")[1], status == 429
        leaving = room in _WAYS_OUT
        framed = request.url.path.startswith("/embed/")
        headers = {**(headers or {}), **(FRAMED if framed else {})}
        layout = "bare" if framed else "base"
        return self.page(
            "message",
            language,
            status,
            headers,
            title=title,
            text=text,
            layout=layout,
            contacts=self._contacts(language) if leaving and not enough else [],
            offers=not (leaving or enough or room == "admin"),
        )

    @property
    def language(self) -> str:
        """Of pages about no edition: that of the first one."""
        return next((editions[0].language for _, editions in self.newsletters), phrases.ENGLISH)

    def language_of(self, newsletter: str, edition: str = "") -> str:
        """Of pages about an edition, or about a newsletter, also when config.yaml no longer has it."""
        if newsletter not in self._app.config.newsletters:
            return self.language
        return self._app.known_edition_or_first(newsletter, edition).language

    def name_of(self, newsletter: str, edition: str = "") -> str:
        """What readers know their edition by; the newsletter, of one that config.yaml no longer has."""
        if self._app.has_edition(newsletter, edition):
            return self._app.edition(newsletter, edition).name
        settings = self._app.config.newsletters.get(newsletter)
        return settings.name if settings else newsletter

    def language_of_reader(self, subscriptions: Sequence[Subscription], newsletter: str = "") -> str:
        """Of a reader's own pages: that of the newsletter whose mail led there, else of the first they have."""
        own = [one for one in subscriptions if one.newsletter == newsletter] or list(subscriptions)
        return self.language_of(own[0].newsletter, own[0].edition) if own else self.language

    @property
    def newsletters(self) -> list[tuple[str, list[Edition]]]:
        """(key, editions) of each newsletter there is."""
        return [(key, self._app.editions(key)) for key in self._app.config.newsletters]

    @property
    def style(self) -> str:
        with template_errors("web/style.css"):
            return self._environment(phrases.ENGLISH).get_template("web/style.css").render()

    @property
    def style_url(self) -> str:
        """Changes with the content, so that a browser may keep it for ever."""
        return f"/style.css?v={hashlib.sha256(self.style.encode()).hexdigest()[:12]}"

    def _contacts(self, language: str) -> list[tuple[str, str, str]]:
        """(newsletters, address, link) of whom their readers can write to; none when too many are to choose from."""
        found: dict[str, list[str]] = {}
        for settings in self._app.config.newsletters.values():
            try:
                address = mailbox(settings.unsubscribe_mailbox or settings.reply_to or settings.sender)[1]
            except AddressError:  # no message can leave, and preflight says so
                continue
            if is_read(address):
                found.setdefault(address, []).append(settings.name)
        if len(found) > _MOST_CONTACTS:
            return []
        wish = self.said(language, "unsubscribe")
        return [(", ".join(names), address, _mail_link(address, wish, names)) for address, names in found.items()]

    def _phrase(self, language: str, phrase: str, *values: str) -> str:
        with template_errors(WORDS):
            found = getattr(self._environment(language).globals["words"], phrase)
        told: str = found(*values) if values else found
        return told

    def _environment(self, language: str) -> ImmutableSandboxedEnvironment:
        """One for each language, so that it is known in every file, in those that are imported too."""
        if language not in self._speaking:
            file, spoken = self._words_file(language)
            made = speaking(self._app.templates, file, spoken)
            made.filters.update(
                says=lambda edition, phrase: self._phrase(edition.language, phrase, edition.name),
                tongue=lambda edition: self._words_file(edition.language)[1],
            )
            self._speaking[language] = made
        return self._speaking[language]

    def _words_file(self, language: str) -> tuple[str, str]:
        """The file with the phrases for a language tag, and the language that they are in."""
        file = self._app.renderer.words_file(language, WORDS)
        is_english = language.partition("-")[0].lower() == phrases.ENGLISH  # en-GB writes its dates otherwise
        return file, phrases.ENGLISH if file == f"{WORDS}/{phrases.ENGLISH}.txt" and not is_english else language


def _mail_link(address: str, wish: str, names: list[str]) -> str:
    """To a mail whose subject says what is wished for, and of which newsletter where it can be but one."""
    subject = f"{wish}: {names[0]}" if len(names) == 1 else wish
    return f"mailto:{quote(address, safe='@+')}?subject={quote(subject)}"


def says_json(request: Request) -> bool:
    """Whether what came with the question is JSON; what comes to the API always is."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or request.url.path.startswith("/api/")


def wants_json(request: Request) -> bool:
    """Whether the answer is to be JSON: a site's own form may ask for that, too."""
    return says_json(request) or request.headers.get("accept", "").startswith("application/json")


def rhythm(schedule: Schedule | None) -> list[int]:
    """The days of the week on which an issue comes, 0 for Monday; none without a schedule."""
    return [WEEKDAYS.index(name) for name in schedule.days] if schedule else []


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
