"""An editor's note goes out once in each edition, however often its draft is built."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.note import EditorNote
from newsletter.services.publish import build
from newsletter.services.steer import cancel, start_for_anybody
from newsletter.services.stories import assign
from newsletter.store import issues
from newsletter.store.database import Database
from tests.services.test_publish import NOW, UK, WORDS, Notebook, add

HELLO = EditorNote("Hello all.", "note.md")
OTHER = EditorNote("Other words.", "note.md")


@pytest.fixture
def desk(database: Database) -> Database:
    for name in WORDS:
        add(database, name)
    assign(database, "tech", NOW)
    return database


def draft(database: Database, note: EditorNote | None, edition: str = "uk") -> Issue:
    one = replace(UK, key=edition, max_stories=1)
    issue = build(database, one, Notebook(), NOW, NOW, (), note=note)
    assert issue is not None
    return issue


def test_it_stands_in_the_digest_and_in_the_issue(desk: Database) -> None:
    notebook = Notebook()
    issue = build(desk, UK, notebook, NOW, NOW, (), note=HELLO)
    assert issue is not None
    assert (issue.note, notebook.digests[0].note, issue.notes) == ("Hello all.", "Hello all.", ())


def test_the_same_words_go_out_once(desk: Database) -> None:
    first = draft(desk, HELLO)
    assert draft(desk, HELLO).note == "Hello all."  # built anew, it is still to go
    start_for_anybody(desk, first.id, NOW)
    second = draft(desk, HELLO)
    assert second.note == ""
    assert f"issue {first.id} had" in second.notes[0]
    assert "note.md" in second.notes[0]
    assert draft(desk, OTHER).note == "Other words."
    assert draft(desk, HELLO, "world").note == "Hello all."  # whose readers never had it


def test_words_that_nobody_got_may_still_go(desk: Database) -> None:
    first = draft(desk, HELLO)
    cancel(desk, first.id, NOW)
    assert draft(desk, HELLO).note == "Hello all."
    second = draft(desk, HELLO)
    start_for_anybody(desk, second.id, NOW)
    cancel(desk, second.id, NOW)  # before it reached anybody: its stories come back, too
    assert draft(desk, HELLO).note == "Hello all."


def test_words_that_are_to_go_at_a_set_time_are_taken(desk: Database) -> None:
    first = draft(desk, HELLO)
    with desk.write() as connection:
        issues.move(connection, first.id, [IssueState.DRAFT], IssueState.SCHEDULED, scheduled_for=NOW)
    assert draft(desk, HELLO).note == ""


def test_one_given_for_a_draft_stays_with_it(desk: Database) -> None:
    given = EditorNote("For this one.", "extra.md", once=True)
    assert draft(desk, given).note == "For this one."
    again = draft(desk, HELLO)
    assert (again.note, again.note_once) == ("For this one.", True)
    assert draft(desk, replace(given, words="")).note == ""
    assert draft(desk, HELLO).note == ""  # the editor took it out of this draft
    start_for_anybody(desk, again.id, NOW)
    assert draft(desk, HELLO).note == "Hello all."


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["hello", "other", "none", "send", "cancel"]), max_size=14))
def test_whatever_happens_no_words_go_out_twice(desk: Database, steps: list[str]) -> None:
    given_notes = {"hello": HELLO, "other": OTHER, "none": None}
    edition = replace(UK, key=f"e{uuid4().hex[:16]}", max_stories=1)
    for step in steps:
        with desk.read() as connection:
            there = issues.draft(connection, "tech", edition.key)
        if step in given_notes:
            build(desk, edition, Notebook(), NOW, NOW, (), note=given_notes[step])
        elif there:
            start_for_anybody(desk, there.id, NOW) if step == "send" else cancel(desk, there.id, NOW)
    with desk.read() as connection:
        sent = [issue.note for issue in issues.listing(connection, "tech", edition.key) if issue.started_at]
    assert len([words for words in sent if words]) == len({words for words in sent if words})
