"""An editor's changes to a draft."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jinja2
import pytest
from sqlalchemy import select

from newsletter.domain.issue import Issue, IssueState
from newsletter.domain.note import EditorNote
from newsletter.errors import NewsletterError, NotFound, WrongState
from newsletter.services.editing import Edits, edit, undo
from newsletter.services.publish import build
from newsletter.services.stories import assign
from newsletter.services.why import Reason
from newsletter.store import issues
from newsletter.store.database import Database
from newsletter.store.tables import posts
from newsletter.text.render import Renderer
from tests import stored
from tests.services.test_publish import NOW, UK, add, ask, send, titles

SUBJECT = "{{ lead.title }}"
LATER = NOW + timedelta(hours=3)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(jinja2.FileSystemLoader("templates"))


@pytest.fixture
def draft(database: Database, renderer: Renderer) -> Issue:
    """Of bridge, cheese and violin, in this order; parcel and moth have no place in it."""
    for days, name in enumerate(("bridge", "cheese", "violin", "parcel", "moth"), start=1):
        add(database, name, days)
    made = build(database, UK, renderer, NOW, NOW)
    assert made is not None
    assert names(made) == "bridge cheese violin"
    return made


def names(issue: Issue | None) -> str:
    return " ".join(title.split()[1] for title in titles(issue))


def change(database: Database, renderer: Renderer, draft: Issue, **edits: object) -> Issue:
    return edit(database, UK, renderer, draft.id, Edits(**edits), LATER)  # type: ignore[arg-type]


def test_stories_are_left_out_added_and_moved_to_the_front(
    database: Database, renderer: Renderer, draft: Issue
) -> None:
    assert names(change(database, renderer, draft, without=["2"])) == "bridge violin"
    assert names(change(database, renderer, draft, add=["https://example.org/moth/"])) == "bridge violin moth"
    led = change(database, renderer, draft, lead="https://example.org/moth", without=["1"])
    assert (names(led), led.subject) == ("moth violin", "The moth of the year")
    assert "A camera that counts moths" in led.text
    assert "bridge" not in led.html
    with database.read() as connection:
        assert issues.get(connection, draft.id) == led
    assert (led.id, led.number, led.as_of, led.built_at, led.edited) == (draft.id, 1, NOW, LATER, True)
    assert ask(database, "https://example.org/bridge").reason is Reason.EDITED


def test_the_story_that_leads_may_be_one_that_is_added(database: Database, renderer: Renderer, draft: Issue) -> None:
    address = "https://example.org/parcel"
    assert names(change(database, renderer, draft, add=[address], lead=address)) == "parcel bridge cheese violin"


def test_a_subject_of_ones_own_stays_until_it_is_taken_back(
    database: Database, renderer: Renderer, draft: Issue
) -> None:
    own = "Iron & {{ lead.title }}"
    assert change(database, renderer, draft, subject=own).subject == own
    assert "Iron &amp; {{ lead.title }}" in change(database, renderer, draft, lead="3").html
    changed = change(database, renderer, draft, without=["3"])
    assert (changed.subject, names(changed)) == (own, "violin bridge")
    assert change(database, renderer, draft, subject="").subject == "The violin of the year"
    assert change(database, renderer, draft, lead="2").subject == "The bridge of the year"


def test_a_note_is_given_kept_and_taken_away(database: Database, renderer: Renderer, draft: Issue) -> None:
    noted = change(database, renderer, draft, note=EditorNote("Hello from Marlow.", "note.md", once=True))
    assert "Hello from Marlow." in noted.text
    assert "Hello from Marlow." in change(database, renderer, draft, without=["1"]).text
    assert "Hello" not in change(database, renderer, draft, note=EditorNote("", "", once=True)).text


def test_an_edit_takes_what_the_posts_say_by_now(database: Database, renderer: Renderer, draft: Issue) -> None:
    with database.read() as connection:
        post = connection.scalars(select(posts.c.id).where(posts.c.key == "_posts/bridge.md")).one()
    stored.change(database, post, title="The bridge of the century", fingerprint="new")
    assign(database, "tech", LATER)
    change(database, renderer, draft, without=["3"])
    stored.change(database, post, title="The bridge of the millennium", fingerprint="newer")
    assign(database, "tech", LATER)
    edited = change(database, renderer, draft, add=["https://example.org/moth"])
    assert (titles(edited)[0], edited.subject) == ("The bridge of the millennium",) * 2
    stored.change(database, post, gone=True)
    assign(database, "tech", LATER)
    left = change(database, renderer, draft, note=EditorNote("Hello.", "", once=True))
    assert (names(left), left.subject) == ("cheese moth", "The cheese of the year")
    told = "“The bridge of the millennium” is not in it any more: its post is gone, or may not go to this edition."
    assert left.notes == (told,)
    assert change(database, renderer, draft, lead="2").notes == ()  # said once


def test_a_story_published_since_can_be_added_and_stays(database: Database, renderer: Renderer, draft: Issue) -> None:
    add(database, "late", -0.1)
    assert names(change(database, renderer, draft, add=["https://example.org/late"])) == "bridge cheese violin late"
    assert names(change(database, renderer, draft, without=["1"])) == "cheese violin late"


def test_no_build_touches_an_edited_draft_until_it_is_undone(
    database: Database, renderer: Renderer, draft: Issue
) -> None:
    edited = change(database, renderer, draft, without=["1", "2"])
    assert build(database, UK, renderer, LATER, LATER) == edited
    undo(database, draft.id)
    again = build(database, UK, renderer, LATER, LATER)
    assert again is not None
    assert (names(again), again.id, again.edited) == ("bridge cheese violin", draft.id, False)


def test_undoing_forgets_the_note_and_the_subject_too(database: Database, renderer: Renderer, draft: Issue) -> None:
    change(database, renderer, draft, subject="My own", note=EditorNote("Hello from Marlow.", "note.md", once=True))
    undo(database, draft.id)
    again = build(database, UK, renderer, LATER, LATER)
    assert again is not None
    assert (again.subject, again.note, again.note_once) == ("The bridge of the year", "", False)


def test_what_could_not_be_read_stays_told(database: Database, renderer: Renderer) -> None:
    add(database, "bridge")
    add(database, "cheese")
    built = build(database, UK, renderer, NOW, NOW, ["feed could not be read: timeout"])
    assert built is not None
    edited = change(database, renderer, built, without=["1"])
    assert edited.notes == ("feed could not be read: timeout",)


def test_of_two_edits_at_one_moment_none_is_lost(database: Database, renderer: Renderer, draft: Issue) -> None:
    with ThreadPoolExecutor() as both:
        list(both.map(lambda story: change(database, renderer, draft, without=[story]), draft_urls(draft)[:2]))
    with database.read() as connection:
        assert names(issues.get(connection, draft.id)) == "violin"


def draft_urls(draft: Issue) -> list[str]:
    return [story.url for story in draft.stories]


def test_what_is_left_out_comes_with_the_next_issue(database: Database, renderer: Renderer, draft: Issue) -> None:
    send(database, change(database, renderer, draft, without=["1"]))
    assert names(build(database, UK, renderer, LATER, LATER)).split()[0] == "bridge"


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"without": ["4"]}, "there is no story 4 in issue 1, which has 3 stories"),
        ({"without": ["0"]}, "there is no story 0"),
        ({"without": ["²"]}, "there is no story ²"),
        ({"without": ["9" * 5000]}, "there is no story 999"),
        ({"without": ["https://example.org/moth"]}, "there is no story https://example.org/moth in issue 1"),
        ({"add": ["https://example.org/none"]}, "is told at https://example.org/none"),
        ({"add": ["1"]}, "is told at 1"),
        ({"lead": "7"}, "there is no story 7"),
        ({"lead": "1", "without": ["1"]}, "“The bridge of the year” cannot lead issue 1"),
        ({"without": ["1", "2", "3"]}, "issue 1 would hold nothing; `newsletter cancel 1` drops the draft"),
    ],
)
def test_a_slip_changes_nothing_and_says_so(
    database: Database, renderer: Renderer, draft: Issue, edits: dict[str, object], said: str
) -> None:
    with pytest.raises(NewsletterError, match=said.replace("²", ".")):
        change(database, renderer, draft, **edits)
    with database.read() as connection:
        assert issues.get(connection, draft.id) == draft


def test_only_a_draft_can_be_edited(database: Database, renderer: Renderer, draft: Issue) -> None:
    with database.write() as connection:
        issues.move(connection, draft.id, [IssueState.DRAFT], IssueState.SCHEDULED, scheduled_for=LATER)
    with pytest.raises(WrongState, match="`newsletter pause 1` makes it a draft again"):
        change(database, renderer, draft, without=["1"])
    with database.write() as connection:
        issues.move(connection, draft.id, [IssueState.SCHEDULED], IssueState.SENT)
    with pytest.raises(WrongState, match="issue 1 is sent; only a draft can be edited"):
        undo(database, draft.id)
    with pytest.raises(NotFound, match="there is no issue 7"):
        undo(database, 7)
