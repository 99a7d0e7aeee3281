"""`subscribers`: who gets what, and how they come and go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from newsletter.cli import output
from newsletter.cli.asking import Asked, ask_at_once, say_asked
from newsletter.cli.importing import import_file
from newsletter.cli.person import show_person
from newsletter.cli.session import Context, JsonOption, only_newsletter
from newsletter.cli.subscriber_sheets import show_subscriptions, stream_json, subscription_json
from newsletter.cli.words import count, one_of
from newsletter.errors import NewsletterError, NotFound, UsageError

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.subscriber import Subscription

PANEL = "Subscribers"
ORIGIN = "command line"

group = typer.Typer(no_args_is_help=True, help="Add, import, export, list, show, move, remove and erase subscribers.")
AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="An email address.")]
NewsletterOption = Annotated[
    str | None, typer.Option("--newsletter", metavar="NEWSLETTER", help="Optional while there is only one.")
]
AnyNewsletterOption = Annotated[
    str | None, typer.Option("--newsletter", metavar="NEWSLETTER", help="Only this one; all by default.")
]


def register(cli: typer.Typer) -> None:
    group.command("import")(import_file)
    group.command("show")(show_person)
    cli.add_typer(group, name="subscribers", rich_help_panel=PANEL)


@group.command()
def add(
    context: Context,
    address: AddressArgument,
    newsletter: NewsletterOption = None,
    edition: Annotated[str | None, typer.Option("--edition", metavar="EDITION", help="The first by default.")] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The person's name.")] = "",
    active: Annotated[bool, typer.Option("--active", help="Subscribe at once: you vouch for their consent.")] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Even an address that is never mailed: its owner asked to come back."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Subscribe one address. It is asked to confirm, unless you vouch for it with --active."""
    from newsletter.domain.subscriber import ConsentMethod
    from newsletter.services import readers
    from newsletter.services.subscribe import SignUp

    if active and again:
        raise UsageError("--again asks the owner of the address to confirm: leave out --active.")
    app = context.obj.app
    key = only_newsletter(context.obj, newsletter)
    chosen = app.chosen_edition(key, edition)
    if again:
        readers.let_back(app.database, app.signer, address, ORIGIN, app.clock())
    wish = SignUp(key, chosen.key, address, name, method=ConsentMethod.OPERATOR, origin=ORIGIN)
    join = readers.add_active if active else readers.add
    began = app.clock()
    found = join(app.database, app.signer, wish, began)
    is_settled = found.state.value == "active" and found.edition == chosen.key
    asked = Asked() if active else ask_at_once(app, found, began)
    if as_json:
        output.answer_json({**subscription_json(found), "asked": None if is_settled else asked.state})
        return
    if found.state.value == "active":
        output.say(f"{output.plain(found.subscriber.email)} gets {key}, edition {found.edition}.")
    if not is_settled:
        say_asked(found.subscriber.email, asked)


