"""What goes into an issue, and why; real database, a renderer that writes down what it was given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from newsletter.domain.digest import Digest
from newsletter.domain.edition import Edition, Weights
from newsletter.domain.issue import Issue, IssueState
from newsletter.errors import NotFound, WrongState
from newsletter.services.publish import build
from newsletter.services.stories import assign
from newsletter.services.why import Reason, Why, why
from newsletter.store import issues
from newsletter.store.database import Database
from newsletter.store.tables import issues as issues_table
from newsletter.store.tables import sent_stories
from newsletter.text.issue_links import IssueLinks
from newsletter.text.render import Rendered
from tests import stored

NOW = datetime(2026, 5, 15, 8, tzinfo=UTC)
UK = Edition("tech", "uk", "Tech", "Tech <t@example.org>", "Example", "https://news.example.org", max_stories=3)


class Notebook:
    """Stands where the templates stand; keeps the digest."""

    def __init__(self) -> None:
        self.digests: list[Digest] = []
        self.links: list[IssueLinks] = []

    def digest(self, digest: Digest, links: IssueLinks) -> Rendered:
        self.digests.append(digest)
        self.links.append(links)
        titles = "\n".join(story.title for story in digest.stories)
        return Rendered(digest.lead.title, digest.lead.excerpt, f"<p>{titles}</p>", titles)


WORDS = {
    "bridge": "Engineers in Marlow have hung eleven hundred small sensors on an old iron bridge to hear it age.",
    "cheese": "A dairy on the coast now ripens its blue cheese in a disused data centre, where the cold comes free.",
    "violin": "An apprentice built a violin from printed flax, and no one in the blindfolded jury heard that it was.",
    "parcel": "Parcels in four villages travel by the last bus of the day, and the post van stays in its garage.",
    "moth": "A camera that counts moths has found a species in Tarran that nobody had seen since 1952.",
}


def add(database: Database, name: str, days: float = 1, **values: object) -> int:
    row = {
        "newsletter": "tech",
        "source": "blog",
        "key": f"_posts/{name}.md",
        "path": f"_posts/{name}.md",
        "fingerprint": name,
        "url": f"https://example.org/{name}",
        "title": f"The {name} of the year",
        "published": NOW - timedelta(days=days),
        "categories": ["Technology"],
        "tags": [],
        "excerpt": "",
        "image_alt": "",
        "slug": name,
        "state": "published",
        "markup": "markdown",
        "body": WORDS.get(name, ""),
        "featured": False,
        "weight": 0.0,
        "first_seen": NOW,
        "gone": False,
        **values,
    }
    post = stored.add(database, row)
    assign(database, "tech", NOW)
    return post


def make(database: Database, edition: Edition = UK, as_of: datetime = NOW, **values: object) -> Issue | None:
    return build(database, edition, values.pop("renderer", None) or Notebook(), NOW, as_of, **values)


def send(database: Database, issue: Issue) -> None:
    with database.write() as connection:
        issues.move(connection, issue.id, [IssueState.DRAFT], IssueState.SENT, started_at=NOW)
        rows = [
            {"newsletter": "tech", "edition": issue.edition, "story": s.story, "issue": issue.id} for s in issue.stories
        ]
        connection.execute(insert(sent_stories), rows)


def titles(issue: Issue | None) -> list[str]:
    return [story.title for story in issue.stories] if issue else []


def ask(database: Database, post: str, edition: Edition = UK, as_of: datetime = NOW) -> Why:
    return why(database, [edition], post, as_of, {"tech": []})[0]


def test_an_issue_holds_the_best_new_stories_in_order(database: Database) -> None:
    for days, name in enumerate(WORDS, start=1):
        add(database, name, days)
    book = Notebook()
    issue = make(database, renderer=book, notes=["feed could not be read: timeout"])
    assert issue is not None
    assert titles(issue) == ["The bridge of the year", "The cheese of the year", "The violin of the year"]
    assert (issue.number, issue.state, issue.notes) == (1, IssueState.DRAFT, ("feed could not be read: timeout",))
    assert book.digests[0].lead.long_excerpt.startswith("Engineers in Marlow")
    assert book.links[0].online == "https://news.example.org/archive/tech/1?edition=uk"
    assert book.links[0].signup == "https://news.example.org/subscribe/tech?edition=uk"  # a friend's, too
    with database.read() as connection:
        assert issues.get(connection, issue.id) == issue


def test_nothing_new_is_no_issue(database: Database) -> None:
    assert make(database) is None
    add(database, "bridge", 20)
    assert make(database) is None
    assert ask(database, "_posts/bridge.md").reason is Reason.OLD


def test_an_unsent_draft_is_rebuilt_in_place_unless_it_was_edited(database: Database) -> None:
    add(database, "bridge")
    first = make(database)
    add(database, "cheese", 0.5)
    second = make(database)
    assert first is not None
    assert second is not None
    assert (second.id, second.number) == (first.id, first.number)
    assert len(second.stories) == 2
    assert second.hash != first.hash
    with database.write() as connection:
        connection.execute(update(issues_table).values(edited=True, subject="By hand"))
    add(database, "violin")
    third = make(database)
    assert third is not None
    assert (third.id, third.subject, len(third.stories)) == (first.id, "By hand", 2)
    assert ask(database, "https://example.org/violin").reason is Reason.EDITED


def test_a_story_goes_to_an_edition_once_whatever_becomes_of_its_post(database: Database) -> None:
    post = add(database, "bridge")
    first = make(database)
    assert first is not None
    send(database, first)
    assert make(database) is None
    stored.change(database, post, published=NOW, title="Listening to iron", fingerprint="new")
    assign(database, "tech", NOW)
    assert make(database) is None
    answer = ask(database, "http://www.example.org/bridge/?utm_source=x")
    assert (answer.reason, answer.issue) == (Reason.SENT, first.id)
    assert "in issue 1 of 15 May 2026" in answer.text
    world = make(database, Edition("tech", "world", "W", "w@example.org", "E", "https://e.example"))
    assert titles(world) == ["Listening to iron"]


def test_a_cancelled_draft_frees_its_stories_but_not_its_number(database: Database) -> None:
    add(database, "bridge")
    first = make(database)
    assert first is not None
    with database.write() as connection:
        issues.move(connection, first.id, [IssueState.DRAFT], IssueState.CANCELLED)
    second = make(database)
    assert second is not None
    assert (second.number, titles(second)) == (2, titles(first))


def test_stories_of_a_scheduled_issue_are_not_taken_again(database: Database) -> None:
    add(database, "bridge")
    first = make(database)
    assert first is not None
    with database.write() as connection:
        issues.move(connection, first.id, [IssueState.DRAFT], IssueState.SCHEDULED, scheduled_for=NOW)
        assert [issue.id for issue in issues.due(connection, NOW)] == [first.id]
        assert issues.due(connection, NOW - timedelta(seconds=1)) == []
    assert make(database) is None
    answer = ask(database, "_posts/bridge.md")
    assert (answer.reason, answer.issue) == (Reason.SCHEDULED, first.id)
    assert "issue 1, which is scheduled for Fri 15 May 2026 08:00 UTC" in answer.text
    add(database, "cheese")
    second = make(database)
    assert second is not None
    assert (second.number, titles(second)) == (2, ["The cheese of the year"])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": "draft"}, Reason.DRAFT),
        ({"state": "unpublished"}, Reason.UNPUBLISHED),
        ({"state": "future", "published": NOW + timedelta(hours=1)}, Reason.FUTURE),
        ({"gone": True}, Reason.GONE),
        ({"categories": ["Sports"]}, Reason.FILTERED),
        ({"categories": []}, Reason.FILTERED),
        ({"categories": ["technology", "Local"]}, Reason.FILTERED),
        ({"state": "future", "published": NOW - timedelta(hours=1)}, Reason.INCLUDED),
        ({}, Reason.INCLUDED),
    ],
)
def test_what_keeps_a_post_out(database: Database, values: dict[str, object], reason: Reason) -> None:
    edition = Edition("tech", "uk", "T", "t@e.org", "E", "https://e.example", categories=("Technology",))
    edition = Edition(**{**{f: getattr(edition, f) for f in edition.__slots__}, "without_categories": ("local",)})
    add(database, "bridge", **values)
    issue = make(database, edition)
    answer = ask(database, "_posts/bridge.md", edition)
    assert answer.reason is reason
    assert answer.included == (reason is Reason.INCLUDED) == (issue is not None)


def test_versions_stand_behind_the_richest(database: Database) -> None:
    long = " ".join(WORDS.values())
    add(database, "a", 1, title="Bridge hears itself age in Marlow", body=long, image="https://example.org/b.jpg")
    add(database, "b", 0.5, title="Update: Bridge hears itself age in Marlow", body=long)
    add(database, "c", 0.2, title="Bridge hears itself age in Marlow", body=WORDS["bridge"], source="feed")
    issue = make(database)
    assert issue is not None
    assert [(story.url, [also["url"][-1] for also in story.also]) for story in issue.stories] == [
        ("https://example.org/a", ["c", "b"])
    ]
    answer = ask(database, "https://example.org/c")
    assert (answer.reason, answer.included, answer.rank) == (Reason.VERSION, True, 1)
    assert answer.total == pytest.approx(sum(answer.signals.values()))
    assert answer.signals["sources"] == pytest.approx(1.0)


def test_another_spelling_of_one_address_is_no_other_version_to_read(database: Database) -> None:
    long, title = " ".join(WORDS.values()), "Bridge hears itself age in Marlow"
    add(database, "a", 1, title=title, body=long, image="https://example.org/b.jpg")
    add(database, "b", 0.5, title=title, body=long, source="feed", url="http://www.example.org/a/?utm_source=feed")
    issue = make(database)
    assert issue is not None
    assert [(story.url, story.also) for story in issue.stories] == [("https://example.org/a", ())]


def test_a_page_that_several_versions_lead_to_is_named_once(database: Database) -> None:
    long, title = " ".join(WORDS.values()), "Bridge hears itself age in Marlow"
    add(database, "a", 1, title=title, body=long, image="https://example.org/b.jpg")
    add(database, "b", 0.5, title=title, body=long)
    add(database, "c", 0.2, title=title, body=long, source="feed", url="http://www.example.org/b/?utm_source=feed")
    issue = make(database)
    assert issue is not None
    assert [[also["source"] for also in story.also] for story in issue.stories] == [["feed"]]  # the newest of the two


def test_versions_of_other_categories_stand_behind_unless_the_edition_leaves_them_out(database: Database) -> None:
    long = " ".join(WORDS.values())
    for name, days, category in (
        ("a", 1, "Technology"),
        ("b", 2, "Sports"),
        ("c", 1.5, "Local"),
        ("d", 15, "Technology"),
    ):
        add(database, name, days, title="Bridge hears itself age in Marlow", body=long, categories=[category])
    edition = replace(UK, categories=("technology",), without_categories=("local",))
    issue = make(database, edition)
    assert issue is not None
    assert [(story.url[-1], [also["url"][-1] for also in story.also]) for story in issue.stories] == [("a", ["b", "d"])]
    reasons = {name: ask(database, f"https://example.org/{name}", edition).reason for name in "abcd"}
    assert reasons == {"a": Reason.INCLUDED, "b": Reason.VERSION, "c": Reason.FILTERED, "d": Reason.VERSION}


def test_below_the_limit_says_by_how_much(database: Database) -> None:
    edition = Edition("tech", "uk", "T", "t@e.org", "E", "https://e.example", max_stories=1, weights=Weights(variety=0))
    add(database, "bridge", 1)
    add(database, "cheese", 7)
    answer = ask(database, "_posts/cheese.md", edition)
    assert (answer.reason, answer.rank) == (Reason.BELOW, 2)
    assert "1.50" in answer.text
    assert "2.79" in answer.text


def test_a_draft_that_has_the_story_is_told_beside_what_an_issue_built_now_would_do(database: Database) -> None:
    add(database, "bridge", 20)
    before = NOW - timedelta(days=18)
    draft = make(database, as_of=before)
    assert draft is not None
    now, then = ask(database, "_posts/bridge.md"), ask(database, "_posts/bridge.md", as_of=before)
    assert (now.reason, now.included, now.issue) == (Reason.IN_DRAFT, True, draft.id)
    assert f"stands in draft issue {draft.id} (built as of Mon 27 Apr 2026 08:00 UTC)" in now.text
    assert "Built as of Fri 15 May 2026 08:00 UTC, an issue would leave it out: it is dated Sat 25 Apr" in now.text
    assert (then.reason, then.issue, then.rank) == (Reason.INCLUDED, draft.id, 1)
    assert "draft issue" in then.text


def test_a_story_that_came_after_the_draft_is_said_to_need_another_build(database: Database) -> None:
    add(database, "bridge")
    draft = make(database)
    assert draft is not None
    add(database, "cheese")
    answer = ask(database, "_posts/cheese.md")
    assert (answer.reason, answer.issue) == (Reason.INCLUDED, None)
    assert f"not in draft issue {draft.id}" in answer.text
    assert "`newsletter build tech` makes it anew" in answer.text


def test_an_unknown_post_is_said_to_be_unknown(database: Database) -> None:
    assert ask(database, "https://example.org/nowhere").reason is Reason.UNKNOWN


def test_issues_move_only_from_where_they_are(database: Database) -> None:
    add(database, "bridge")
    issue = make(database)
    assert issue is not None
    with database.write() as connection:
        assert not issues.move(connection, issue.id, [IssueState.SENDING], IssueState.SENT)
        with pytest.raises(NotFound):
            issues.by_number(connection, "tech", "uk", 1)
        assert issues.move(connection, issue.id, [IssueState.DRAFT], IssueState.SENT)
        assert issues.by_number(connection, "tech", "uk", 1).id == issue.id
        with pytest.raises(WrongState):
            issues.save_draft(connection, issue)
        assert [found.id for found in issues.listing(connection, "tech", "uk", [IssueState.SENT])] == [issue.id]
        assert issues.listing(connection, "other") == []


def test_the_former_subject_is_that_of_the_issue_before_not_of_one_behind(database: Database) -> None:
    made = []
    for name in ("bridge", "cheese"):
        add(database, name)
        issue = make(database)
        assert issue is not None
        send(database, issue)
        made.append(issue)
    first, second = made
    with database.read() as connection:
        assert issues.former_subject(connection, first) == ""
        assert issues.former_subject(connection, second) == first.subject


def test_an_explainer_is_told_at_greater_length(database: Database) -> None:
    sentence = "It listens to the rivets and writes down what it hears. "
    add(database, "bridge", days=1, body=sentence * 40)
    add(database, "moth", days=2, tags=["Explainer"], body=WORDS["moth"] + " " + sentence * 40)
    add(database, "violin", days=3, categories=["Music", "explainer"], body=WORDS["violin"] + " " + sentence * 40)
    add(database, "parcel", days=4, body=WORDS["parcel"] + " " + sentence * 40)
    book = Notebook()
    make(database, replace(UK, max_stories=10, weights=Weights(variety=0)), renderer=book)
    lengths = {story.title: len(story.long_excerpt.split()) for story in book.digests[-1].stories}
    assert 80 < lengths["The bridge of the year"] <= 110
    assert 50 < lengths["The moth of the year"] <= 75
    assert 50 < lengths["The violin of the year"] <= 75
    assert lengths["The parcel of the year"] == 0


def test_a_title_that_ends_in_a_full_stop_gets_no_second_one_in_a_note(database: Database) -> None:
    add(database, "table", title="Numbers, and no words.", body="")
    made = make(database)
    assert made is not None
    (told,) = made.notes
    assert "below the title: Numbers, and no words. An `excerpt:`" in told
