"""Reads the ledger: how many, by domain, for what reason, and the rows themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, true

from newsletter.domain.accounting import COUNTED as COUNTED
from newsletter.domain.accounting import Accounting, DomainCount, ReasonCount
from newsletter.domain.delivery import DeliveryState
from newsletter.domain.issue import IssueState
from newsletter.domain.mailboxes import group_of
from newsletter.errors import NotFound
from newsletter.store.tables import deliveries, issues
from newsletter.text.reply import common, unaddressed

_PAGE = 1000
_REASONS = 20  # that are told, the most frequent
_RECENT = timedelta(minutes=1)
_NOT_SENT = [state.value for state in DeliveryState if state is not DeliveryState.SENT]
_d = deliveries.c
_ISSUE = select(issues.c.id, issues.c.state, issues.c.reason, issues.c.started_at, issues.c.finished_at)


def accounting(connection: Connection, issue_id: int) -> Accounting:
    """The counts of one issue. Raises NotFound."""
    issue = connection.execute(_ISSUE.where(issues.c.id == issue_id)).first()
    if issue is None:
        raise NotFound(f"there is no issue {issue_id}; `newsletter issues` lists them.")
    last = None if issue.finished_at else connection.scalar(select(func.max(_d.at)).where(_d.issue == issue_id))
    return _accounting(issue, by_state(connection, issue_id), last)


def of_all(connection: Connection, newsletter: str | None = None) -> dict[int, Accounting]:
    """The counts of every issue, or of a newsletter's, by its id: in three questions, however many there are."""
    theirs = true() if newsletter is None else issues.c.newsletter == newsletter
    ids = select(issues.c.id).where(theirs)
    counts: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0))
    per_state = select(_d.issue, _d.state, func.count()).where(_d.issue.in_(ids)).group_by(_d.issue, _d.state)
    for issue, state, count in connection.execute(per_state):
        counts[issue][_counted_as(state)] += count
    unfinished = ids.where(issues.c.started_at.is_not(None), issues.c.finished_at.is_(None))
    last_of_each = select(_d.issue, func.max(_d.at)).where(_d.issue.in_(unfinished)).group_by(_d.issue)
    last: dict[int, datetime | None] = {row[0]: row[1] for row in connection.execute(last_of_each)}
    rows = connection.execute(_ISSUE.where(theirs))
    return {row.id: _accounting(row, counts[row.id], last.get(row.id)) for row in rows}


def by_state(connection: Connection, issue_id: int) -> dict[str, int]:
    """How many of an issue's deliveries are in each state that is told; reads the index only."""
    counts: dict[str, int] = dict.fromkeys(COUNTED, 0)
    per_state = select(_d.state, func.count()).where(_d.issue == issue_id).group_by(_d.state)
    for state, count in connection.execute(per_state):
        counts[_counted_as(state)] += count
    return counts


def by_domain(connection: Connection, issue_id: int, most: int = 20) -> list[DomainCount]:
    """The counts by mail domain: the `most` biggest by name, the rest together under ""."""
    per_state = select(_d.domain, _d.state, func.count()).where(_d.issue == issue_id).group_by(_d.domain, _d.state)
    domains: dict[str, dict[str, int]] = {}
    for domain, state, count in connection.execute(per_state):
        domains.setdefault(domain, dict.fromkeys(COUNTED, 0))[_counted_as(state)] += count
    ordered = sorted(domains.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    most += len(ordered) == most + 1  # one that is left over can stand by its name
    named = [DomainCount(domain, sum(counts.values()), **counts) for domain, counts in ordered[:most]]
    if rest := [counts for _, counts in ordered[most:]]:
        together = {name: sum(counts[name] for counts in rest) for name in COUNTED}
        named.append(DomainCount("", sum(together.values()), **together, domains=len(rest)))
    return named


def reasons(connection: Connection, issue_id: int) -> list[ReasonCount]:
    """What the deliveries that did not go through have in common, the most frequent first.

    The same refusal with other addresses and ids in it is one reason. Without a reply code the words are ours, and the
    server they name stays in them. Reads each such row once, and keeps none.
    """
    wanted = (
        select(_d.state, _d.code, _d.status, _d.text, _d.email)
        .where(_d.issue == issue_id, _d.state.in_(_NOT_SENT), (_d.code != 0) | (_d.text != ""))
        .execution_options(yield_per=_PAGE)
    )
    counts: Counter[tuple[str, int, str, str]] = Counter()
    examples: dict[tuple[str, int, str, str], str] = {}
    for state, code, status, words, email in connection.execute(wanted):
        kind = (_counted_as(state), code, status, common(words, email) if code else unaddressed(words))
        counts[kind] += 1
        examples[kind] = min(words, examples.get(kind, words))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        ReasonCount(state, code, status, examples[kind], count, words)
        for kind, count in ordered[:_REASONS]
        for state, code, status, words in (kind,)
    ]


