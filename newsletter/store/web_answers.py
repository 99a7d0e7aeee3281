"""What the web said of addresses, so that no server is asked twice in a short while."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from newsletter.domain.answer import Answer
from newsletter.store.batches import rows_of
from newsletter.store.database import insert
from newsletter.store.tables import web_answers

KEPT = timedelta(days=7)


def known(connection: Connection, urls: Iterable[str], since: datetime) -> dict[str, Answer]:
    """Answers of `since` or later, by address."""
    wanted = select(*(web_answers.c[name] for name in Answer.__slots__))
    wanted = wanted.where(web_answers.c.key.in_(bindparam("values", expanding=True)), web_answers.c.asked_at >= since)
    answers = (Answer(**row._mapping) for row in rows_of(connection, wanted, [_key(url) for url in urls]))
    return {answer.url: answer for answer in answers}


def remember(connection: Connection, answers: Sequence[Answer], now: datetime) -> None:
    """The newest answer of each address; those older than KEPT are forgotten."""
    connection.execute(delete(web_answers).where(web_answers.c.asked_at < now - KEPT))
    if not answers:
        return
    statement = insert(connection, web_answers)
    changed = {name: statement.excluded[name] for name in Answer.__slots__}
    rows = [{"key": _key(one.url), **asdict(one)} for one in answers]
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed), rows)


def _key(url: str) -> str:
    """An address may be longer than what an index takes."""
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
