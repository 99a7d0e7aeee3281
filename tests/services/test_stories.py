"""A post's story: found, kept, merged; against a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import insert, select

from newsletter.domain.post import Post
from newsletter.services.collect import collect
from newsletter.services.stories import assign
from newsletter.sources.base import Item, Reading, SourceState
from newsletter.store.database import Database
from newsletter.store.tables import former_versions, issues, posts, sent_stories, stories
from tests import stored

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FERRY = (
    "The ferry line between Tarran and the mainland has grounded its four self-steering boats after fog baffled "
    "their sensors on Tuesday. Nobody was hurt, said Mara Quill, who runs the line, but one boat circled a buoy for "
    "forty minutes with sixty passengers aboard. The boats will stay in harbour until the maker, Harrow Marine, has "
    "changed the way they read the radar. Crews go back to steering by hand from Thursday, at a cost of 90,000 pounds."
)
PHONE = (
    "A phone that lasts nine days on one charge goes on sale in June. Its maker, Lumen Ridge, gave up a colour screen "
    "for it and says most people will not miss one. The first 5,000 were sold before the price was known, and a "
    "second batch is planned for the autumn if the factory in Aldermoor can find enough glass of the right kind."
)
TITLE = "Ferry line grounds its self-steering boats after fog baffles sensors"


def add(database: Database, key: str, title: str, body: str, **values: object) -> int:
    row = {
        "newsletter": "tech",
        "source": "blog",
        "key": key,
        "fingerprint": f"{key} {title} {body}"[:64],
        "url": f"https://example.org/{key}",
        "title": title,
        "published": NOW,
        "categories": [],
        "tags": [],
        "excerpt": "",
        "image_alt": "",
        "slug": "",
        "state": "published",
        "markup": "markdown",
        "body": body,
        "featured": False,
        "weight": 0.0,
        "first_seen": NOW,
        "gone": False,
        **values,
    }
    return stored.add(database, row)


def story(database: Database, post: int) -> int | None:
    with database.read() as connection:
        return connection.scalar(select(posts.c.story).where(posts.c.id == post))


def send(
    database: Database, story: int | None, edition: str = "uk", state: str = "sent", built: datetime = NOW
) -> None:
    """An issue that holds the story; written to the ledger unless it is a draft."""
    held = [{"story": story, "title": "", "url": "", "also": []}]
    row = {"newsletter": "tech", "edition": edition, "number": story, "state": state, "subject": "", "preheader": ""}
    row |= {"html": "", "text": "", "hash": "", "stories": held, "notes": [], "built_at": built, "as_of": NOW}
    with database.write() as connection:
        issue = connection.execute(insert(issues).values(row)).inserted_primary_key[0]
        if state != "draft":
            row = {"newsletter": "tech", "edition": edition, "story": story, "issue": issue}
            connection.execute(insert(sent_stories).values(row))


def test_prefixed_versions_are_one_story(database: Database) -> None:
    prefixes = ("Breaking: ", "Update: ", "Latest: ", "New: ", "Big News: ", "")
    told = [add(database, f"v{n}", prefix + TITLE, FERRY) for n, prefix in enumerate(prefixes)]
    other = add(database, "phone", "The phone that lasts nine days", PHONE)
    assign(database, "tech", NOW)
    assert len({story(database, post) for post in told}) == 1
    assert story(database, other) not in (None, story(database, told[0]))


def test_a_version_that_comes_later_joins_the_story(database: Database) -> None:
    first = add(database, "a", TITLE, FERRY)
    assign(database, "tech", NOW)
    second = add(database, "b", f"Update: {TITLE}", FERRY.replace("Nobody", "No one"), source="feed")
    assign(database, "tech", NOW)
    assert story(database, second) == story(database, first)


def test_a_sent_post_that_is_renamed_retitled_and_redated_is_known_again(database: Database) -> None:
    old = add(database, "2026-04-01-ferry", TITLE, FERRY)
    assign(database, "tech", NOW)
    send(database, story(database, old))
    stored.change(database, old, gone=True)
    new = add(
        database,
        "2026-12-24-boats-in-the-mist",
        "Boats that steer themselves lose their way in the mist",
        FERRY.replace("Tuesday", "Monday").replace("has grounded", "grounded"),
        published=NOW + timedelta(days=240),
    )
    assign(database, "tech", NOW)
    assert story(database, new) == story(database, old)


def test_a_sent_story_keeps_its_post_however_it_is_edited(database: Database) -> None:
    first, second = add(database, "a", TITLE, FERRY), add(database, "b", f"New: {TITLE}", FERRY)
    assign(database, "tech", NOW)
    send(database, before := story(database, first))
    stored.change(database, first, title="The phone that lasts nine days", body=PHONE, fingerprint="edited")
    assign(database, "tech", NOW)
    assert story(database, first) == story(database, second) == before


def test_a_rewritten_post_leaves_an_unsent_story(database: Database) -> None:
    first, second = add(database, "a", TITLE, FERRY), add(database, "b", f"New: {TITLE}", FERRY)
    assign(database, "tech", NOW)
    stored.change(database, second, title="The phone that lasts nine days", body=PHONE, fingerprint="edited")
    assign(database, "tech", NOW)
    assert story(database, first) not in (None, story(database, second))


def test_a_bridging_post_merges_two_stories_and_their_ledgers(database: Database) -> None:
    half = len(FERRY) // 2
    first = add(database, "a", TITLE, FERRY[:half])
    second = add(database, "b", "Crews steer by hand again from Thursday", FERRY[half:], source="feed")
    assign(database, "tech", NOW)
    older, younger = story(database, first), story(database, second)
    assert older != younger
    send(database, younger)
    send(database, younger, edition="world", state="draft")
    bridge = add(database, "c", "Update: Crews steer by hand again from Thursday", FERRY, source="third")
    assign(database, "tech", NOW)
    assert story(database, first) == story(database, second) == story(database, bridge) == older
    with database.read() as connection:
        assert connection.execute(select(sent_stories.c.edition, sent_stories.c.story)).all() == [("uk", older)]
        draft = connection.execute(select(issues.c.stories).where(issues.c.state == "draft")).scalar_one()
        assert [item["story"] for item in draft] == [older]
        assert list(connection.execute(select(stories.c.id)).scalars()) == [older]


def test_assigning_again_changes_nothing(database: Database) -> None:
    told = [
        add(database, str(n), TITLE if n < 3 else f"Weekly roundup #{n}", FERRY if n < 3 else PHONE) for n in range(6)
    ]
    assign(database, "tech", NOW)
    before = [story(database, post) for post in told]
    assert len(set(before)) == 4
    assign(database, "tech", NOW)
    assert [story(database, post) for post in told] == before


def test_newsletters_do_not_share_stories(database: Database) -> None:
    mine, theirs = add(database, "a", TITLE, FERRY), add(database, "a", TITLE, FERRY, newsletter="other")
    assign(database, "tech", NOW)
    assert story(database, theirs) is None
    assign(database, "other", NOW)
    assert story(database, theirs) != story(database, mine)


KETTLE = "The kettle that learned to wait"
BREW = (
    "A kettle made in Aldermoor listens to its kitchen and boils when somebody is about to come in. Its maker, Iris "
    "Vale, taught it for a year in a house with four children, and says that it was wrong only on birthdays."
)
BREW_IN_OTHER_WORDS = (
    "Iris Vale of Aldermoor has built a kettle which hears when somebody is about to come in for tea. For a year it "
    "practised in a house with four children, and says that only birthdays surprised it."
)
LATER = NOW + timedelta(hours=3)


class Shelf:
    """A source whose posts are (key, title, body)."""

    name, type = "blog", "feed"

    def __init__(self, *told: tuple[str, str, str]) -> None:
        self.told = told

    def read(self, state: SourceState, now: datetime) -> Reading:
        return Reading(map(self._item, self.told), state, complete=True)

    def left_out(self, state: SourceState, post: str, now: datetime) -> None:
        return None

    def _item(self, told: tuple[str, str, str]) -> Item:
        key, title, body = told
        post = Post("blog", key, f"https://example.org/{key}", title, NOW, body=body)
        return Item(key, sha256(f"{title} {body}".encode()).hexdigest(), lambda: post)


def read(database: Database, *told: tuple[str, str, str], now: datetime = LATER) -> dict[str, int]:
    """Collects; the story of each post."""
    (report,) = collect(database, "tech", [Shelf(*told)], now)
    assert report.error is None
    with database.read() as connection:
        return {row.key: row.story for row in connection.execute(select(posts.c.key, posts.c.story))}


def test_a_sent_story_is_known_by_the_title_that_its_post_had(database: Database) -> None:
    send(database, read(database, ("a", KETTLE, BREW), now=NOW)["a"])
    read(database, ("a", "Patience, boiled", BREW))
    read(database, ("a", "What a birthday does to tea", BREW))
    told = read(
        database,
        ("a", "What a birthday does to tea", BREW),
        ("b", KETTLE, BREW_IN_OTHER_WORDS),
        ("c", "The phone that lasts nine days", PHONE),
    )
    assert told["b"] == told["a"] != told["c"]


def test_a_sent_story_is_known_by_the_text_that_its_post_had(database: Database) -> None:
    send(database, read(database, ("a", KETTLE, BREW), now=NOW)["a"])
    withdrawn = ("a", KETTLE, "We have withdrawn this report; a new one is being written by somebody else.")
    read(database, withdrawn)
    told = read(database, withdrawn, ("b", "A maker from Aldermoor and her patient machine", BREW))
    assert told["b"] == told["a"]


def test_what_a_podcast_says_below_each_of_its_episodes_makes_one_story_of_none(database: Database) -> None:
    """Of eight posts with one text it is clear by itself; a young one has two."""
    mould = "Listen on your phone, or wherever you hear us. Send a voice message; we may play it. Music by The Lights."
    told = read(
        database,
        ("a", "Episode 2: Why cranes wave", mould),
        ("b", "Episode 1: The ferry that would not sail", mould),
        ("c", "A glacier in a jar", mould),
    )
    assert len(set(told.values())) == 3


def test_a_title_that_was_given_up_before_the_issue_was_built_is_free_for_other_news(database: Database) -> None:
    first = read(database, ("a", KETTLE, BREW), now=NOW)["a"]
    send(database, first, state="draft")
    read(database, ("a", TITLE, FERRY))
    told = read(database, ("a", TITLE, FERRY), ("b", KETTLE, BREW_IN_OTHER_WORDS))
    assert told["b"] != told["a"], "nobody was sent it"
    send(database, told["a"], edition="world", built=LATER + timedelta(hours=1))
    told = read(database, ("a", TITLE, FERRY), ("c", KETTLE, BREW))
    assert told["c"] == told["b"] != told["a"] == first


def test_a_title_that_stood_in_a_draft_is_known_once_that_was_sent(database: Database) -> None:
    first = read(database, ("a", KETTLE, BREW), now=NOW)["a"]
    send(database, first, state="draft")
    read(database, ("a", "Patience, boiled", BREW))
    with database.write() as connection:
        issue = connection.scalar(select(issues.c.id))
        connection.execute(insert(sent_stories).values(newsletter="tech", edition="uk", story=first, issue=issue))
    told = read(database, ("a", "Patience, boiled", BREW), ("b", KETTLE, BREW_IN_OTHER_WORDS))
    assert told["b"] == first


def test_of_an_edited_post_only_what_was_in_an_issue_is_kept(database: Database) -> None:
    sent = ("a", KETTLE, BREW)
    send(database, read(database, sent, ("b", TITLE, FERRY), now=NOW)["a"])
    read(database, ("a", KETTLE, BREW.replace("four", "five")), ("b", "Boats in the mist", FERRY))
    with database.read() as connection:
        assert connection.execute(select(former_versions.c.title)).all() == []
    for _ in range(2):
        read(database, ("a", "Patience, boiled", BREW), ("b", TITLE, FERRY))
        read(database, sent, ("b", "Boats in the mist", FERRY))
    with database.read() as connection:
        assert sorted(connection.execute(select(former_versions.c.title)).scalars()) == [
            "Patience, boiled", KETTLE, KETTLE,
        ]  # fmt: skip
