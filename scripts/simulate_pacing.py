"""Draws docs/delivery-plan.svg: an issue to a million readers, sent by the real rules on a clock that is only counted.

Two plans. A warmed-up sender, with a limit for each mailbox group, whom the yahoo group pushes back for half an hour in
the middle; and a new sender who warms up day by day. Nothing is sent, and the same seed draws the same picture.
Run it by `make plan`.
"""

from __future__ import annotations

import heapq
import random
import sys
from bisect import bisect_right
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from plan_picture import Day, Line, Picture, draw

from newsletter.domain.delivery import Outcome, OutcomeKind
from newsletter.domain.estimate import Ahead, Speed, done_at
from newsletter.domain.group_queues import GroupQueues
from newsletter.domain.mailboxes import group_of
from newsletter.domain.pace import Limits, Pacer
from newsletter.domain.warmup import WarmUp, day_of

TARGET = Path(__file__).parent.parent / "docs" / "delivery-plan.svg"
SEED = 3
READERS = 1_000_000
SHARES = {
    "gmail.com": 0.43, "googlemail.com": 0.02, "outlook.com": 0.08, "hotmail.com": 0.09, "live.com": 0.03,
    "yahoo.com": 0.06, "aol.com": 0.02, "icloud.com": 0.06, "me.com": 0.01,
}  # fmt: skip
TAIL = 20_000  # domains of their own, the n-th with 1/n of the first one's readers
LIMITS = Limits(overall=150, group=5, groups={"google": 60, "microsoft": 30, "yahoo": 15, "apple": 12})
STORM = (40 * 60.0, 70 * 60.0)  # seconds after the start
STORMY = "yahoo"
PLAN = WarmUp(1000, date(2026, 12, 1), most=250_000, timezone="Europe/London")
CLAIM = 200  # rows at a time
STEP = 60  # seconds of one point of a line
ANSWER = 0.2  # seconds until the server answers
TAKEN = Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0")
BUSY = Outcome(OutcomeKind.BROKEN, 421, "4.7.28", "unusual rate of mail")


@dataclass
class Run:
    """What came of a simulated issue: by group, how many were accepted in each step and how many pushed back."""

    accepted: Counter[tuple[str, int]] = field(default_factory=Counter)
    pushed: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: float = 0.0

    def total(self, group: str) -> int:
        return sum(count for (name, _), count in self.accepted.items() if name == group)


def readers(seed: int) -> list[str]:
    """The domain of each reader, in the order in which they signed up: any."""
    dice = random.Random(seed)  # noqa: S311  the same picture each time
    weights = [*SHARES.values()]
    harmonic = sum(1 / n for n in range(1, TAIL + 1))
    rest = 1 - sum(weights)
    weights += [rest / harmonic / n for n in range(1, TAIL + 1)]
    names = [*SHARES, *(f"firm{n}.example" for n in range(1, TAIL + 1))]
    steps = list(accumulate(weights))
    return [names[min(bisect_right(steps, dice.random() * steps[-1]), len(names) - 1)] for _ in range(READERS)]


class Ledger:
    """Stands in for the ledger: rows in their order, of which some domains can be left aside."""

    def __init__(self, domains: list[str]) -> None:
        self._rows: dict[str, deque[int]] = {}
        for row, domain in enumerate(domains):
            self._rows.setdefault(domain, deque()).append(row)
        self._first = [(rows[0], domain) for domain, rows in self._rows.items()]
        heapq.heapify(self._first)

    def claim(self, size: int, aside: frozenset[str]) -> list[str]:
        found: list[str] = []
        passed: list[tuple[int, str]] = []
        while self._first and len(found) < size:
            first, domain = heapq.heappop(self._first)
            if domain in aside:
                passed.append((first, domain))
                continue
            found.append(domain)
            rows = self._rows[domain]
            rows.popleft()
            if rows:
                heapq.heappush(self._first, (rows[0], domain))
        for row in passed:
            heapq.heappush(self._first, row)
        return found

    def give_back(self, domain: str) -> None:
        rows = self._rows[domain]
        rows.append(rows[-1] + 1 if rows else 0)
        if len(rows) == 1:
            heapq.heappush(self._first, (rows[0], domain))

    def __bool__(self) -> bool:
        return bool(self._first)


