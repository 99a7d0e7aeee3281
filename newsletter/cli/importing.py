"""`subscribers import`: a CSV file of any size becomes readers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from newsletter.cli import output
from newsletter.cli.session import Context, JsonOption, Session, only_newsletter
from newsletter.cli.words import count
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.services.importing import ImportReport, Target

_SHOWN_REFUSALS = 20
_SHOWN_WORDS = 5
_SHOWN_TITLES = 12


def import_file(
    context: Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header line; - reads stdin.")],
    newsletter: Annotated[
        str | None, typer.Option("--newsletter", metavar="NEWSLETTER", help="Optional while there is only one.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option("--edition", metavar="EDITION", help="For lines that name none; the first by default.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Ask each reader to confirm by mail.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring in a list. Its columns may be email, name, edition, tags …, in any order and case.

    You vouch for the readers' consent, so they are active at once; --confirm asks each instead. Readers who left,
    and addresses that are never mailed, stay so. A line that cannot be used is reported; the rest goes on.
    """
    from newsletter.services.importing import import_file as import_readers

    app = context.obj.app
    target = _target(context.obj, newsletter, edition, file, confirm=confirm)
    with _opened(file) as stream, output.progress_bar(f"Importing {file.name}") as report:
        done = import_readers(app.database, app.signer, stream, target, app.clock(), lambda lines: report(lines, None))
    if as_json:
        odd = {"odd_states": dict(done.odd_states), "odd_dates": dict(done.odd_dates)}  # asdict breaks a Counter
        output.answer_json(asdict(done) | odd)
    else:
        _show(done)
        _show_edition(done, target, chosen=bool(edition))


def _target(session: Session, newsletter: str | None, edition: str | None, file: Path, *, confirm: bool) -> Target:
    from newsletter.domain.subscriber import SubscriptionState
    from newsletter.services.importing import Target

    key = only_newsletter(session, newsletter)
    editions = tuple(one.key for one in session.app.editions(key))
    chosen = session.app.chosen_edition(key, edition).key
    state = SubscriptionState.PENDING if confirm else SubscriptionState.ACTIVE
    return Target(key, chosen, editions, tuple(session.config.newsletters), state, file.name)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        if str(file) == "-":
            yield sys.stdin.buffer
            return
        with file.open("rb") as stream:
            yield stream
    except OSError as error:  # while it is read, too
        reason = (error.strerror or str(error)).lower()
        place = "stdin" if str(file) == "-" else file
        raise UsageError(f"{place}: cannot be read: {reason}. Name another file, or - for stdin.") from None


def _show_edition(done: ImportReport, target: Target, *, chosen: bool) -> None:
    """Where the readers are, unless there is but one place."""
    if done.unplaced and len(target.editions) > 1:
        output.say(f"Where the list names no edition, new readers are in {target.edition}.")
    if chosen and (done.updated or done.unchanged):
        output.say(
            "Existing readers stay in their edition. A list with a column `edition` moves those it names, "
            "[bold]newsletter subscribers move[/] a whole edition."
        )


def _show_odd(done: ImportReport) -> None:
    """What the list says in words of its own."""
    for words, number in done.odd_states.most_common(_SHOWN_WORDS):
        have = f"{count(number, 'line')} {'has' if number == 1 else 'have'}"
        output.say(
            f"[yellow]{have}[/] the state “{output.plain(words)}”, which is not known here: nothing is sent to "
            "them until they confirm. If they agreed to get it, write [bold]active[/] there and import the list again; "
            "if the column is about something else, give it another title."
        )
    if number := done.odd_dates.total():
        have = f"{count(number, 'line')} {'has' if number == 1 else 'have'}"
        example = output.plain(next(iter(done.odd_dates)))
        output.say(
            f"[yellow]{have}[/] a date that cannot be right, or be read, like “{example}”: taken as today. "
            "Write 2021-04-03."
        )


def _show_left_alone(done: ImportReport) -> None:
    if done.left_alone:
        named = ", ".join(output.plain(title) for title in done.left_alone[:_SHOWN_TITLES])
        more = len(done.left_alone) - _SHOWN_TITLES
        output.say(f"[dim]Columns that were left alone: {named}{f' and {more} more' if more > 0 else ''}.[/]")


def _of_them(number: int, all_of_them: int) -> str:
    who = "all of them" if number == all_of_them > 1 else f"{number:,} of them"
    return f"{who} {'has' if number == 1 else 'have'}"


def _show(done: ImportReport) -> None:
    numbers = ((done.added, "added"), (done.updated, "updated"), (done.unchanged, "unchanged"))
    said = ", ".join(f"{number:,} {word}" for number, word in numbers)
    output.say(f"{said}, {count(done.refused_count, 'line')} refused.")
    if done.left:
        who = _of_them(done.left, done.added)
        output.say(f"According to the list, {who} unsubscribed: they are on record, and get nothing.")
    if done.waiting:
        who = _of_them(done.waiting, done.added)
        output.say(
            f"According to the list, {who} to confirm before anything is sent to them; "
            "the same import with [bold]--confirm[/] asks them."
        )
    if done.unsubscribed:
        who = count(done.unsubscribed, "reader")
        output.say(f"According to the list, {who} of yours left: unsubscribed here too, they get nothing any more.")
    _show_odd(done)
    _show_left_alone(done)
    if done.asked:
        output.say(
            f"{count(done.asked, 'reader')} will be asked to confirm: "
            "[bold]newsletter serve[/] or [bold]newsletter worker[/] sends the mails."
        )
    if not done.refused:
        return
    for one in done.refused[:_SHOWN_REFUSALS]:
        value = "" if not one.value or one.value in one.reason else f"{one.value}: "
        output.say(f"  [yellow]line {one.line}[/]  {output.plain(value + one.reason)}")
    if (more := done.refused_count - _SHOWN_REFUSALS) > 0:
        output.say(f"… and {count(more, 'more', 'more')}; --json lists them all.")
