"""An issue made ready to be looked at: whose copy, its bytes, what preflight says. Above checking.py."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from newsletter.app import App
from newsletter.checking import inspect
from newsletter.domain.delivery import Claim
from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue
from newsletter.domain.subscriber import Subscription, SubscriptionState
from newsletter.errors import Away, NewsletterError, NotFound
from newsletter.illustrating import pictures_of
from newsletter.outgoing import outgoing, stand_in
from newsletter.preview.page import Look, Onlooker
from newsletter.store import archive, subscribers
from newsletter.text import media
from newsletter.text.address import normalise
from newsletter.text.opened import Opened


@dataclass(frozen=True, slots=True)
class Eyes:
    """Whose copy is looked at. The links in it are always those of a preview, which open and change nothing."""

    claim: Claim
    is_chosen: bool = False
    remark: str = ""
    asked: str = ""


def eyes(app: App, issue: Issue, address: str | None) -> Eyes:
    """A stand-in for a reader, or the subscriber with that address: name, address and date are theirs, no link is.

    Raises AddressError; NotFound when nobody has that address, or the person has nothing to do with the newsletter.
    """
    if not address:
        return Eyes(stand_in(app))
    email = normalise(address)
    with app.database.read() as connection:
        reader = subscribers.find(connection, email)
        theirs = subscribers.subscription(connection, reader.id, issue.newsletter) if reader else None
        refused = subscribers.suppressed(connection, app.signer.person(email))
    if theirs is None:
        raise NotFound(
            f"{email} has no subscription to {issue.newsletter}; "
            f"`newsletter subscribers list --newsletter {issue.newsletter}` shows who has."
        )
    claim = stand_in(app, email)._replace(name=theirs.subscriber.name, since=theirs.since)
    remark = _remark(app.edition(issue.newsletter, issue.edition), theirs, refused)
    return Eyes(claim, is_chosen=True, remark=remark, asked=email)


def look(app: App, issue: Issue, whose: Eyes) -> Look:
    """An issue that cannot be made into a message is told of, with what preflight says about it."""
    edition = app.edition(issue.newsletter, issue.edition)
    raw, trouble = b"", ""
    try:
        raw = message(app, issue, whose)
    except Away:
        raise
    except (NewsletterError, ValueError) as error:
        trouble = str(error)
    claim = whose.claim
    reader = Onlooker(claim.email, claim.name, whose.is_chosen, whose.remark, whose.asked)
    return Look(issue, edition, Opened(raw), reader, inspect(app, issue), _others(app, issue), trouble)


def message(app: App, issue: Issue, whose: Eyes) -> bytes:
    """The reader's message, byte for byte. Raises NewsletterError, or ValueError, when it cannot be made."""
    ready = outgoing(app, issue)
    try:
        return b"".join(ready.message.fill(ready.reader_of(whose.claim)))
    except AttributeError as error:
        raise ValueError(f"It holds a slot that nothing fills: {error.name}.") from None


def with_pictures_inside(app: App, html: str) -> str:
    """A mail's HTML with our pictures as data: addresses, so that it needs neither a server nor a folder."""
    inside = {
        name: f"data:{media.content_type(name)};base64,{b64encode(data).decode('ascii')}"
        for name, data in pictures_of(app, html).items()
    }
    return media.relocated(html, inside.get)


def with_pictures_here(html: str) -> str:
    """A mail's HTML with our pictures below /media, wherever its readers find them."""
    return media.relocated(html, lambda name: f"/media/{name}")


def _others(app: App, issue: Issue) -> list[tuple[str, int]]:
    """Those that config.yaml still has, in its order."""
    with app.database.read() as connection:
        there = archive.same_build(connection, issue)
    return [(edition.name, there[edition.key]) for edition in app.editions(issue.newsletter) if edition.key in there]


def _remark(edition: Edition, theirs: Subscription, refused: str | None) -> str:
    """Why the reader would not get this issue, "" when they would."""
    if refused:
        return f"This address is never mailed ({refused})."
    if theirs.state is SubscriptionState.PENDING:
        return "This reader has not confirmed yet, so nothing is sent to them."
    if theirs.state is SubscriptionState.UNSUBSCRIBED:
        return "This reader has unsubscribed, so nothing is sent to them."
    if theirs.edition != edition.key:
        return f"This reader gets the edition {theirs.edition}, not {edition.key}."
    return ""
