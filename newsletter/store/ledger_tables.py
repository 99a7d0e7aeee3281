"""The tables of the ledger: who gets an issue and what came of it, who sends, and what processes counted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from newsletter.store.columns import Id, Instant, metadata

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
ON_POSTGRESQL = (
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
        for statement in ON_POSTGRESQL:
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
