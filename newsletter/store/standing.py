"""How the sending stands as a whole: by the indexes, so that a million rows are asked as fast as a hundred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from newsletter.domain.delivery import DeliveryState
from newsletter.domain.issue import IssueState
from newsletter.store.tables import deliveries, issues

MOST_DUE = 10_000  # retries due are counted up to here; that many is "too many" in any case
_d = deliveries.c


@dataclass(frozen=True, slots=True)
class Standing:
    """`retries_due` may go out now (at most MOST_DUE are counted); the times are of the longest waiting, None: none."""

    retries_due: int
    oldest_retry: datetime | None
    oldest_queued: datetime | None


@dataclass(frozen=True, slots=True)
class Started:
    """An issue that was started: what it is called, and when it came to its end."""

    id: int
    newsletter: str
    edition: str
    finished_at: datetime | None


def standing(connection: Connection, now: datetime) -> Standing:
    """Of the issues that are being sent; a delivery that was never tried waits since its issue was started."""
    wanted = select(issues.c.id, issues.c.started_at).where(issues.c.state == IssueState.SENDING.value)
    due, retries, queued = 0, [], []
    for issue, started_at in connection.execute(wanted):
        late = select(_d.due_at).where(_d.issue == issue, _d.state == DeliveryState.DEFERRED.value, _d.due_at <= now)
        due += connection.scalar(select(func.count()).select_from(late.limit(MOST_DUE).subquery())) or 0
        retries.append(connection.scalar(late.order_by(_d.due_at).limit(1)))
        waits = select(_d.id).where(_d.issue == issue, _d.state == DeliveryState.QUEUED.value).limit(1)
        queued.append(started_at if connection.scalar(waits) else None)
    return Standing(due, _oldest(retries), _oldest(queued))


def newest(connection: Connection, most: int) -> list[Started]:
    """The issues that were started last, the newest first."""
    columns = (issues.c.id, issues.c.newsletter, issues.c.edition, issues.c.finished_at)
    wanted = select(*columns).where(issues.c.started_at.is_not(None)).order_by(issues.c.id.desc()).limit(most)
    return [Started(*row) for row in connection.execute(wanted)]


def _oldest(moments: list[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)
