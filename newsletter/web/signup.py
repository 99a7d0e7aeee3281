"""The way in: the start page, the sign-up page and its form, and the form for other people's sites."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from newsletter.app import App
from newsletter.domain.edition import Edition
from newsletter.domain.subscriber import ConsentMethod
from newsletter.errors import AddressError
from newsletter.services.subscribe import SignUp, sign_up
from newsletter.store import archive
from newsletter.text.roster import clean_name
from newsletter.web.guard import FRAMED, SignupLimit
from newsletter.web.pages import READ, Pages, TheApp, ThePages, json_body, rhythm, says_json, wants_json
from newsletter.web.turns import TheTurns

router = APIRouter(include_in_schema=False)

HONEYPOT = "homepage"  # a field that people do not see; who fills it in is no person
ACCEPTED = {"status": "accepted", "message": "Please look into your inbox: a mail there asks you to confirm."}
VOUCHED = "The program that signed them up vouches for their consent."  # of JSON we know no page that a person saw
_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Form:
    """A sign-up as it was typed, and what is wrong with it by field."""

    email: str = ""
    name: str = ""
    edition: str = ""
    trapped: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@router.api_route("/", methods=READ)
def home(app: TheApp, pages: ThePages) -> Response:
    return pages.page("home", pages.language, rhythms=_rhythms(app))


@router.api_route("/style.css", methods=READ)
def style(pages: ThePages) -> Response:
    keep = {"Cache-Control": f"public, max-age={int(_YEAR.total_seconds())}, immutable"}
    return PlainTextResponse(pages.style, media_type="text/css", headers=keep)


@router.api_route("/robots.txt", methods=READ)
def robots() -> Response:
    private = ("confirm", "unsubscribe", "preferences", "address", "admin", "api")
    return PlainTextResponse("User-agent: *\n" + "".join(f"Disallow: /{path}/\n" for path in private))


@router.api_route("/favicon.ico", methods=READ)
def icon() -> Response:
    """There is none, and browsers ask for it all the same."""
    return Response(status_code=204, headers={"Cache-Control": f"public, max-age={int(_YEAR.total_seconds())}"})


@router.api_route("/subscribe/{newsletter}", methods=READ)
def subscribe_page(newsletter: str, app: TheApp, pages: ThePages, edition: str = "") -> Response:
    return _form_page(app, pages, newsletter, Form(edition=edition))


@router.post("/subscribe/{newsletter}")
async def subscribe(newsletter: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    """Form or JSON. The answer is the same whatever is known of the address."""
    editions = app.editions(newsletter)
    form = await read_form(request, editions)
    return await turns.take_evenly(_subscribed, request, app, pages, newsletter, form)


@router.api_route("/embed/{newsletter}", methods=READ)
def embed_page(newsletter: str, app: TheApp, pages: ThePages, edition: str = "") -> Response:
    """The form alone, to be shown inside another site's page."""
    return _form_page(app, pages, newsletter, Form(edition=edition), embedded="embed")


@router.post("/embed/{newsletter}")
async def embedded(newsletter: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    form = await read_form(request, app.editions(newsletter))
    return await turns.take_evenly(_subscribed, request, app, pages, newsletter, form, "embed")


async def read_form(request: Request, editions: list[Edition]) -> Form:
    """Form fields or a JSON object: email, name, edition."""
    fields: dict[str, object]
    if says_json(request):
        body = await json_body(request)
        if body is None:
            return Form(errors={"body": 'The body is a JSON object such as {"email": "name@example.org"}.'})
        fields = body
    else:
        async with request.form(max_files=0, max_fields=20) as posted:
            fields = dict(posted)
    values = {key: "" if fields.get(key) is None else fields[key] for key in ("email", "name", "edition", HONEYPOT)}
    texts = {key: value.strip() for key, value in values.items() if isinstance(value, str)}
    errors = {key: "This is not text." for key in values if key not in texts}
    keys = [edition.key for edition in editions]
    edition = texts.get("edition") or keys[0]
    if edition not in keys:
        errors["edition"] = f"There is no edition {edition[:40]!r}. There are: {', '.join(keys)}."
    name = clean_name(texts.get("name", ""))[:100]
    return Form(texts.get("email", "")[:400], name, edition, bool(texts.get(HONEYPOT)), errors)


def take(app: App, pages: Pages, request: Request, newsletter: str, form: Form) -> dict[str, str]:
    """Signs up, and says what is wrong with which field. Raises TooMany."""
    limit: SignupLimit = request.app.state.limit
    origin = limit.spend(request)
    if form.errors or form.trapped:
        return form.errors
    if says_json(request):
        method, words = ConsentMethod.API, VOUCHED
    else:
        edition = app.edition(newsletter, form.edition)
        method, words = ConsentMethod.FORM, pages.said(edition.language, "sign_up", edition.name)
    wish = SignUp(newsletter, form.edition, form.email, form.name, method, origin, words)
    try:
        sign_up(app.database, app.signer, wish, app.clock())
    except AddressError as error:
        if wants_json(request):
            return {"email": sentence(error)}
        return {"email": pages.said(pages.language_of(newsletter, form.edition), "wrong", "address", sentence(error))}
    return {}


def sentence(error: AddressError) -> str:
    text = re.sub(r"\s+", " ", str(error))
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _subscribed(request: Request, app: App, pages: Pages, newsletter: str, form: Form, embedded: str = "") -> Response:
    errors = take(app, pages, request, newsletter, form)
    if wants_json(request):
        return JSONResponse({"errors": errors}, 422) if errors else JSONResponse(ACCEPTED, 202)
    if errors:
        wrong = Form(form.email, form.name, form.edition, False, errors)
        return _form_page(app, pages, newsletter, wrong, embedded, status=422)
    edition = app.edition(newsletter, form.edition)
    layout = "bare" if embedded else "base"
    framed = FRAMED if embedded else None
    return pages.page("sent", edition.language, headers=framed, edition=edition, email=form.email, layout=layout)


def _form_page(app: App, pages: Pages, newsletter: str, form: Form, embedded: str = "", status: int = 200) -> Response:
    editions = app.editions(newsletter)
    chosen = app.known_edition_or_first(newsletter, form.edition)
    with app.database.read() as connection:
        latest = next(iter(archive.sent(connection, newsletter, chosen.key, most=1)), None)
    return pages.page(
        embedded or "subscribe",
        chosen.language,
        status,
        FRAMED if embedded else None,
        chosen=chosen,
        newsletter=newsletter,
        settings=app.newsletter(newsletter),
        editions=editions,
        form=form,
        honeypot=HONEYPOT,
        latest=latest,
        days=rhythm(app.schedule(newsletter, chosen.key)),
    )


def _rhythms(app: App) -> dict[str, list[int]]:
    """When each newsletter comes, by its first edition's schedule."""
    return {
        key: rhythm(app.schedule(key, next(iter(settings.editions))))
        for key, settings in app.config.newsletters.items()
    }
