"""What waits of an issue on SQLite: gone through once, from the first to the last, in the order of its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsletter.domain.issue import Issue
from newsletter.store.plain_rows import ID, instant

_END = 2**63 - 1  # no id is higher

# The address and name are the reader's present ones, the row's where the reader is gone.
_CLAIM = """
SELECT d.id, d.subscriber, coalesce(s.email, d.email), coalesce(s.name, ''), since, d.state, attempts, doubts, first_at,
  d.email, u.state = 'active' AND u.edition = :edition
FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber
  LEFT JOIN subscriptions u ON u.subscriber = d.subscriber AND u.newsletter = :newsletter
WHERE d.issue = :issue AND """
_ELSEWHERE = " AND d.domain NOT IN (SELECT value FROM json_each(:without))"
_NEXT = "d.state = 'queued' AND d.due_at IS NULL AND d.id > :last"
_FRESH = _CLAIM + _NEXT + " ORDER BY d.id LIMIT :size"
_FRESH_ELSEWHERE = _CLAIM + _NEXT + _ELSEWHERE + " ORDER BY d.id LIMIT :size"
_FRESH_BEHIND = _CLAIM + _NEXT + " AND d.id <= :end AND d.domain = :domain ORDER BY d.id LIMIT :size"
_DUE = _CLAIM + (
    "d.state = 'deferred' AND (d.due_at <= :now OR d.due_at > :latest)"
    + _ELSEWHERE
    + " ORDER BY d.due_at, d.id LIMIT :size"
)


@dataclass(slots=True)
class Place:
    """How far the queue was gone through: to the id `last`, and by domain, from which id on those left out wait.

    `returned`: something went back to where was looked already.
    """

    last: int = 0
    passed: dict[str, int] = field(default_factory=dict)
    returned: bool = False

    def copy(self) -> Place:
        return Place(self.last, dict(self.passed), self.returned)


class Queue:
    """Of one issue; `execute` asks the database.

    A look that the database cut short has gone nowhere, if its caller puts `place` back to what it was.
    """

    def __init__(self, execute: Callable[[str, Mapping[str, object]], Any], issue: Issue) -> None:
        self._execute = execute
        self._issue = {"issue": issue.id, "newsletter": issue.newsletter, "edition": issue.edition}
        self.place = Place()

    def look(
        self, size: int, now: datetime, most: timedelta, without: frozenset[str], held: Collection[int]
    ) -> list[Any]:
        """Up to `size` rows, for `plain_rows.claimed`; see Ledger.claim. None of those that are `held`."""
        rows = self._due(size, now, most, without, held)
        for domain in self.place.passed.keys() - without:
            rows += [row for row in self._fresh_behind(size - len(rows), domain) if row[ID] not in held]
        while len(rows) < size and (page := self._fresh(size - len(rows), without)):
            rows += [row for row in page if row[ID] not in held]
        return rows

    def _due(
        self, size: int, now: datetime, most: timedelta, without: frozenset[str], held: Collection[int]
    ) -> list[Any]:
        moments = {"now": instant(now), "latest": instant(now + most)}
        found = self._rows(_DUE, size + len(held), **moments, without=json.dumps(list(without)))
        return [row for row in found if row[ID] not in held][:size]

    def _fresh(self, size: int, without: frozenset[str]) -> list[Any]:
        """The next of those that wait for their first try."""
        place = self.place
        if without:
            page = self._rows(_FRESH_ELSEWHERE, size, last=place.last, without=json.dumps(list(without)))
            place.passed = {**dict.fromkeys(without, place.last), **place.passed}
        else:
            page = self._rows(_FRESH, size, last=place.last)
        place.last = page[-1][ID] if page else _END
        return page

    def _fresh_behind(self, size: int, domain: str) -> list[Any]:
        """Those of a domain that was left out while others were gone through."""
        place = self.place
        page = self._rows(_FRESH_BEHIND, size, last=place.passed[domain], end=place.last, domain=domain)
        if len(page) < size:
            del place.passed[domain]
        elif page:
            place.passed[domain] = page[-1][ID]
        return page

    def _rows(self, sql: str, size: int, **values: object) -> list[Any]:
        return list(self._execute(sql, {**self._issue, **values, "size": size}))
