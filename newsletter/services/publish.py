"""Freezes the best new stories into a draft issue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue
from newsletter.domain.note import EditorNote
from newsletter.services.choosing import ranked
from newsletter.services.drafting import Plan, Renderer, write
from newsletter.services.illustrate import Illustrator
from newsletter.store import issues
from newsletter.store.database import Database


def build(
    database: Database,
    edition: Edition,
    renderer: Renderer,
    now: datetime,
    as_of: datetime,
    notes: Sequence[str] = (),
    illustrator: Illustrator | None = None,
    note: EditorNote | None = None,
) -> Issue | None:
    """The edition's draft, made anew from what is there: same id and number while nobody sent or edited it.

    Takes stories published by `as_of` and not older than the edition's lookback before it, that never went to the
    edition and pass its categories; the best `max_stories`. None when there is none: a draft of before stays then, for
    somebody to send or cancel. One that somebody edited comes back as it is. For the others see `drafting`.
    """

    def plan(connection: Connection) -> Plan | Issue | None:
        former = issues.draft(connection, edition.newsletter, edition.key)
        if former and former.edited:
            return former
        chosen = [item.candidate for item in ranked(connection, edition, as_of)[: edition.max_stories]]
        return Plan(chosen, as_of, former, notes, note) if chosen else None

    return write(database, edition, renderer, now, illustrator, plan)
