"""What mail programs show of a feature: the table in data/support.json, weighed by who reads with what.

The table is computed from the facts of caniemail.com (MIT) by `make support`; its head says from which day they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from newsletter.domain.clients import Clients

ENOUGH = 90  # what a feature needs that the layout hangs on


@dataclass(frozen=True, slots=True)
class Row:
    """A feature: `scores` are 0 to 100 for each family in the order of Clients, None where nobody knows.

    `no` and `partly` name the programs that do not show it, or not always, in words.
    """

    key: str
    title: str
    scores: tuple[int | None, ...]
    no: str
    partly: str

    def score(self, clients: Clients) -> float:
        """S: of 100 readers, how many see it, half-support counting half; 100 where nobody knows anything."""
        known = [(share, each) for share, each in zip(clients.shares, self.scores, strict=True) if each is not None]
        whole = sum(share for share, _ in known)
        return sum(share * each for share, each in known) / whole if whole else 100.0


@dataclass(frozen=True, slots=True)
class Table:
    """`facts_of` is the day of the facts, `package` where they came from."""

    rows: Mapping[str, Row]
    facts_of: str
    package: str


@cache
def table() -> Table:
    told = json.loads((files("newsletter.preflight") / "data" / "support.json").read_text("utf-8"))
    rows = {
        key: Row(key, row["title"], tuple(row["scores"]), row["no"], row["partly"])
        for key, row in told["features"].items()
    }
    return Table(rows, told["facts_of"], told["package"])


def mean(rows: Iterable[Row], clients: Clients) -> float:
    """The mean score of features, each counted once; 100 for none."""
    scores = {row.key: row.score(clients) for row in rows}
    return sum(scores.values()) / len(scores) if scores else 100.0
