"""A real delivery in a process of its own, to be killed.

The process is forked from one that has imported all this and done nothing: twenty starts of Python would take longer
than the twenty deliveries.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg  # noqa: F401  each process would do it for itself
from sqlalchemy.dialects import postgresql, sqlite  # noqa: F401

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.loop import run
from newsletter.services.delivery.copies import Copies
from newsletter.services.delivery.deliver import deliver
from newsletter.services.delivery.errand import Errand
from newsletter.services.delivery.means import Means
from newsletter.store import issues
from newsletter.store.database import Database
from newsletter.transports.smtp import SmtpTransport
from tests.ledger import RETURN_PATH, message, reader

POLICY = DeliveryPolicy(
    retry_first=timedelta(milliseconds=100), retry_most=timedelta(milliseconds=200), lease=timedelta(seconds=2)
)


NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Victim:
    """A delivering process that has begun to work."""

    process: ForkServerProcess
    words: Connection

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def send_signal(self, number: int) -> None:
        assert self.process.pid
        os.kill(self.process.pid, number)

    def end(self, seconds: float) -> str:
        """What it said last, once it has ended; empty when it was killed."""
        self.process.join(seconds)
        assert not self.process.is_alive(), f"still there after {seconds} s"
        try:
            return str(self.words.recv())
        except EOFError:
            return ""
        finally:
            self.words.close()


def victim(url: str, port: int, connections: int, folder: Path | None = None) -> Victim:
    """`folder` is its machine's own."""
    ours, theirs = NURSERY.Pipe(duplex=False)
    process = NURSERY.Process(target=_live, args=(url, port, connections, folder, theirs))
    process.start()
    theirs.close()
    assert ours.recv() == "delivering"
    return Victim(process, ours)


def _live(url: str, port: int, connections: int, folder: Path | None, told: Connection) -> None:
    told.send(str(run(main(url, port, connections, lambda: told.send("delivering"), folder))))


async def main(
    url: str, port: int, connections: int, begins: Callable[[], None] = lambda: None, folder: Path | None = None
) -> Accounting:
    """Delivers issue 1, and says when it begins to."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(url, folder)
    with database.read() as connection:
        issue = issues.get(connection, 1)
    transport = SmtpTransport("127.0.0.1", port, connections=connections)
    begins()
    copies = Copies(message(), reader, RETURN_PATH)
    errand = Errand(database, issue, copies, POLICY, lambda: datetime.now(UTC))
    return await deliver(errand, Means(transport), lambda now: None, stop)
