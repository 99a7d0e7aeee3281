"""How subscriptions look: a screenful on a terminal, all of them in a pipe, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from newsletter.cli import output
from newsletter.cli.words import count, iso
from newsletter.text.clocks import day

if TYPE_CHECKING:
    from newsletter.cli.session import Session
    from newsletter.cli.sheet import Sheet
    from newsletter.domain.subscriber import Subscription

_SCREENFUL = 100


def subscription_json(one: Subscription) -> dict[str, Any]:
    return {
        "email": one.subscriber.email,
        "name": one.subscriber.name,
        "newsletter": one.newsletter,
        "edition": one.edition,
        "state": one.state.value,
        "since": iso(one.since),
    }


def stream_json(found: Iterable[Subscription]) -> None:
    """One JSON list, written as it is read: a million readers need no memory."""
    out, separator = output.data(), "[\n"
    for one in found:
        out.write(f"{separator}  {json.dumps(subscription_json(one), ensure_ascii=False)}")
        separator = ",\n"
    out.write("[]\n" if separator == "[\n" else "\n]\n")


def show_subscriptions(session: Session, found: Iterable[Subscription], *, narrowed: bool) -> None:
    """A screenful on a terminal, and all in a pipe, as they are read."""
    rows = iter(found)
    first = list(islice(rows, 1))
    if not first:
        _say_that_there_are_none(narrowed=narrowed)
        return
    every = chain(first, rows)
    zone = cache(session.app.zone)
    table = output.table(("Address", "last"), "Name", "Newsletter", "Edition", ("State", "whole"), ("Since", "whole"))
    if sys.stdout.isatty():
        _show_screenful(table, every, zone)
        return
    number = output.show_long(table, (_cells(one, zone(one.newsletter, one.edition)) for one in every))
    output.say(f"\n{count(number, 'subscription')}.")


def _show_screenful(table: Sheet, every: Iterable[Subscription], zone: Callable[[str, str], str]) -> None:
    """The first ones, without the columns in which all of them say the same; that stands below."""
    number, shown = 0, 0
    newsletters: set[str] = set()
    editions: set[str] = set()
    for number, one in enumerate(every, 1):
        newsletters.add(one.newsletter)
        editions.add(one.edition)
        if number <= _SCREENFUL:
            shown = number
            table.add_row(*_cells(one, zone(one.newsletter, one.edition)))
    shared = ""
    for heading, names in (("Newsletter", newsletters), ("Edition", editions)):
        if len(names) == 1:
            table.leave_out(heading)
            shared += f", {heading.lower()} {output.plain(*names)}"
    output.show(table)
    more = f", the first {shown} of them above; `subscribers export` writes them all" if shown < number else ""
    output.say(f"\n{count(number, 'subscription')}{shared}{more}.")


def _say_that_there_are_none(*, narrowed: bool) -> None:
    if narrowed:
        output.say("No subscriptions like that.")
        return
    output.say(
        "No subscribers yet. [bold]newsletter subscribers import FILE.csv[/] brings some, "
        "and so does the sign-up page of [bold]newsletter serve[/]."
    )


def _cells(one: Subscription, zone: str) -> tuple[str, ...]:
    state = {"active": "[green]active[/]", "pending": "[yellow]pending[/]"}.get(one.state.value, one.state.value)
    person = (output.plain(one.subscriber.email), output.plain(one.subscriber.name))
    return (*person, one.newsletter, one.edition, state, day(one.since, zone))
