"""The issues that went out, for everybody: a list, the issues themselves, and a feed of them."""

from __future__ import annotations

from html import escape
from typing import Annotated
from xml.etree import ElementTree

from fastapi import APIRouter, Path, Response
from fastapi.responses import HTMLResponse

from newsletter.app import App
from newsletter.domain.edition import Edition
from newsletter.store import archive, issues
from newsletter.store.archive import Listed
from newsletter.text.media import embedded, relocated
from newsletter.text.message import fill_html
from newsletter.text.page_words import day
from newsletter.text.public import for_everybody, on_top
from newsletter.web.pages import READ, TheApp, ThePages

router = APIRouter(include_in_schema=False)

IN_FEED = 20
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
_ATOM = "http://www.w3.org/2005/Atom"
# An issue is other people's text: it may show pictures and lead elsewhere, and do nothing at all on our site.
_ISSUE_POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation"
)
_SHORT_TIME = {"Cache-Control": "public, max-age=300"}


@router.api_route("/archive/{newsletter}", methods=READ)
def archive_page(newsletter: str, app: TheApp, pages: ThePages, edition: str = "") -> Response:
    chosen = app.chosen_edition(newsletter, edition)
    return pages.page(
        "archive",
        chosen.language,
        headers=_SHORT_TIME,
        edition=chosen,
        editions=app.editions(newsletter),
        listed=_sent(app, chosen),
    )


@router.api_route("/archive/{newsletter}/feed.xml", methods=READ)
def archive_feed(newsletter: str, app: TheApp, edition: str = "") -> Response:
    """Atom (RFC 4287) of the newest issues."""
    chosen = app.chosen_edition(newsletter, edition)
    content = ElementTree.tostring(_feed(chosen, _sent(app, chosen)[:IN_FEED]), encoding="utf-8", xml_declaration=True)
    return Response(content, media_type="application/atom+xml", headers=_SHORT_TIME)


@router.api_route("/archive/{newsletter}/{number}", methods=READ)
def archive_issue(newsletter: str, number: Number, app: TheApp, pages: ThePages, edition: str = "") -> Response:
    """What readers got, without what was for each of them, below a bar with the ways on; cid: leads to our pictures.

    Where no marks tell what that is, readers' own links lead to the sign-up page.
    """
    chosen = app.chosen_edition(newsletter, edition)
    with app.database.read() as connection:
        issue = issues.by_number(connection, newsletter, chosen.key, number)
    signup = f"{chosen.site_url}/subscribe/{newsletter}?edition={chosen.key}"
    travelling = set(embedded(issue.html))  # with the mail; on a page they have an address
    nobody = {
        "email": "",
        "name": "",
        "since": day(issue.started_at or issue.built_at, chosen, chosen.language),
        "unsubscribe_url": signup,
        "preferences_url": signup,
    }
    policy = {"Content-Security-Policy": _ISSUE_POLICY}
    html = fill_html(for_everybody(issue.html), nobody)
    html = relocated(html, lambda name: f"/media/{name}" if name in travelling else None)
    bar = pages.piece("issue_bar", chosen.language, edition=chosen)
    return HTMLResponse(on_top(html, bar), headers={**_SHORT_TIME, **policy})


def _sent(app: App, edition: Edition) -> list[Listed]:
    with app.database.read() as connection:
        return archive.sent(connection, edition.newsletter, edition.key)


def _feed(edition: Edition, listed: list[Listed]) -> ElementTree.Element:
    base = f"{edition.site_url}/archive/{edition.newsletter}"
    query = f"?edition={edition.key}"
    feed = ElementTree.Element("feed", xmlns=_ATOM)
    _add(feed, "id", f"{base}{query}")
    _add(feed, "title", edition.name)
    ElementTree.SubElement(feed, "link", href=f"{base}{query}")
    ElementTree.SubElement(feed, "link", rel="self", href=f"{base}/feed.xml{query}")
    _add(ElementTree.SubElement(feed, "author"), "name", edition.site_name)
    newest = max((_when(issue) for issue in listed), default="1970-01-01T00:00:00+00:00")
    _add(feed, "updated", newest)
    for issue in listed:
        entry = ElementTree.SubElement(feed, "entry")
        _add(entry, "id", f"{base}/{issue.number}{query}")
        _add(entry, "title", issue.subject)
        ElementTree.SubElement(entry, "link", href=f"{base}/{issue.number}{query}")
        _add(entry, "updated", _when(issue))
        titles = "".join(f'<li><a href="{escape(url)}">{escape(title)}</a></li>' for title, url in issue.stories)
        _add(entry, "content", f"<p>{escape(issue.preheader)}</p><ul>{titles}</ul>").set("type", "html")
    return feed


def _add(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, name)
    child.text = text
    return child


def _when(issue: Listed) -> str:
    return issue.at.isoformat(timespec="seconds")
