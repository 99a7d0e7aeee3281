"""`subscribers show`: all that is known of one person, as they may ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, JsonOption, Session
from newsletter.cli.words import iso
from newsletter.text.clocks import moment

if TYPE_CHECKING:
    from newsletter.domain.subscriber import Consent, Dossier


def show_person(
    context: Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An email address.")],
    as_json: JsonOption = False,
) -> None:
    """Show what is known of one person: name, subscriptions, and the record of their consent.

    Whoever was erased left a keyed hash: their record can still be shown to those who know the address.
    """
    from newsletter.services.readers import about

    app = context.obj.app
    person = about(app.database, app.signer, address)
    if as_json:
        output.answer_json(_json(person))
    else:
        _show(context.obj, person)


def _json(person: Dossier) -> dict[str, Any]:
    return {
        "email": person.email,
        "name": person.name,
        "tags": list(person.tags),
        "suppressed": person.suppressed or None,
        "subscriptions": [
            {
                "newsletter": one.newsletter,
                "edition": one.edition,
                "state": one.state.value,
                "since": iso(one.since),
            }
            for one in person.subscriptions
        ],
        "consents": [
            {
                "at": iso(one.at),
                "action": one.action.value,
                "newsletter": one.newsletter,
                "edition": one.edition,
                "method": one.method.value,
                "origin": one.origin,
                "words": one.words,
            }
            for one in person.consents
        ],
    }


def _show(session: Session, person: Dossier) -> None:
    output.say(f"[bold]{output.plain(person.email)}[/]  {output.plain(person.name)}".rstrip())
    if person.tags:
        output.say(f"  tags: {output.plain(', '.join(person.tags))}")
    if _has_moved(person):
        output.say("  Whoever had this address has another one now, and the subscriptions went along.")
        output.say("  [dim]The record of consent does not say which: it holds no addresses.[/]")
    if person.suppressed:
        output.say(f"  [yellow]never mailed[/]: {output.plain(person.suppressed)}")
    for one in person.subscriptions:
        since = moment(one.since, session.app.zone(one.newsletter, one.edition))
        output.say(f"  {one.newsletter}, edition {one.edition}: {one.state.value} since {since}")
    if person.consents:
        output.say("\nThe record of consent, oldest first:")
    for consent in person.consents:
        output.say(f"  {_line(session, consent)}")


def _has_moved(person: Dossier) -> bool:
    """Whether the last that is known of an address is that its reader left it for another."""
    from newsletter.domain.subscriber import ConsentAction

    last = person.consents[-1].action if person.consents else None
    return last is ConsentAction.ADDRESS_CHANGED and not person.subscriptions


def _line(session: Session, consent: Consent) -> str:
    """One step of the record: when, what, how, from where, in which words."""
    zone = session.app.zone(consent.newsletter, consent.edition)
    about = f" {consent.newsletter}, edition {consent.edition}" if consent.newsletter else ""
    origin = f" ({output.plain(consent.origin)})" if consent.origin else ""
    words = f": “{output.plain(consent.words)}”" if consent.words else ""
    how = f"by {output.plain(consent.method)}{origin}"
    return f"[dim]{moment(consent.at, zone)}[/]  {output.plain(consent.action)}{about}, {how}{words}"