@group.command("list")
def show_list(
    context: Context,
    newsletter: AnyNewsletterOption = None,
    edition: Annotated[str | None, typer.Option("--edition", metavar="EDITION", help="Only this edition.")] = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="Only pending, active or unsubscribed ones.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List subscriptions, sorted by address."""
    from newsletter.domain.subscriber import SubscriptionState
    from newsletter.services.readers import listing

    app = context.obj.app
    if newsletter is not None:
        app.newsletter(newsletter)
    if state is not None and state not in list(SubscriptionState):
        raise UsageError(one_of("state", state, SubscriptionState))
    found = listing(app.database, newsletter, SubscriptionState(state) if state else None)
    chosen: Iterator[Subscription] = (one for one in found if edition in (None, one.edition))
    first = list(islice(chosen, 1))
    if edition is not None and not first:
        _some_edition(app, newsletter, edition)
    chosen = chain(first, chosen)
    if as_json:
        stream_json(chosen)
    else:
        show_subscriptions(context.obj, chosen, narrowed=any((newsletter, edition, state)))


@group.command()
def export(
    context: Context,
    newsletter: AnyNewsletterOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A new file, instead of stdout.")] = None,
) -> None:
    """Write CSV that `import` reads again, and that no spreadsheet takes for formulas."""
    from newsletter.services.readers import export as write_csv

    app = context.obj.app
    if newsletter is not None:
        app.newsletter(newsletter)
    if out is None:
        write_csv(app.database, output.data(), newsletter)
        return
    if out.exists():
        raise UsageError(f"{out} is there already, and was left as it is. Name another file with --out, or remove it.")
    number = _export_to(out, lambda file: write_csv(app.database, file, newsletter))
    output.note(f"{count(number, 'subscription')} written to {output.plain(out)}.")


def _export_to(out: Path, write: Callable[[TextIO], int]) -> int:
    """Writes a file that its owner alone may read: all of it, or there is none. Raises UsageError."""
    half = out.with_name(f".{out.name}.half")
    try:
        half.unlink(missing_ok=True)
        half.touch(0o600)
        with half.open("w", encoding="utf-8", newline="") as file:
            number = write(file)
        half.rename(out)
    except BaseException as error:  # a locked database, Ctrl-C: nobody's address stays behind
        with suppress(OSError):
            half.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UsageError(f"{out}: cannot be written: {(error.strerror or str(error)).lower()}.") from None
        raise
    return number


@group.command()
def remove(
    context: Context,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS", help="As many as you like; - reads stdin.")],
    newsletter: AnyNewsletterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Unsubscribe addresses, from one newsletter or from all. They stay on record and can come back.

    What is not an address is reported; the rest goes on.
    """
    from newsletter.services import readers

    app = context.obj.app
    if newsletter is not None:
        app.newsletter(newsletter)
    wanted = _lines_of_stdin() if addresses == ["-"] else addresses
    if not wanted:
        raise NewsletterError("no address came in: stdin takes one in each line.")
    done, others, refused = readers.remove(app.database, app.signer, wanted, newsletter, ORIGIN, app.clock())
    if as_json:
        answer = {"unsubscribed": done, "not_subscribed": others, "refused": [one._asdict() for one in refused]}
        output.answer_json(answer)
    elif done:
        output.say(f"{count(len(done), 'address', 'addresses')} unsubscribed.")
    for email in others:
        output.note(f"[yellow]warning:[/] {output.plain(email)} was not subscribed.")
    for one in refused:
        value = "" if one.value in one.reason else f"{one.value}: "
        output.note(f"[yellow]warning:[/] {output.plain(value + one.reason)}")
    if not done:
        raise typer.Exit(1)


@group.command()
def move(
    context: Context,
    old: Annotated[str, typer.Argument(metavar="FROM", help="An edition that readers are in.")],
    new: Annotated[str, typer.Argument(metavar="TO", help="An edition in config.yaml.")],
    newsletter: NewsletterOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Move all readers of an edition to another: config.yaml has new editions, or new names for them.

    They are not told again what they were told already. While config.yaml still has the old edition you are asked,
    for later nothing tells who came from where.
    """
    from newsletter.domain.edition import EditionKey
    from newsletter.services.moving import move as move_readers

    app = context.obj.app
    key = only_newsletter(context.obj, newsletter)
    there = app.edition(key, new).key
    if old == there:
        raise UsageError(f"{old} is where they are.")
    if app.has_edition(key, old) and not yes:
        _ask_to_move(key, old, there)
    number = move_readers(app.database, app.signer, EditionKey(key, old), there, ORIGIN, app.clock())
    if as_json:
        output.answer_json({"moved": number})
    else:
        output.say(f"{count(number, 'subscription')} of {key} moved from {output.plain(old)} to {there}.")


def _ask_to_move(newsletter: str, old: str, new: str) -> None:
    """Raises UsageError where nobody can be asked, NewsletterError when the answer is no."""
    if not output.is_interactive():
        raise UsageError(f"{old} is still an edition, and no record is kept of who came from there: say --yes.")
    question = f"Move all of {output.plain(f'{newsletter} {old}')}, which is still an edition, to {output.plain(new)}?"
    if output.ask(f"{question} Type [bold]yes[/]:") != "yes":
        raise NewsletterError("nobody was moved.")


@group.command()
def erase(
    context: Context,
    address: AddressArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a person. Only a keyed hash of the address stays, so that it is never mailed again."""
    from newsletter.services import readers

    if not yes:
        if not output.is_interactive():
            raise UsageError("erasing cannot be undone: say --yes.")
        if output.ask(f"Erase {output.plain(address)} for good? Type [bold]yes[/]:") != "yes":
            raise NewsletterError("nothing was erased.")
    app = context.obj.app
    readers.erase(app.database, app.signer, address, ORIGIN, app.clock())
    if as_json:
        output.answer_json({"erased": address})
    else:
        output.say(f"{output.plain(address)} is erased, and will never be mailed.")


def _some_edition(app: App, newsletter: str | None, edition: str) -> None:
    """Raises NotFound when no newsletter in question has this edition. Readers of a former one are found before."""
    keys = [newsletter] if newsletter else list(app.config.newsletters)
    known = {one.key: None for key in keys for one in app.editions(key)}
    if edition not in known:
        raise NotFound(one_of("edition", edition, known))


def _lines_of_stdin() -> list[str]:
    try:
        return [line.strip() for line in sys.stdin if line.strip()]
    except UnicodeDecodeError as error:
        raise UsageError(f"stdin: byte {error.start} is not UTF-8; save the list as UTF-8.") from None
    except OSError as error:
        raise UsageError(f"stdin: cannot be read: {(error.strerror or str(error)).lower()}.") from None
