"""Every table; those of the ledger stand in a file of their own.

Times are UTC; TEXT enums hold the words of `newsletter.domain`; JSON holds lists.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from newsletter.store.columns import Id as Id
from newsletter.store.columns import Instant as Instant
from newsletter.store.columns import metadata as metadata
from newsletter.store.ledger_tables import chunks as chunks
from newsletter.store.ledger_tables import day_shares as day_shares
from newsletter.store.ledger_tables import deliveries as deliveries
from newsletter.store.ledger_tables import leases as leases
from newsletter.store.ledger_tables import senders as senders
from newsletter.store.ledger_tables import tallies as tallies

# For whoever looks into the database; the program writes them and goes by none of them: source_states.read_at,
# stories.created_at, posts.first_seen, subscribers.created_at, runs.started_at, and due_at, issue and at of reminders.

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

source_states = Table(
    "source_states",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("state", JSON, nullable=False),
    Column("read_at", Instant, nullable=False),
    Column("error", Text, nullable=False, default=""),
)

stories = Table(
    "stories",
    metadata,
    Column("id", Id, primary_key=True),
    Column("newsletter", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("newsletter", String(64), nullable=False),
    Column("source", String(200), nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("path", Text),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Instant, nullable=False),
    Column("updated", Instant),
    Column("categories", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("author", Text),
    Column("excerpt", Text, nullable=False),
    Column("image", Text),
    Column("image_alt", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("markup", String(16), nullable=False),
    Column("featured", Boolean, nullable=False),
    Column("weight", Float, nullable=False),
    Column("story", Id, ForeignKey("stories.id")),
    Column("first_seen", Instant, nullable=False),
    Column("gone", Boolean, nullable=False, default=False),  # no longer in its source; kept for the ledger's sake
    UniqueConstraint("newsletter", "source", "key"),
    Index("posts_by_date", "newsletter", "published"),
    Index("posts_by_story", "story"),
)

# Apart from their posts: a post is changed (its story, whether it is gone) without writing its text again.
bodies = Table(
    "bodies",
    metadata,
    Column("post", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)

# What of a post is compared when stories are told apart, so that no body is read twice (services.stories).
sketches = Table(
    "sketches",
    metadata,
    Column("post", Id, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("fingerprint", String(64), nullable=False),  # of the post it was made from
    Column("page", Text, nullable=False),  # the canonical URL, "" for a front page
    Column("wordings", LargeBinary, nullable=False),  # hashes of the headline's wordings
    Column("body", LargeBinary, nullable=False),  # text.likeness.Sketch
    Column("words", Integer, nullable=False),  # how many words of the body were read
    Column("placed", Boolean, nullable=False),  # False until its post stands in its story
)

# What posts said before they were edited, of stories in an issue: told again under a former title, they are no news.
former_versions = Table(
    "former_versions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post", Id, ForeignKey("posts.id", ondelete="CASCADE"), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("story", Id, ForeignKey("stories.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("published", Instant, nullable=False),
    Column("page", Text, nullable=False),  # this and the next two as in sketches
    Column("wordings", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),  # the body that it had, or the excerpt in its stead
    Column("replaced_at", Instant, nullable=False),
    UniqueConstraint("post", "fingerprint"),
)

issues = Table(
    "issues",
    metadata,
    Column("id", Id, primary_key=True),
    Column("newsletter", String(64), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("stories", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("built_at", Instant, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("scheduled_for", Instant),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("reason", Text, nullable=False, default=""),
    Column("edited", Boolean, nullable=False, default=False),
    Column("note", Text, nullable=False, default=""),  # the editor's words in it
    Column("note_once", Boolean, nullable=False, default=False),
    Column("own_subject", Text, nullable=False, default=""),  # the editor's, "" for that of the template
    Column("unread", JSON, nullable=False, default=list),  # what could not be read as it was built
    UniqueConstraint("newsletter", "edition", "number"),
)

# Pictures that travel with mails; the HTML of an issue names them. A name is made from the content.
pictures = Table(
    "pictures",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# The ledger of sent stories, written in the transaction that starts an issue: what stands here goes there never again.
sent_stories = Table(
    "sent_stories",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("edition", String(64), primary_key=True),
    Column("story", Id, ForeignKey("stories.id"), primary_key=True),
    Column("issue", Id, ForeignKey("issues.id"), nullable=False),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("name", Text, nullable=False, default=""),
    Column("tags", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,  # an erased person's id, which stands in old links, is never given to another
)

# One line of consent for a whole imported list: a million readers share its words. Append-only, like consents.
lists = Table(
    "lists",
    metadata,
    Column("id", Id, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("newsletter", String(64), primary_key=True),
    Column("edition", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("list", Id, ForeignKey("lists.id")),  # the imported list that vouched for it; stands for a line of consents
    Index("subscriptions_by_edition", "newsletter", "edition", "state"),
    sqlite_with_rowid=False,
)

# Append-only. A person is the keyed hash of the address: it outlives an erasure without naming anyone.
consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person", LargeBinary(32), nullable=False, index=True),
    Column("newsletter", String(64), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("method", String(32), nullable=False),
    Column("origin", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("person", LargeBinary(32), primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("at", Instant, nullable=False),
)

# Mails to one person about their own subscription (confirm, welcome …): queued, so that no web answer waits for SMTP.
notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("person", LargeBinary(32), nullable=False, index=True),
    Column("email", String(320), nullable=False),
    Column("newsletter", String(64), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("data", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # the words of DeliveryState
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("text", Text, nullable=False, default=""),
    Index("notices_by_state", "state", "due_at"),
)

# What the web said of an address (`domain.answer`); `key` is the hash of `url`.
web_answers = Table(
    "web_answers",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("url", Text, nullable=False),
    Column("asked_at", Instant, nullable=False, index=True),
    Column("status", Integer, nullable=False),
    Column("moved_to", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("trouble", Text, nullable=False),
    Column("private", Boolean, nullable=False),
)

# What preflight found in an issue (`domain.finding`); `fingerprint` is that of all it hangs on.
judgements = Table(
    "judgements",
    metadata,
    Column("issue", Id, ForeignKey("issues.id"), primary_key=True, autoincrement=False),
    Column("fingerprint", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("findings", JSON, nullable=False),
)

# One row per reminder of an editor, like `runs` below.
reminders = Table(
    "reminders",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("edition", String(64), primary_key=True),
    Column("local_date", String(10), primary_key=True),
    Column("due_at", Instant, nullable=False),  # when the issue falls due
    Column("issue", Id),  # the draft it was about
    Column("at", Instant, nullable=False),
)

# Since when an edition has the schedule that it has: what would have fallen due before was not missed.
watched_schedules = Table(
    "watched_schedules",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("edition", String(64), primary_key=True),
    Column("schedule", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

# One row per schedule and local date: the unique key is what makes a run fall due once (DESIGN §4.7).
runs = Table(
    "runs",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("edition", String(64), primary_key=True),
    Column("local_date", String(10), primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # running, waiting, done, empty, skipped, failed
    Column("issue", Id),
    Column("text", Text, nullable=False, default=""),
    Column("worker", String(64)),  # who is at it, or was when it began to wait
    Column("lease_until", Instant),  # running: until when the others believe that it lives; waiting: its next try
)
