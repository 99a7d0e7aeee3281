"""What a run has to do its errand with."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsletter.domain.tally import Tally
from newsletter.services.delivery.line import Pace, unlimited
from newsletter.transports.base import Transport


@dataclass(frozen=True, slots=True)
class Means:
    """What all runs of a process share: the way out, how fast messages may leave, and what was counted so far."""

    transport: Transport
    pace: Pace = field(default_factory=unlimited)
    tally: Tally = field(default_factory=Tally)