def recent_rate(connection: Connection, issue_id: int, now: datetime) -> float:
    """Messages a second that were sent in the last minute, by what the rows say; 0 when none was."""
    recent = select(func.count(), func.min(_d.at)).where(
        _d.issue == issue_id, _d.state == DeliveryState.SENT.value, _d.at > now - _RECENT, _d.at <= now
    )
    sent, first = connection.execute(recent).one()
    return sent / max((now - first).total_seconds(), 1.0) if sent else 0.0


def retries_due(connection: Connection, issue_id: int) -> datetime | None:
    """When the last of the retries that wait falls due; None when none waits."""
    last = select(func.max(_d.due_at)).where(_d.issue == issue_id, _d.state == DeliveryState.DEFERRED.value)
    due: datetime | None = connection.scalar(last)
    return due


def tried_since(connection: Connection, moment: datetime) -> int:
    """How many messages came to an answer since then, of whatever issue: their last try counts."""
    return connection.scalar(select(func.count()).where(_d.at >= moment, _d.attempts > 0)) or 0


def queued_by_group(connection: Connection, issue_id: int) -> Counter[str]:
    """How many of an issue's deliveries wait for their first try, or are in flight, to each mailbox group."""
    waiting = (DeliveryState.QUEUED.value, DeliveryState.SENDING.value)
    by_domain = select(_d.domain, func.count()).where(_d.issue == issue_id, _d.state.in_(waiting)).group_by(_d.domain)
    counts: Counter[str] = Counter()
    for domain, count in connection.execute(by_domain):
        counts[group_of(domain)] += count
    return counts


def rows(connection: Connection, issue_id: int, state: str | None = None) -> Iterator[dict[str, Any]]:
    """The deliveries of an issue in the order of their making, page by page: email, state, attempts, answer, at."""
    columns = (_d.id, _d.email, _d.state, _d.attempts, _d.code, _d.status, _d.text, _d.at)
    wanted = select(*columns).where(_d.issue == issue_id).order_by(_d.id).limit(_PAGE)
    if state:
        wanted = wanted.where(_d.state.in_([state, "sending"] if state == "queued" else [state]))
    last = 0
    while page := connection.execute(wanted.where(_d.id > last)).all():
        last = page[-1].id
        for row in page:
            shown = {**row._mapping, "state": _counted_as(row.state)}
            del shown["id"]
            yield shown


def _counted_as(state: str) -> str:
    return DeliveryState.QUEUED.value if state == DeliveryState.SENDING.value else state


def _accounting(issue: Any, counts: dict[str, int], last: datetime | None) -> Accounting:
    """`last` is when its last attempt was, of an issue that has not ended."""
    return Accounting(
        issue=issue.id,
        state=IssueState(issue.state),
        recipients=sum(counts.values()),
        seconds=_seconds(issue.started_at, issue.finished_at or last),
        reason=issue.reason,
        **counts,
    )


def _seconds(started: datetime | None, ended: datetime | None) -> float:
    if started is None or ended is None:
        return 0.0
    return round(max((ended - started).total_seconds(), 0.0), 3)
