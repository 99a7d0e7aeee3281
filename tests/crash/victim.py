"""A real delivery in a process of its own, to be killed: `python victim.py DATABASE-URL PORT CONNECTIONS`."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta

from newsletter.domain.accounting import Accounting
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.services.deliver import deliver
from newsletter.services.loop import run
from newsletter.store import issues
from newsletter.store.database import Database
from newsletter.transports.smtp import SmtpTransport
from tests.ledger import RETURN_PATH, message, reader

POLICY = DeliveryPolicy(
    retry_first=timedelta(milliseconds=100), retry_most=timedelta(milliseconds=200), lease=timedelta(seconds=2)
)


async def main(url: str, port: int, connections: int) -> Accounting:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(url)
    with database.read() as connection:
        issue = issues.get(connection, 1)
    transport = SmtpTransport("127.0.0.1", port, connections=connections)
    print("delivering", flush=True)
    return await deliver(
        database, issue, message(), reader, transport, POLICY,
        lambda: datetime.now(UTC), lambda now: None, stop, return_path=RETURN_PATH,
    )  # fmt: skip


if __name__ == "__main__":
    print(run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))), flush=True)
