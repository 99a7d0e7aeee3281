"""Every table. Times are UTC; TEXT enums hold the words of `newsletter.domain`; JSON holds lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)

metadata = MetaData()
Id = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps it without its zone, so it is put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


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

# The ledger. `email` is the address as it was mailed, blanked when the person is erased.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue", Id, nullable=False),
    Column("subscriber", Id, nullable=False),  # no foreign key: an erased person's row stays in the accounting
    Column("email", String(320), nullable=False),
    Column("domain", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("doubts", Integer, nullable=False, default=0),  # tries that went out and were never answered
    Column("due_at", Instant),
    Column("first_at", Instant),
    Column("worker", String(64)),  # who claimed it; its state says whether it is in flight
    Column("code", Integer, nullable=False, default=0),
    Column("status", String(16), nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
    Column("at", Instant),
    UniqueConstraint("issue", "subscriber"),
    ForeignKeyConstraint(["issue"], ["issues.id"]).ddl_if(dialect="sqlite"),
    Index("deliveries_by_state", "issue", "state", "due_at").ddl_if(dialect="sqlite"),
    Index("deliveries_tried", "at", sqlite_where=text("attempts > 0")).ddl_if(dialect="sqlite"),  # a day's, of all
)

# PostgreSQL looks a foreign key up once for each row: a third of what it costs to start an issue, for a million rows of
# one and the same issue. There `enqueue` takes the number from the issue's own row, and this keeps the row.
_KEEP_ISSUES = """
CREATE FUNCTION keep_delivered_issue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM deliveries WHERE issue = OLD.id) THEN
    RAISE foreign_key_violation USING MESSAGE = format('issue %s has deliveries', OLD.id);
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_delivered_issue BEFORE DELETE OR UPDATE OF id ON issues
  FOR EACH ROW EXECUTE FUNCTION keep_delivered_issue()
"""
# By mail domain, so that a look for work leaps over the domains that are held back; in the order of bytes, which is
# Python's too. Retries are found by the moment they fall due, and each worker's rows by its name.
_POSTGRESQL = (
    'CREATE INDEX deliveries_by_state ON deliveries (issue, state, domain COLLATE "C")',
    "CREATE INDEX deliveries_due ON deliveries (issue, due_at) WHERE state = 'deferred'",
    "CREATE INDEX deliveries_tried ON deliveries (at) WHERE attempts > 0",
    "CREATE INDEX deliveries_claimed ON deliveries (worker) WHERE worker IS NOT NULL",
    _KEEP_ISSUES,
)


def _suit_postgresql(_table: Table, connection: Connection, **_: Any) -> None:
    """What PostgreSQL has its own way, for many workers and millions of rows.

    An Index with `postgresql_where` would load that dialect, and its drivers, for those on SQLite too.
    """
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            connection.exec_driver_sql(statement.replace("%", "%%"))


event.listen(deliveries, "after_create", _suit_postgresql)

# What processes counted while they sent, added together: they come and go, the sums only grow (`domain.tally`).
tallies = Table(
    "tallies",
    metadata,
    Column("what", String(32), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("amount", Float, nullable=False),
)

# Processes that send, or would if there were something: whoever was seen a moment ago lives.
senders = Table(
    "senders",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),  # the command: serve, worker, send
    Column("seen_at", Instant, nullable=False),
)

# On PostgreSQL: who has claimed rows of an issue, and until when the others believe that they live. It is no column of
# those rows: renewing it there got in the way of the turns at the ledger, and they of it (a deadlock).
leases = Table(
    "leases",
    metadata,
    Column("worker", String(64), primary_key=True),
    Column("issue", Id, nullable=False),
    Column("until", Instant, nullable=False),
)

# On SQLite: how many deliveries of a warm-up plan's day a run has in hand, of which its rows say nothing yet.
day_shares = Table(
    "day_shares",
    metadata,
    Column("issue", Id, ForeignKey("issues.id"), primary_key=True),
    Column("day", String(10), nullable=False),  # its date
    Column("held", Integer, nullable=False),
)

# On PostgreSQL: what of an issue still has open deliveries, in the chunks that workers share. `job` delivers it.
chunks = Table(
    "chunks",
    metadata,
    Column("issue", Id, ForeignKey("issues.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("first", Id, nullable=False),  # the ids of its deliveries, from and to
    Column("last", Id, nullable=False),
    Column("job", Id),  # of Procrastinate; None while nobody is to deliver it (a paused issue)
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
