"""What preflight says of an issue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.errors import Blocked

REPORT = "Build it again. If this stays, the program is at fault: please report it."  # the remedy for what nobody chose


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
    remedy: str
    rule: str = ""  # the name of the rule that says so

    @property
    def blocks(self) -> bool:
        return self.level is Level.BLOCK

    @property
    def message(self) -> str:
        return f"{self.reason} {self.remedy}".strip()


def block(place: str, reason: str, remedy: str) -> Finding:
    return Finding(Level.BLOCK, place, reason, remedy)


def warn(place: str, reason: str, remedy: str) -> Finding:
    return Finding(Level.WARN, place, reason, remedy)


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.blocks]


def warnings(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.blocks]


def demand(findings: Iterable[Finding]) -> None:
    """Raises Blocked, with every blocking reason in it, when there is one."""
    if reasons := [finding.message for finding in blocking(findings)]:
        raise Blocked("This issue must not be sent: " + " ".join(reasons))
