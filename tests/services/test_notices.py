"""Notices over real SMTP: sent, put off, given up; one trouble never holds up another reader's mail."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Coroutine, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.app import App
from newsletter.demo.inbox import Inbox, open_inbox
from newsletter.domain.delivery import DeliveryState, Envelope, Outcome, OutcomeKind
from newsletter.domain.notice import NoticeKind
from newsletter.errors import StoreError, TemplateError
from newsletter.services import readers
from newsletter.services.notices import GIVE_UP_AFTER, Letter, NoticeReport, send_due, values_for
from newsletter.services.subscribe import SignUp, sign_up
from newsletter.store import tables
from newsletter.store.notices import Notice
from newsletter.transports.gate import Gate
from tests.heartbeat import longest_stop
from tests.web.site import links, make_app, send_notices

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Post:
    """A transport that answers as told, one outcome after another, the last one for ever."""

    type, connections = "post", 1

    def __init__(self, *kinds: OutcomeKind) -> None:
        self.kinds, self.messages, self.gate = list(kinds), list[bytes](), Gate()
        self.recipients: list[str] = []

    def connection(self) -> Post:
        return self

    async def send(self, envelope: Envelope, message: list[bytes]) -> Outcome:
        self.messages.append(b"".join(message))
        self.recipients.append(envelope.recipient)
        kind = self.kinds.pop(0) if len(self.kinds) > 1 else self.kinds[0]
        return Outcome(kind, 250, "", "said the server")

    async def close(self) -> None:
        pass


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with open_inbox(tmp_path / "inbox") as opened:
        yield opened


@pytest.fixture
def app(tmp_path: Path, inbox: Inbox) -> Iterator[App]:
    made = make_app(tmp_path, smtp=inbox.port)
    yield made
    made.database.close()


def ask(app: App, *emails: str, now: datetime = NOW) -> None:
    for email in emails:
        sign_up(app.database, app.signer, SignUp("tech", "uk", email), now)


def send(app: App, post: Post, now: datetime = NOW) -> NoticeReport:
    return asyncio.run(send_due(app.database, post, app.renderer.notice, app.signer, app.edition, lambda: now))


def queue(app: App) -> list[tuple[str, str, int]]:
    with app.database.read() as connection:
        rows = connection.execute(select(tables.notices).order_by(tables.notices.c.id))
        return [(row.email, row.state, row.attempts) for row in rows]


def test_a_confirmation_arrives_with_its_link(app: App, inbox: Inbox) -> None:
    ask(app, "ann@example.org", "bob@xn--mnchen-3ya.de")
    assert send_notices(app) == NoticeReport(sent=2)
    assert send_notices(app) == NoticeReport()
    [ann, bob] = inbox.mails
    assert (ann.sender, ann.recipient, bob.recipient) == (
        "hello@example.org",
        "ann@example.org",
        "bob@xn--mnchen-3ya.de",
    )
    message = ann.read()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert message["To"] == "ann@example.org"
    assert any("/confirm/" in link for link in links(inbox, 0))
    assert queue(app) == [("", "sent", 1), ("", "sent", 1)]


def test_who_signs_up_again_finds_their_edition_chosen(app: App) -> None:
    notice = Notice(1, NoticeKind.MOVED, "ann@example.org", "tech", "world", {"subscriber": "1"}, 0, NOW)
    given = values_for(notice, app.edition("tech", "world"), app.signer)
    assert given["signup_url"] == "http://127.0.0.1:8000/subscribe/tech?edition=world"


def test_what_is_refused_for_now_waits_longer_each_time_and_ends_after_a_day(app: App) -> None:
    ask(app, "ann@example.org")
    post, now, tries = Post(OutcomeKind.DEFERRED), NOW, []
    while queue(app)[0][1] != DeliveryState.FAILED:
        tries.append(now)
        assert len(tries) < 60, "it is never given up"
        send(app, post, now)
        assert send(app, post, now) == NoticeReport()
        with app.database.read() as connection:
            now = connection.scalar(select(tables.notices.c.due_at)) or now
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    assert pauses[-1] == timedelta(hours=1)
    assert GIVE_UP_AFTER <= tries[-1] - NOW <= GIVE_UP_AFTER + timedelta(hours=1)
    assert len({message.partition(b"Message-ID:")[2].partition(b"\r\n")[0] for message in post.messages}) == 1


def test_one_that_is_refused_for_good_harms_no_other(app: App) -> None:
    ask(app, "gone@example.org", "ann@example.org", "late@example.org")
    kinds = (OutcomeKind.REJECTED, OutcomeKind.ACCEPTED, OutcomeKind.UNCERTAIN)
    assert send(app, Post(*kinds)) == NoticeReport(sent=1, deferred=1, failed=1)
    assert queue(app) == [("", "failed", 1), ("", "sent", 1), ("late@example.org", "deferred", 1)]
    assert send(app, Post(OutcomeKind.ACCEPTED), NOW + timedelta(hours=1)) == NoticeReport(sent=1)


def test_a_broken_template_puts_the_mail_off(app: App) -> None:
    ask(app, "ann@example.org")

    def broken(kind: str, values: object) -> None:
        raise TemplateError("email/notices/confirm.mjml", "a tag is open", line=3)

    post = Post(OutcomeKind.ACCEPTED)
    done = asyncio.run(send_due(app.database, post, broken, app.signer, app.edition, lambda: NOW))
    assert done == NoticeReport(deferred=1, troubles=("confirm: email/notices/confirm.mjml:3: a tag is open",))
    assert send(app, post, NOW + timedelta(hours=1)) == NoticeReport(sent=1)


@pytest.mark.parametrize("error", [StoreError("a picture is gone"), RuntimeError("nobody foresaw this")])
def test_one_that_cannot_be_made_waits_alone(app: App, error: Exception) -> None:
    ask(app, "anna@example.org", "ben@example.org", "carl@example.org")
    with app.database.write() as connection:
        connection.execute(update(tables.notices).where(tables.notices.c.id == 1).values(kind="odd"))

    def odd(notice: Notice, now: datetime) -> Letter:
        raise error

    def send_at(now: datetime) -> NoticeReport:
        out = (Post(OutcomeKind.ACCEPTED), app.renderer.notice, app.signer, app.edition)
        return asyncio.run(send_due(app.database, *out, lambda: now, composers={"odd": odd}))

    first = send_at(NOW)
    assert (first.sent, first.deferred, len(first.troubles)) == (2, 1, 1)  # which the log tells the operator
    assert send_at(NOW + GIVE_UP_AFTER).failed == 1
    with app.database.read() as connection:
        said = connection.execute(select(tables.notices.c.text).where(tables.notices.c.id == 1)).scalar_one()
    assert str(error) in said


def test_a_newsletter_that_is_gone_from_the_configuration_ends_its_notices(app: App) -> None:
    ask(app, "ann@example.org")
    sign_up(app.database, app.signer, replace(SignUp("gone", "main", "bob@example.org")), NOW)
    assert send(app, Post(OutcomeKind.ACCEPTED)) == NoticeReport(sent=1, failed=1)


def test_one_persons_mail_is_sent_alone_and_never_by_two(app: App) -> None:
    ask(app, "ann@example.org", "bob@example.org")
    ann = app.signer.person("ann@example.org")
    others = list[NoticeReport]()

    class Slow(Post):
        async def send(self, envelope: Envelope, message: list[bytes]) -> Outcome:
            door = Post(OutcomeKind.ACCEPTED)
            others.append(await to(door))
            return await super().send(envelope, message)

    def to(door: Post) -> Coroutine[None, None, NoticeReport]:
        return send_due(app.database, door, app.renderer.notice, app.signer, app.edition, lambda: NOW, ann)

    assert asyncio.run(to(Slow(OutcomeKind.ACCEPTED))) == NoticeReport(sent=1)
    assert others == [NoticeReport()]
    assert [state for _, state, _ in queue(app)] == ["sent", "queued"]


def test_what_a_dead_process_had_in_hand_is_sent_later(app: App) -> None:
    ask(app, "ann@example.org")

    class Dying(Post):
        async def send(self, envelope: Envelope, message: list[bytes]) -> Outcome:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(app, Dying(OutcomeKind.ACCEPTED))
    assert send(app, Post(OutcomeKind.ACCEPTED), NOW + timedelta(minutes=5)) == NoticeReport()
    assert send(app, Post(OutcomeKind.ACCEPTED), NOW + timedelta(minutes=15)) == NoticeReport(sent=1)


def test_who_is_erased_while_others_are_mailed_gets_nothing(app: App) -> None:
    ask(app, "ann@example.org", "bob@example.org", "cy@example.org")

    class Erasing(Post):
        async def send(self, envelope: Envelope, message: list[bytes]) -> Outcome:
            if not self.messages:
                readers.erase(app.database, app.signer, "bob@example.org", "test", NOW)
            return await super().send(envelope, message)

    door = Erasing(OutcomeKind.ACCEPTED)
    assert send(app, door) == NoticeReport(sent=2)
    assert door.recipients == ["ann@example.org", "cy@example.org"]


def test_a_locked_database_holds_up_nothing_else(app: App) -> None:
    """The same event loop carries the messages of an issue."""
    ask(app, "ann@example.org")
    post = Post(OutcomeKind.ACCEPTED)

    async def main() -> float:
        with closing(sqlite3.connect(str(app.database.engine.url.database), check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            freed = asyncio.create_task(asyncio.to_thread(lambda: (time.sleep(0.6), other.rollback())))
            due = send_due(app.database, post, app.renderer.notice, app.signer, app.edition, lambda: NOW)
            stopped = await longest_stop(due)
            await freed
        return stopped

    assert asyncio.run(main()) < 0.4
    assert post.recipients == ["ann@example.org"]
