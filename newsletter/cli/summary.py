"""What became of an issue, in words: the sum, by domain, by reason, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from newsletter.cli import output
from newsletter.cli.advice import advice, steps
from newsletter.cli.words import about, count, rate, seconds
from newsletter.domain.accounting import COUNTED

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.config import Config
    from newsletter.domain.accounting import Accounting, DomainCount, Headway, ReasonCount

COLOURS = {"sent": "green", "failed": "red", "deferred": "yellow", "uncertain": "yellow", "queued": "cyan"}
_TO_NOBODY = {
    "draft": "Not sent to anybody yet.",
    "scheduled": "Not sent to anybody yet.",
    "sent": "It went to nobody: no reader of its edition was active. Its stories count as told.",
}
_WIDE = 56  # columns
_ERASED = "(erased)"  # a reader of whom nothing is kept
_TELLING = 1.0  # seconds: a shorter run has no rate worth telling


def show_books(books: Accounting, earlier: int = 0) -> None:
    """The sum of an issue's ledger in one line, with the time it took.

    `earlier`: how many were sent before the time that `books.seconds` counts from.
    """
    parts = [coloured(f"{getattr(books, name):,} {name}", name) for name in COUNTED if getattr(books, name)]
    if not books.recipients:
        output.say(f"\n{to_nobody(books)}")
        return
    output.say(f"\n{count(books.recipients, 'recipient')}: {', '.join(parts)}.{_time_taken(books, earlier)}")
    if books.reason:
        state = "waiting" if books.state.value == "sending" else books.state.value
        label = "" if books.reason.startswith(state) else f"{state}: "
        output.say(f"[yellow]{output.plain(label + books.reason)}[/]")


def say_if_not_mailed(config: Config, written: int) -> None:
    """What is called sent may have gone into files: whoever tries things out takes that for mail."""
    if config.smtp.type != "folder" or not written:
        return
    lie, folder = "lies" if written == 1 else "lie", config.resolve(config.smtp.path)
    told = f"{count(written, 'message')} {lie} in {output.plain(folder)} (`smtp: type` is folder)."
    output.say(f"[yellow]Nothing was mailed:[/] {told}")


def to_nobody(books: Accounting) -> str:
    """What is said of an issue without a single delivery."""
    return _TO_NOBODY.get(books.state.value, "It went to nobody.")


def _time_taken(books: Accounting, earlier: int) -> str:
    """` It took 4.4 s, 139 messages a second.`, or that it took so long so far; nothing of what has not begun.

    Of a run that went on with what others had begun: ` 90 of them now, in 4.4 s.`
    """
    if not books.seconds:
        return ""
    sent = books.sent - earlier
    telling = books.seconds >= _TELLING and sent > 0
    mean = f", {rate(sent / books.seconds)} messages a second" if telling else ""
    took = seconds(books.seconds)
    if earlier:
        return f" {sent:,} of them now, in {took}{mean}."
    return f" {took} so far{mean}." if books.state.value in ("sending", "paused") else f" It took {took}{mean}."


def stood_still(books: Accounting) -> str:
    """Why a run ended before its issue did, and what goes on with it."""
    number, state, reason = books.issue, books.state.value, books.reason or "no reason given"
    by_hand = reason.startswith(state)  # the reason says itself that it is paused, or cancelled
    told = f"issue {number} is {reason}" if by_hand else f"issue {number} is {state}: {reason}"
    if state != "paused":
        return f"{told}."
    when = "" if by_hand else "when that is mended, "
    return f"{told}; {when}`newsletter resume {number}` goes on."


def show_headway(issue: int, headway: Headway, *, alone: bool) -> None:
    """How a sending gets on that another process carries; `alone`: none does."""
    if headway.waits_for:
        left = f", and may take {about(headway.seconds_left)} more" if headway.seconds_left else ""
        told = output.plain(headway.waits_for)
        output.say(f"[yellow]{told[:1].upper()}{told[1:]}{left}.[/]")
        if alone:
            output.say(f"[bold]newsletter serve[/] carries on then, or [bold]newsletter resume {issue}[/].")
    elif alone:
        output.say(f"[yellow]Nobody is sending it now:[/] [bold]newsletter resume {issue}[/] goes on.")
    elif headway.rate:
        left = f", {about(headway.seconds_left)} left" if headway.seconds_left else ""
        output.say(f"[cyan]Being sent: lately {rate(headway.rate)} messages a second{left}.[/]")
    else:
        output.say("[cyan]Being sent; nothing went out in the last minute.[/]")


def show_domains(domains: Sequence[DomainCount]) -> None:
    """A line for each domain; nothing where the sum above says it all."""
    if sum(one.domains for one in domains) < 2:
        return
    used = [name for name in COUNTED if any(getattr(one, name) for one in domains)]
    if output.stdout().width < _WIDE:  # a number that is cut off is a wrong number
        used = ["sent"]
    table = output.table("Domain", ("All", "right"), *((name.capitalize(), "right") for name in used))
    for one in domains:
        numbers = [f"{getattr(one, name):,}" if getattr(one, name) else "" for name in used]
        others = f"[dim]and {count(one.domains, 'other')}[/]"
        table.add_row(
            output.plain(one.domain or _ERASED) if one.domains == 1 else others, f"{one.recipients:,}", *numbers
        )
    output.say()
    output.show(table)


def show_reasons(books: Accounting, reasons: Sequence[ReasonCount]) -> None:
    """The servers' words in full, each kind of answer once, and below all what there is to do."""
    if not reasons:
        return
    for one in reasons:
        answer = " ".join(part for part in (str(one.code or ""), one.status) if part)
        head = coloured(f"{one.count:,} {one.state}", one.state)
        output.say(f"\n{head}{f', {answer}' if answer else ''}")
        if words := (one.words if one.count > 1 else one.text):
            output.say(f"  {output.plain(words)}")
    for number, line in enumerate(advice(books, reasons)):
        output.say(f"{'' if number else chr(10)}  → {line}")
    if commands := steps(books, reasons):
        output.say_steps(commands)


def say_what_is_unread(app: App, books: Accounting) -> None:
    """What a sender that died knew last is counted when somebody goes on, or cancels: until then there is less here."""
    from newsletter.store.ledger import left_behind
    from newsletter.store.lock import is_being_sent

    is_open = books.state.value in ("sending", "paused")
    if is_open and books.issue in left_behind(app.database) and not is_being_sent(app.database, books.issue):
        output.note(
            f"[yellow]note:[/] the process that sent it died; what it heard last is not in these numbers before "
            f"[bold]newsletter resume {books.issue}[/] goes on."
        )


def coloured(words: str, state: str) -> str:
    return f"[{COLOURS.get(state, 'default')}]{words}[/]"
