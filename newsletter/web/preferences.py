"""A reader's own page: name, editions, another address, and the way out of everything."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.datastructures import FormData

from newsletter.app import App
from newsletter.domain.subscriber import NOBODY, SubscriptionState
from newsletter.errors import AddressError
from newsletter.services.preferences import Preferences, ask_new_address, change, preferences
from newsletter.services.subscribe import NEVER_MAILED
from newsletter.text.roster import clean_name
from newsletter.text.token import PREFERENCES
from newsletter.web.guard import Mailing, SignupLimit
from newsletter.web.pages import READ, Pages, TheApp, ThePages
from newsletter.web.signup import sentence
from newsletter.web.turns import TheTurns

router = APIRouter(include_in_schema=False)

Told = tuple[str, ...]
"""A phrase and its values."""

NONE = "-"  # the choice that ends a subscription; no edition's key


@router.api_route("/preferences/{token}", methods=READ)
def preferences_page(token: str, app: TheApp, pages: ThePages) -> Response:
    subscriber, newsletter = app.signer.read_subscription(PREFERENCES, token)
    if subscriber == NOBODY:
        return pages.page("from_preview", pages.language_of(newsletter), name="")
    return _page(app, pages, preferences(app.database, app.signer, token))


@router.post("/preferences/{token}")
async def preferences_change(token: str, request: Request, app: TheApp, pages: ThePages, turns: TheTurns) -> Response:
    async with request.form(max_files=0, max_fields=200) as form:
        return await turns.take(_changed, token, request, form, app, pages)


def _changed(token: str, request: Request, form: FormData, app: App, pages: Pages) -> Response:
    limit: SignupLimit = request.app.state.limit
    before = preferences(app.database, app.signer, token)
    spoken = pages.language_of_reader(before.subscriptions, before.newsletter)
    match form.get("action"):
        case "address":
            limit.spend(request, Mailing.CHANGE_OF_ADDRESS)
            return _ask_address(app, pages, spoken, token, before, str(form.get("email") or "").strip())
        case "again":
            return _again(app, pages, spoken, token, before, str(form.get("edition")), limit.origin(request))
        case "leave":
            wanted: dict[str, str | None] = {one.newsletter: None for one in before.subscriptions}
            name = before.reader.name
        case "save":
            wanted, name = _choices(app, form, before), _name(form, before)
        case _:  # none of our forms
            return _page(app, pages, before, status=422)
    words = {key: _words(app, pages, spoken, key, edition) for key, edition in wanted.items() if edition}
    after = change(app.database, app.signer, token, name, wanted, words, limit.origin(request), app.clock())
    told: list[Told] = [("left_all",)] if form.get("action") == "leave" else _changes(pages, before, after, wanted)
    return _page(app, pages, after, *told)


def _ask_address(app: App, pages: Pages, spoken: str, token: str, before: Preferences, typed: str) -> Response:
    try:
        email = ask_new_address(app.database, app.signer, token, typed, app.clock())
    except AddressError as error:
        told = pages.said(spoken, "wrong", "address", sentence(error))
        return _page(app, pages, before, error=told, typed=typed[:400], status=422)
    if email == before.reader.email:
        return _page(app, pages, before, ("own_address",))
    if not before.gets_mail:
        return _page(app, pages, before)  # there is no mail to move, and the page says so
    return _page(app, pages, before, ("asked_address", email))


def _again(app: App, pages: Pages, spoken: str, token: str, before: Preferences, edition: str, origin: str) -> Response:
    """The button of the goodbye page: the newsletter just left, once more."""
    key = before.newsletter
    settings = app.config.newsletters.get(key)
    if settings is None or not app.has_edition(key, edition):
        return _page(app, pages, before, status=422)
    words = {key: f"{settings.name}: {pages.said(spoken, 'once_more')}"}
    wanted: dict[str, str | None] = {key: edition}
    after = change(app.database, app.signer, token, before.reader.name, wanted, words, origin, app.clock())
    return _page(app, pages, after, *_changes(pages, before, after, wanted))


def _changes(pages: Pages, before: Preferences, after: Preferences, wanted: Mapping[str, str | None]) -> list[Told]:
    """Who left, came, came back or may not is told so, by newsletter: else it is enough that it was saved."""
    were = {one.newsletter: one.state for one in before.subscriptions}
    english, kind = NEVER_MAILED
    told: list[Told] = []
    for one in after.subscriptions:
        match were.get(one.newsletter, one.state), one.state:
            case SubscriptionState.UNSUBSCRIBED, SubscriptionState.UNSUBSCRIBED if wanted.get(one.newsletter):
                told.append(("wrong", kind, english))
            case SubscriptionState.PENDING, SubscriptionState.ACTIVE:
                told.append(("welcome_to", pages.name_of(one.newsletter, one.edition)))
            case was, SubscriptionState.ACTIVE if was is not one.state:
                told.append(("back", pages.name_of(one.newsletter, one.edition)))
            case was, SubscriptionState.UNSUBSCRIBED if was is not one.state:
                told.append(("left", pages.name_of(one.newsletter, one.edition)))
    return told or [("saved",)]


def _name(form: FormData, before: Preferences) -> str:
    """A form without the field leaves it as it is."""
    typed = form.get("name")
    return clean_name(typed)[:100] if isinstance(typed, str) else before.reader.name


def _choices(app: App, form: FormData, before: Preferences) -> dict[str, str | None]:
    """What was chosen for each newsletter; a choice that does not exist leaves things as they are."""
    chosen: dict[str, str | None] = {}
    for one in before.subscriptions:
        wish = form.get(f"edition:{one.newsletter}")
        settings = app.config.newsletters.get(one.newsletter)
        if wish == NONE:
            chosen[one.newsletter] = None
        elif settings and isinstance(wish, str) and wish in settings.editions:
            chosen[one.newsletter] = wish
    return chosen


def _words(app: App, pages: Pages, spoken: str, newsletter: str, edition: str) -> str:
    """A choice as the page names it: its group, then its label."""
    only = len(app.editions(newsletter)) == 1
    label = pages.said(spoken, "send") if only else app.edition(newsletter, edition).name
    return f"{app.newsletter(newsletter).name}: {label}"


def _page(
    app: App,
    pages: Pages,
    found: Preferences,
    *told: Told,
    error: str = "",
    typed: str = "",
    status: int = 200,
) -> Response:
    """What is told is so in the language that the page is in once the change is made."""
    known = [one for one in found.subscriptions if one.newsletter in app.config.newsletters]
    choices = [
        (
            one,
            app.newsletter(one.newsletter),
            app.editions(one.newsletter),
            app.known_edition_or_first(one.newsletter, one.edition),
        )
        for one in known
    ]
    language = pages.language_of_reader(found.subscriptions, found.newsletter)
    return pages.page(
        "preferences",
        language,
        status,
        reader=found.reader,
        choices=choices,
        gets_mail=found.gets_mail,
        stop=NONE,
        notice=Markup(" ").join(pages.shown(language, *one) for one in told),
        error=error,
        typed=typed,
    )
