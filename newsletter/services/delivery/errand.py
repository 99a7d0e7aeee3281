"""What one run is to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.domain.accounting import Accounting
from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.pulse import Pulse
from newsletter.services.delivery.copies import Copies
from newsletter.store import accounts, deliveries
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True)
class Errand:
    """Deliver the `copies` of `issue`, or with `chunk` (on PostgreSQL) of that part of it, as `policy` says.

    `copies` and `pulse` are the issue's: the runs of its chunks share them.
    """

    database: Database
    issue: Issue
    copies: Copies
    policy: DeliveryPolicy
    clock: Callable[[], datetime]
    chunk: Chunk | None = None
    pulse: Pulse = field(default_factory=Pulse)

    def issue_state(self) -> IssueState:
        """As the database has it now; `issue` is as it was when the run was sent for."""
        with self.database.read() as connection:
            return deliveries.issue_state(connection, self.issue.id)

    def accounting(self) -> Accounting:
        """Of the whole issue, as the database has it now."""
        with self.database.read() as connection:
            return accounts.accounting(connection, self.issue.id)
