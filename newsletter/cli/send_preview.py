"""`send-preview`: the real message, in your own inbox, without a trace in the ledger."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import output
from newsletter.cli.building import build_drafts
from newsletter.cli.issues import load
from newsletter.cli.session import AsOption, Context, EditionOption, JsonOption, Session, only_newsletter
from newsletter.cli.summary import say_if_not_mailed
from newsletter.errors import NewsletterError, NotFound, UsageError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.delivery import Claim, Outcome
    from newsletter.domain.issue import Issue

PANEL = "Issues"


def register(cli: typer.Typer) -> None:
    cli.command("send-preview", rich_help_panel=PANEL)(send_preview)


def send_preview(
    context: Context,
    to: Annotated[list[str], typer.Option("--to", metavar="ADDRESS", help="Who gets it; may be given several times.")],
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="NEWSLETTER-or-ISSUE",
            help="A newsletter's key (optional while there is only one), or an issue's number.",
        ),
    ] = None,
    edition: EditionOption = None,
    reader: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mail the real message to yourself: the same frozen bytes, its subject marked; it counts as sent to nobody.

    A NEWSLETTER is collected and built first: its first edition, or --edition. With nothing new you get its latest
    issue. With --as it says what that subscriber's copy says; it goes to --to alone, and its links change nothing.
    """
    from newsletter.loop import run
    from newsletter.previewing import eyes
    from newsletter.text.address import normalise

    session: Session = context.obj
    addresses = list(dict.fromkeys(normalise(address) for address in to))
    issue = _wanted(session, what or only_newsletter(session, None), edition)
    claim = eyes(session.app, issue, reader).claim if reader else None
    with output.waiting("Waiting for the mail server …"):
        outcomes = run(_send(session.app, issue, addresses, claim))
    failed = [address for address, outcome in zip(addresses, outcomes, strict=True) if outcome.kind.value != "accepted"]
    if as_json:
        told = [{"email": address, **outcome._asdict()} for address, outcome in zip(addresses, outcomes, strict=True)]
        sent = len(addresses) - len(failed)
        output.answer_json({"issue": issue.id, "edition": issue.edition, "hash": issue.hash, "sent": sent, "to": told})
    elif not failed:
        output.say(
            f"[green]sent[/]  issue {issue.id} of {issue.edition} (“{output.plain(issue.subject)}”, "
            f"hash {issue.hash[:12]}) "
            f"to {output.plain(', '.join(addresses))}"
        )
        say_if_not_mailed(session.config, len(addresses))
        _say_what_blocks(session.app, issue)
    if failed:
        troubles = [
            _trouble(address, outcome)
            for address, outcome in zip(addresses, outcomes, strict=True)
            if address in failed
        ]
        broken = any(outcome.kind.value == "broken" for outcome in outcomes)
        hint = " `newsletter doctor` looks at the mail server." if broken else ""
        raise NewsletterError("\n".join(troubles) + hint)


def _say_what_blocks(app: App, issue: Issue) -> None:
    """Whoever likes what they see would be surprised that it may not go out."""
    from newsletter.checking import inspect
    from newsletter.domain.finding import blocking

    if blocked := blocking(inspect(app, issue)):
        more = f" (and {len(blocked) - 1} more)" if len(blocked) > 1 else ""
        told = f"{output.plain(blocked[0].message)}{more}. [bold]newsletter check {issue.id}[/] tells all."
        output.note(f"[yellow]It may not go out like this:[/] {told}")


async def _send(app: App, issue: Issue, addresses: Sequence[str], chosen: Claim | None) -> list[Outcome]:
    """A Message-ID of its own each time, so that no mail program hides the second preview.

    The copy is that of the reader with the address, or of the `chosen` one; To names the address either way.
    """
    from newsletter.domain.delivery import Envelope
    from newsletter.outgoing import preview, stand_in

    ready = preview(app, issue)
    connection = app.transport(hurried=True).connection()
    outcomes: list[Outcome] = []
    try:
        for address in addresses:
            reader = ready.reader_of(stand_in(app, address))
            domain = reader.message_id.rpartition("@")[2]
            own = reader._replace(message_id=f"preview.{issue.id}.{secrets.token_hex(12)}@{domain}")
            addressed = ready.message.fill(own)
            if chosen:
                addressed[1:] = ready.message.fill(ready.reader_of(chosen))[1:]  # the first chunk says To
            outcomes.append(await connection.send(Envelope(ready.return_path, address), addressed))
    finally:
        await connection.close()
    return outcomes


def _wanted(session: Session, what: str, edition: str | None) -> Issue:
    if what in session.config.newsletters:
        return _newest(session, what, edition)
    if not what.isdecimal():
        session.app.newsletter(what)  # says which there are
    if edition is not None:
        raise UsageError("an issue has its edition already; --edition goes with a NEWSLETTER.")
    return load(session, int(what))


def _newest(session: Session, newsletter: str, edition: str | None) -> Issue:
    """The draft of what is new; or else the latest issue there is."""
    from newsletter.store import issues

    key = session.app.chosen_edition(newsletter, edition).key
    others = [one.key for one in session.app.editions(newsletter) if one.key != key]
    if others and not edition:
        output.note(f"This is the edition {key}; --edition shows the others: {', '.join(others)}.")
    if drafts := build_drafts(session, newsletter, key, None):
        return drafts[0]
    with session.app.database.read() as connection:
        there = issues.listing(connection, newsletter, key, most=1)
    if not there:
        raise NotFound(f"{newsletter} has no posts to make an issue of; `newsletter posts` shows what was collected.")
    output.note("Nothing is new: this is the latest issue.")
    return load(session, there[0].id)


def _trouble(address: str, outcome: Outcome) -> str:
    words = " ".join(part for part in (str(outcome.code or ""), outcome.status, outcome.text) if part)
    return f"{address} did not get it: {words or 'the server gave no reason'}."
