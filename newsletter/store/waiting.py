"""Which issues have something to deliver now: what a sender looks at every second."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, exists, or_, select

from newsletter.domain.delivery import DeliveryState
from newsletter.domain.issue import IssueState
from newsletter.store.deliveries import IS_OPEN
from newsletter.store.tables import deliveries, issues


def deliverable(connection: Connection, now: datetime) -> list[int]:
    """Ids of the issues being sent that have a delivery for now, or none left (they want to be finished)."""
    theirs = deliveries.c.issue == issues.c.id
    state = deliveries.c.state
    fresh = state.in_([DeliveryState.QUEUED.value, DeliveryState.SENDING.value])
    due = and_(state == DeliveryState.DEFERRED.value, deliveries.c.due_at <= now)
    # Three questions that an index answers: as one, with an OR within, it would be asked of every row.
    of_now = or_(exists().where(theirs, fresh), exists().where(theirs, due), ~exists().where(theirs, IS_OPEN))
    wanted = select(issues.c.id).where(issues.c.state == IssueState.SENDING.value, of_now)
    return list(connection.scalars(wanted.order_by(issues.c.id)))
