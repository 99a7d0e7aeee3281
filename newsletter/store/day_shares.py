"""What each process on SQLite has claimed of a warm-up plan's day, so that all of them together keep to it.

On PostgreSQL the rows themselves say who holds them (`store.holders`).
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from newsletter.domain.warmup import Day
from newsletter.store.accounts import tried_since
from newsletter.store.database import insert
from newsletter.store.tables import day_shares

_s = day_shares.c


def left_of(connection: Connection, day: Day, issue_id: int, held: int) -> int | None:
    """How many more the run of this issue, which has `held`, may claim; None: as many as it likes.

    What a process that died had claimed is not free before its issue goes on, or another day begins.
    """
    if day.allowance is None:
        return None
    others = select(func.sum(_s.held)).where(_s.issue != issue_id, _s.day == day.date.isoformat())
    return day.left(tried_since(connection, day.begins) + held + (connection.scalar(others) or 0))


def hold(connection: Connection, day: Day, issue_id: int, held: int) -> None:
    share = {"day": day.date.isoformat(), "held": held}
    row = insert(connection, day_shares).values(issue=issue_id, **share)
    connection.execute(row.on_conflict_do_update(index_elements=[_s.issue], set_=share))


def let_go(connection: Connection, issue_id: int) -> None:
    connection.execute(delete(day_shares).where(_s.issue == issue_id))
