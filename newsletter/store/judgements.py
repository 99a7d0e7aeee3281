"""What preflight found in an issue, kept while nothing of the issue changes, so that sending need not look again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select

from newsletter.domain.finding import Finding, Level
from newsletter.store.database import insert
from newsletter.store.tables import judgements

_j = judgements.c


def of(connection: Connection, issue: int, fingerprint: str, since: datetime) -> list[Finding] | None:
    """The findings, when they are of `since` or later and of what has this `fingerprint`."""
    same = (_j.issue == issue, _j.fingerprint == fingerprint, _j.at >= since)
    found = connection.scalar(select(_j.findings).where(*same))
    return None if found is None else [Finding(**{**one, "level": Level(one["level"])}) for one in found]


def remember(connection: Connection, issue: int, fingerprint: str, findings: Sequence[Finding], now: datetime) -> None:
    """One judgement an issue, the newest."""
    row = {"fingerprint": fingerprint, "at": now, "findings": [asdict(finding) for finding in findings]}
    statement = insert(connection, judgements).values(issue=issue, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["issue"], set_=row))
