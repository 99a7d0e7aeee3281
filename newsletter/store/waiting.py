"""Which issues have something to deliver now: what a sender looks at every second."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, exists, or_, select

from newsletter.domain.delivery import OPEN_STATES, DeliveryState
from newsletter.domain.issue import IssueState
from newsletter.store.tables import deliveries, issues


def deliverable(connection: Connection, now: datetime) -> list[int]:
    """Ids of the issues being sent that have a delivery for now, or none left (they want to be finished)."""
    theirs = deliveries.c.issue == issues.c.id
    state = deliveries.c.state
    ready = or_(
        state.in_([DeliveryState.QUEUED.value, DeliveryState.SENDING.value]),
        and_(state == DeliveryState.DEFERRED.value, deliveries.c.due_at <= now),
    )
    left = state.in_([one.value for one in OPEN_STATES])
    wanted = select(issues.c.id).where(
        issues.c.state == IssueState.SENDING.value,
        or_(exists().where(theirs, ready), ~exists().where(theirs, left)),
    )
    return list(connection.scalars(wanted.order_by(issues.c.id)))