def next_one(queues: GroupQueues[str], ledger: Ledger, now: float) -> str | None:
    """As the desk does it: from the queues, and when these have nothing that may go, from the ledger."""
    found = queues.take(now)
    if found is None and ledger and queues.wants(now) and (claimed := ledger.claim(CLAIM, queues.full())):
        queues.add(claimed)
        found = queues.take(now)
    return found


def send(domains: list[str], limits: Limits, storm: tuple[float, float]) -> Run:
    """One process with as many connections as it needs; answers come a moment after the messages."""
    pacer, ledger, run, now = Pacer(limits, 0.0), Ledger(domains), Run(), 0.0
    queues: GroupQueues[str] = GroupQueues(pacer, lambda domain: domain)
    answers: list[tuple[float, int, str, bool]] = []
    number = 0
    while ledger or answers or len(queues):
        while answers and answers[0][0] <= now:
            at, _, domain, busy = heapq.heappop(answers)
            group = group_of(domain)
            pacer.heard(group, BUSY if busy else TAKEN, at)
            (run.pushed if busy else run.accepted)[group, int(at // STEP)] += 1
            if busy:
                ledger.give_back(domain)
        while (following := next_one(queues, ledger, now)) is not None:
            busy = group_of(following) == STORMY and storm[0] <= now < storm[1]
            number += 1
            heapq.heappush(answers, (now + ANSWER, number, following, busy))
        wait = queues.wait(now)
        moments = [now + wait] if wait is not None else []
        moments += [answers[0][0]] if answers else []
        now = max(min(moments, default=now + 1), now + 0.01)
    run.seconds = now
    return run


def warming_up(total: int, rate: float) -> list[tuple[date, int, int | None]]:
    """Of each day of the plan: how many went, how many might have."""
    now, days = datetime.combine(PLAN.started, datetime.min.time(), UTC) + timedelta(hours=8), []
    while total:
        day = day_of(PLAN, now)
        left = day.left(0)
        fitting = min(total, int(rate * (day.ends - now).total_seconds()), total if left is None else left)
        days.append((day.date, fitting, left))
        total, now = total - fitting, day.ends
    return days


def main() -> None:
    domains = readers(SEED)
    run = send(domains, LIMITS, STORM)
    groups = Counter(group_of(domain) for domain in domains)
    ahead = Ahead(READERS, {name: count for name, count in groups.items() if count > 1000})
    start = datetime(2026, 12, 1, 8, tzinfo=UTC)
    expected = done_at(ahead, Speed(None, LIMITS), start)
    assert expected is not None
    expected_after = (expected - start).total_seconds()
    assert run.accepted.total() == READERS
    named = ("google", "microsoft", "yahoo", "apple")
    steps = int(run.seconds // STEP) + 1
    lines = [Line(name, groups[name], [run.accepted[name, at] / STEP for at in range(steps)]) for name in named]
    everybody: Counter[int] = Counter()
    for (group, at), count in run.accepted.items():
        if group not in named:
            everybody[at] += count
    others = READERS - sum(groups[name] for name in named)
    lines.append(Line("all others", others, [everybody[at] / STEP for at in range(steps)]))
    days = [Day(day, sent, allowed) for day, sent, allowed in warming_up(READERS, 60.0)]
    picture = Picture(lines, STEP, run.seconds, STORM, run.pushed.total(), LIMITS.overall or 0, expected_after, days)
    TARGET.write_text(draw(picture), "utf-8")
    lines_of_text = [
        f"{READERS:,} readers at {len(groups):,} mailbox groups, seed {SEED}",
        f"expected: {expected_after / 3600:.2f} hours; took {run.seconds / 3600:.2f} hours",
        f"pushed back: {run.pushed.total()} messages, all of {STORMY}",
        *(f"{line.name}: {line.readers:,} readers, most {max(line.rates):.1f} a second" for line in lines),
        f"warming up: {len(days)} days",
    ]
    sys.stdout.write("\n".join(lines_of_text) + f"\ndocs/{TARGET.name}  {TARGET.stat().st_size / 1024:.0f} KB\n")


if __name__ == "__main__":
    main()
