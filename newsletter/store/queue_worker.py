"""Works the queue of chunks off: a worker of Procrastinate's, and what looks after jobs whose worker is gone.

Jobs come back in three ways. A worker that dies leaves heartbeats that grow old; one that is shut down leaves jobs
without a worker; one that cannot write down that a job ended (its database was away) leaves a job that it does not run.
`tend` finds all three. It is a loop in each worker and no periodic job: such a job can be left behind itself.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from newsletter.domain.chunk import waiting_priority
from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.postgres import configure, options
from newsletter.store.queue import QUEUE, TASK

log = logging.getLogger("newsletter.queue")

HEARTBEAT = 2.0  # seconds
STALLED = 12.0  # seconds without one, after which a worker counts as dead
_LOOK_FOR_JOBS = (
    0.2  # seconds; a new job is told of at once, this is for lanes that become free and retries that fall due
)
_LONGEST_REST = 60  # seconds before a job that failed is tried again

Deliver = Callable[[int, int, int], Awaitable[None]]
"""Called with issue, number of the chunk, and job."""


class QueueWorker:
    """Runs up to `at_once` jobs of the queue with `deliver`. A job whose `deliver` raises is tried again later."""

    def __init__(self, database: Database, deliver: Deliver, at_once: int) -> None:
        self._deliver, self._at_once = deliver, at_once
        self._running: set[int] = set()
        self._strangers: set[int] = set()
        self._worker: int | None = None
        self._open, self._place = False, database.place
        connector = PsycopgConnector(
            kwargs=options(database.engine), configure=configure, min_size=1, max_size=at_once + 2, timeout=10.0
        )
        self._app = App(connector=connector)
        self._app.job_manager = _Jobs(connector)
        self._app.task(name=TASK, queue=QUEUE, pass_context=True, retry=_Later())(self._run)

    @property
    def is_open(self) -> bool:
        """Whether it works, and is neither being opened nor closed."""
        return self._open

    @property
    def is_idle(self) -> bool:
        """Whether no job runs at present."""
        return not self._running

    async def work(self) -> None:
        """Until it is cancelled: then what runs is waited for.

        Raises StoreError when the database is away, or was so long enough for the worker to give up.
        """
        try:
            async with self._app.open_async():
                self._open = True
                try:
                    await self._app.run_worker_async(
                        queues=[QUEUE],
                        concurrency=self._at_once,
                        wait=True,
                        fetch_job_polling_interval=_LOOK_FOR_JOBS,
                        install_signal_handlers=False,
                        delete_jobs="successful",
                        update_heartbeat_interval=HEARTBEAT,
                        stalled_worker_timeout=STALLED,
                    )
                finally:
                    self._open = False
        except (ConnectorException, psycopg.Error) as error:
            raise StoreError(f"the queue in {self._place}: {error.__cause__ or error}") from error
        raise StoreError(f"the queue in {self._place} could not be worked on; it is tried again.")

    async def tend(self) -> int:
        """Puts jobs back into the queue that nobody runs; how many. Raises StoreError."""
        if not self._open:
            return 0
        manager = self._app.job_manager
        try:
            stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED)
            lost = {job.id for job in stalled if job.id is not None} | await self._forgotten()
        except ConnectorException as error:
            raise StoreError(f"the queue in {self._place}: {error.__cause__ or error}") from error
        for job in lost:
            with suppress(ConnectorException):  # another worker was faster
                await manager.retry_job_by_id_async(job, datetime.now(UTC))
        return len(lost)

    async def _forgotten(self) -> set[int]:
        """Jobs that are ours, and that we have not been running for two looks."""
        if self._worker is None:
            return set()
        jobs = await self._app.job_manager.list_jobs_async(queue=QUEUE, status="doing", worker_id=self._worker)
        strangers = {job.id for job in jobs if job.id is not None} - self._running
        seen_twice, self._strangers = strangers & self._strangers, strangers
        return seen_twice

    async def _run(self, context: JobContext, issue: int, number: int) -> None:
        job = context.job.id
        assert job is not None
        self._worker = context.job.worker_id
        self._running.add(job)
        try:
            await self._deliver(issue, number, job)
        finally:
            self._running.discard(job)


class _Jobs(JobManager):
    """Takes it calmly when the end of a job cannot be written down.

    Either another worker took the job over, and it is that one's now; or the database is away, and `tend` finds it.
    """

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            log.debug("job %s was not ended: %s", job.id, error.__cause__)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        try:
            await super().retry_job(job, retry_at, priority, queue, lock)
        except ConnectorException as error:
            log.debug("job %s was not put back: %s", job.id, error.__cause__)


class _Later(BaseRetryStrategy):
    """A job that failed waits with growing pauses, and behind the others of its lane."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        due = datetime.now(UTC) + timedelta(seconds=min(2 ** min(job.attempts, 10), _LONGEST_REST))
        return RetryDecision(retry_at=due, priority=waiting_priority(due))
