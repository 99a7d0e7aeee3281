"""What a rule says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """BLOCK is what is certainly broken; WARN is what depends on taste, on the network or on the mail client."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `place` says where in the message, `reason` what is wrong, `remedy` what to do: sentences."""

    level: Level
    place: str
    reason: str
    remedy: str = ""
    rule: str = ""  # the name of the rule that says so

    @property
    def message(self) -> str:
        return f"{self.reason} {self.remedy}".strip()


def block(place: str, reason: str, remedy: str = "") -> Finding:
    return Finding(Level.BLOCK, place, reason, remedy)


def warn(place: str, reason: str, remedy: str = "") -> Finding:
    return Finding(Level.WARN, place, reason, remedy)
