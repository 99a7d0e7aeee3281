"""How the configuration wants an issue delivered, and the delivery itself. Above outgoing.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter.app import App
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.issue import BY_HAND, Issue, IssueState
from newsletter.outgoing import outgoing

if TYPE_CHECKING:
    from newsletter.domain.accounting import Accounting, Headway
    from newsletter.services.delivery.means import Means
    from newsletter.transports.base import Transport


def policy(app: App, retry_wait: timedelta, lock_wait: timedelta = timedelta()) -> DeliveryPolicy:
    """How the configuration wants an issue delivered. `retry_wait` and `lock_wait` as in DeliveryPolicy."""
    own = app.config.delivery
    return DeliveryPolicy(
        on_uncertain=own.on_uncertain,
        retry_first=own.retry_first,
        retry_most=own.retry_most,
        give_up_after=own.give_up_after,
        retry_wait=retry_wait,
        lock_wait=lock_wait,
    )


def means(app: App, transport: Transport) -> Means:
    """What all that this process sends over `transport` shares: it keeps to the configured pace, and is counted."""
    from newsletter.services.delivery.line import Pace
    from newsletter.services.delivery.means import Means

    return Means(transport, Pace(app.pacer, app.warm_up), app.tally)


def headway(app: App, books: Accounting) -> Headway:
    """How an issue gets on that another process sends, as far as the ledger and the configured pace tell."""
    from newsletter.domain.accounting import Headway
    from newsletter.domain.estimate import Ahead, Speed, done_at, worth_counting
    from newsletter.domain.warmup import day_of
    from newsletter.services.delivery.line import out_for_today
    from newsletter.store import accounts

    now, plan, limits = app.clock(), app.warm_up, app.limits
    today = day_of(plan, now) if plan else None
    with app.database.read() as connection:
        rate = accounts.recent_rate(connection, books.issue, now)
        due = accounts.retries_due(connection, books.issue)
        tried = accounts.tried_since(connection, today.begins) if today else 0
        queued = accounts.queued_by_group(connection, books.issue) if limits.by_group else {}
    groups = worth_counting(queued, limits.groups)
    ahead = Ahead(books.queued, groups, retries=books.deferred, retries_due=due, sent_today=tried)
    speed = Speed(rate or None, limits, connections=app.transport().connections, plan=plan)
    done = done_at(ahead, speed, now)
    left = (done - now).total_seconds() if done and done > now else None  # retries that are overdue tell nothing
    waits_for = out_for_today(plan, today) if plan and today and today.left(tried) == 0 else ""
    return Headway(round(rate, 3), left, waits_for)


def is_alone(app: App, issue: int) -> bool:
    """Whether nobody delivers it, or will when a retry falls due: by what processes have been seen of late.

    On PostgreSQL every process that sends may; on SQLite a `send` has one issue alone, and holds its lock.
    """
    from newsletter.store import tallies
    from newsletter.store.lock import is_being_sent

    with app.database.read() as connection:
        living = tallies.living(connection, app.clock())
    if app.database.is_sqlite:
        return not is_being_sent(app.database, issue) and living.keys() <= {"send"}
    return not living


async def deliver_issue(
    app: App, issue: Issue, how: DeliveryPolicy, progress: Callable[[Accounting], None], stop: asyncio.Event
) -> Accounting:
    """Delivers a started issue over the configured transport. Raises what `services.delivery.deliver` raises."""
    from newsletter.services.delivery.deliver import deliver
    from newsletter.services.delivery.errand import Errand

    errand = Errand(app.database, issue, outgoing(app, issue), how, app.clock)
    books = await deliver(errand, means(app, app.transport()), progress, stop)
    count_pause(app, books)
    return books


def count_pause(app: App, books: Accounting) -> None:
    """At the end of a run: if the issue was paused, that is counted."""
    if books.state is IssueState.PAUSED:
        app.tally.paused("hand" if books.reason == BY_HAND else "itself")
