"""What one run is to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.chunk import Chunk
from newsletter.domain.delivery import DeliveryPolicy
from newsletter.domain.issue import Issue
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True)
class Errand:
    """Deliver `issue`, or with `chunk` (on PostgreSQL) that part of it, as `policy` says."""

    database: Database
    issue: Issue
    policy: DeliveryPolicy
    clock: Callable[[], datetime]
    chunk: Chunk | None = None
