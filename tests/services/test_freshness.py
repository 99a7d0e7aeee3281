"""A draft whose posts say something else by now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.domain.issue import Issue, IssueState
from newsletter.services.freshness import Basis, basis, changed
from newsletter.services.publish import build
from newsletter.services.stories import assign
from newsletter.store import issues
from newsletter.store.database import Database
from tests import stored
from tests.services.test_publish import NOW, UK, Notebook, add

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def posts(database: Database) -> dict[str, int]:
    return {name: add(database, name, days) for days, name in enumerate(("bridge", "cheese", "violin"), start=1)}


@pytest.fixture
def draft(database: Database, posts: dict[str, int]) -> Issue:
    made = build(database, UK, Notebook(), NOW, NOW)
    assert made is not None
    return made


def stale(database: Database, issue: Issue) -> tuple[str, ...]:
    assign(database, "tech", LATER)
    with database.read() as connection:
        return changed(connection, UK, issues.get(connection, issue.id), LATER)


def basis_of(database: Database, issue: Issue) -> Basis | None:
    assign(database, "tech", LATER)
    with database.read() as connection:
        return basis(connection, UK, issue, LATER)


def test_a_draft_is_fresh_whatever_is_published_beside_it(database: Database, draft: Issue) -> None:
    add(database, "parcel")
    assert stale(database, draft) == ()


@pytest.mark.parametrize("state", [IssueState.DRAFT, IssueState.SCHEDULED])
def test_what_was_mended_in_a_post_is_told(
    database: Database, draft: Issue, posts: dict[str, int], state: IssueState
) -> None:
    with database.write() as connection:
        issues.move(connection, draft.id, [IssueState.DRAFT], state, scheduled_for=LATER)
    assert stale(database, draft) == ()
    stored.change(database, posts["bridge"], title="The bridge of the century", fingerprint="2")
    assert stale(database, draft) == ("The bridge of the year",)
    stored.change(database, posts["cheese"], body="A dairy has given its cheese back to the caves.", fingerprint="2")
    assert stale(database, draft) == ("The bridge of the year", "The cheese of the year")


def test_what_no_reader_sees_is_not_told(database: Database, draft: Issue, posts: dict[str, int]) -> None:
    stored.change(database, posts["bridge"], tags=["iron"], weight=1.0, fingerprint="2")
    assert stale(database, draft) == ()


def test_a_post_that_is_gone_or_kept_out_by_now_is_told(
    database: Database, draft: Issue, posts: dict[str, int]
) -> None:
    stored.change(database, posts["violin"], gone=True)
    stored.change(database, posts["cheese"], state="draft", fingerprint="2")
    assert stale(database, draft) == ("The cheese of the year", "The violin of the year")


def test_an_issue_on_its_way_is_what_it_is(database: Database, draft: Issue, posts: dict[str, int]) -> None:
    stored.change(database, posts["bridge"], title="The bridge of the century", fingerprint="2")
    with database.write() as connection:
        issues.move(connection, draft.id, [IssueState.DRAFT], IssueState.SENDING, started_at=NOW)
    assert stale(database, draft) == ()


def test_what_it_hangs_on_stays_the_same_while_no_story_of_it_changes(database: Database, draft: Issue) -> None:
    before = basis_of(database, draft)
    assert before
    assert len(before.stories) == len(before.posts) == 3
    add(database, "parcel")
    assert basis_of(database, draft) == before


@pytest.mark.parametrize(
    "change",
    [
        {"body": "The bridge has given its rivets back.", "fingerprint": "2"},
        {"title": "The bridge of the century", "fingerprint": "2"},
        {"gone": True},
        {"state": "draft"},
        {"categories": ["sponsored"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_hangs_on_all_that_changes_a_story(
    database: Database, draft: Issue, posts: dict[str, int], change: dict[str, object]
) -> None:
    before = basis_of(database, draft)
    stored.change(database, posts["bridge"], **change)
    assert basis_of(database, draft) != before


def test_an_issue_on_its_way_hangs_on_nothing(database: Database, draft: Issue) -> None:
    with database.write() as connection:
        issues.move(connection, draft.id, [IssueState.DRAFT], IssueState.SENDING, started_at=NOW)
    assert basis_of(database, draft) is None
