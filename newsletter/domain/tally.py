"""What a process counts while it sends: only ever growing numbers, so that processes may add theirs together."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from newsletter.domain.delivery import Outcome, OutcomeKind

Mark = tuple[str, str]
"""What was counted, and of which kind: ("attempts", "accepted 2xx"), ("send_seconds", "0.25")."""

ATTEMPTS, OPENED, BROKEN, PAUSES = "attempts", "sessions_opened", "sessions_broken", "pauses"
SEND, TURN = "send_seconds", "turn_seconds"
SUM, LONGER = "sum", "inf"
BOUNDS = {  # seconds; the upper ends of a histogram's classes, each counted by itself
    SEND: (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0),
    TURN: (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0, 5.0),
}
_TAKEN = (ATTEMPTS, f"{OutcomeKind.ACCEPTED.value} 2xx")


@dataclass(slots=True)
class Times:
    """How often something took how long. `classes` has one number for each bound, and one for what took longer."""

    bounds: tuple[float, ...]
    seconds: float = 0.0
    classes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.classes = [0] * (len(self.bounds) + 1)

    def add(self, seconds: float) -> None:
        self.classes[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds

    def totals(self, what: str) -> dict[Mark, float]:
        kinds = (*map(str, self.bounds), LONGER)
        found: dict[Mark, float] = {(what, kind): n for kind, n in zip(kinds, self.classes, strict=True) if n}
        return {**found, (what, SUM): self.seconds} if found else {}


class Tally:
    """Counts in memory, a microsecond a message; one thread counts, another may look at any time."""

    def __init__(self) -> None:
        self._counts: dict[Mark, int] = {}
        self._send, self._turn = Times(BOUNDS[SEND]), Times(BOUNDS[TURN])

    def attempt(self, outcome: Outcome, seconds: float) -> None:
        """One try to hand a message over, and how long its answer took."""
        self._send.add(seconds)
        if outcome.kind is OutcomeKind.ACCEPTED and 200 <= outcome.code < 300:  # nearly every time
            self._count(_TAKEN)
            return
        self._count((ATTEMPTS, f"{outcome.kind.value} {reply_class(outcome.code)}"))
        if outcome.kind.ends_session:
            self._count((BROKEN, ""))

    def opened(self) -> None:
        """A session with a mail server."""
        self._count((OPENED, ""))

    def paused(self, by: str) -> None:
        """A sending that was paused; `by`: "itself" or "hand"."""
        self._count((PAUSES, by))

    def turn(self, seconds: float) -> None:
        """One transaction of the ledger."""
        self._turn.add(seconds)

    def totals(self) -> dict[Mark, float]:
        """All that was counted since the process began."""
        counts = dict(self._counts)  # copied in one step, whoever counts meanwhile
        return {**counts, **self._send.totals(SEND), **self._turn.totals(TURN)}

    def _count(self, mark: Mark) -> None:
        self._counts[mark] = self._counts.get(mark, 0) + 1


def reply_class(code: int) -> str:
    """`2xx`, `4xx`, `5xx`; `none` where no server answered."""
    return f"{code // 100}xx" if 200 <= code < 600 else "none"
