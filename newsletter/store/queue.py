"""The queue of chunks on PostgreSQL: Procrastinate's jobs, deferred in the caller's own transaction.

A job says which chunk to deliver and carries its lane as Procrastinate's lock: no two jobs of one lock run at once, on
any machine. Nothing is true because a job says so: the ledger is, and a job that is lost is deferred anew (`cover` in
`store.chunks`). So jobs carry no queueing lock: a second one for a chunk finds nothing to do, while a queueing lock can
leave a job whose worker died unable to come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from procrastinate.jobs import Job
from sqlalchemy import ColumnElement, Connection, Text, cast, column, select, table

from newsletter.domain.chunk import Chunk, priority, waiting_priority

TASK = "deliver_chunk"
QUEUE = "deliveries"

_jobs = table("procrastinate_jobs", column("id"), column("status"))


def defer(connection: Connection, chunks: Sequence[Chunk], due: datetime | None = None) -> list[int]:
    """A job for each chunk, from `due` on (None: at once); their ids. They come with the caller's commit, or never."""
    jobs = [
        Job(
            id=None,
            queue=QUEUE,
            task_name=TASK,
            lock=chunk.lane,
            queueing_lock=None,
            priority=priority(chunk) if due is None else waiting_priority(due),
            scheduled_at=due,
            task_kwargs={"issue": chunk.issue, "number": chunk.number},
        )
        for chunk in chunks
    ]
    if not jobs:
        return []
    deferred = _app().job_manager.batch_defer_jobs(jobs, connection=driver(connection))
    return [job.id for job in deferred if job.id is not None]


def call_off(connection: Connection, jobs: Iterable[int]) -> None:
    """Takes jobs out of the queue; one that runs already runs on."""
    manager, own = _app().job_manager, driver(connection)
    for job in jobs:
        manager.cancel_job_by_id(job, delete_job=True, connection=own)


def comes(job: ColumnElement[Any]) -> ColumnElement[bool]:
    """In SQL: whether the job with this id waits in the queue or runs."""
    return select(_jobs.c.id).where(_jobs.c.id == job, cast(_jobs.c.status, Text).in_(["todo", "doing"])).exists()


def driver(connection: Connection) -> Any:
    """psycopg's own connection behind SQLAlchemy's: what runs there is part of the same transaction."""
    return connection.connection.driver_connection


@cache
def _app() -> App:
    """Only ever used with connections of ours; it opens none."""
    return App(connector=SyncPsycopgConnector())
