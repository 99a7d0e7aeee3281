"""Signing up, confirming, leaving: what readers and strangers can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.domain.notice import NoticeKind
from newsletter.domain.subscriber import Consent, ConsentAction, ConsentMethod, Subscription, SubscriptionState
from newsletter.errors import AddressError, TokenError
from newsletter.services.subscribe import (
    SignUp,
    change_edition,
    confirm,
    confirmation,
    sign_up,
    subscription,
    unsubscribe,
)
from newsletter.store import consents, notices, subscribers, tables
from newsletter.store.database import Database
from newsletter.text.token import CONFIRM, UNSUBSCRIBE, Signer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WISH = SignUp("tech", "uk", "Ann@Example.org", "Ann", ConsentMethod.FORM, "192.0.2.1", "Send me Tech every Friday.")
ACTIVE, PENDING, UNSUBSCRIBED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.UNSUBSCRIBED


@pytest.fixture
def signer() -> Signer:
    return Signer("a key of some length", lambda: NOW)


def state(database: Database, email: str = "ann@example.org", newsletter: str = "tech") -> Subscription | None:
    with database.read() as connection:
        reader = subscribers.find(connection, email)
        return subscribers.subscription(connection, reader.id, newsletter) if reader else None


def mails(database: Database, kind: str = CONFIRM) -> list[dict[str, str]]:
    with database.read() as connection:
        return [row.data for row in connection.execute(select(tables.notices).where(tables.notices.c.kind == kind))]


def link(database: Database, signer: Signer, which: int = -1) -> str:
    return signer.sign_expiring(CONFIRM, mails(database)[which]["payload"])


def leaving(database: Database, signer: Signer) -> str:
    found = state(database)
    assert found
    return signer.subscription(UNSUBSCRIBE, found.subscriber.id, "tech")


def test_from_sign_up_to_unsubscribe(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    waiting = state(database)
    assert waiting
    assert (waiting.state, waiting.edition, waiting.subscriber.name) == (PENDING, "uk", "Ann")

    token = link(database, signer)
    assert not confirmation(database, signer, token).is_done
    assert confirm(database, signer, token, "192.0.2.1", NOW + DAY).state is ACTIVE
    assert confirmation(database, signer, token).is_done
    assert len(mails(database, "welcome")) == 1

    bye = leaving(database, signer)
    seen = subscription(database, signer, bye, UNSUBSCRIBE)
    assert seen
    assert seen.state is ACTIVE
    for later in (2, 3):
        left = unsubscribe(database, signer, bye, UNSUBSCRIBE, "192.0.2.1", NOW + later * DAY)
        assert left
        assert (left.state, left.since) == (UNSUBSCRIBED, NOW + 2 * DAY)

    with database.read() as connection:
        record = consents.of(connection, signer.person("ann@example.org"))
    assert [(one.action, one.at) for one in record] == [
        ("asked", NOW),
        ("confirmed", NOW + DAY),
        ("unsubscribed", NOW + 2 * DAY),
    ]
    assert record[0].words == "Send me Tech every Friday."
    assert record[0].origin == "192.0.2.1"


def test_confirming_twice_welcomes_once(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    token = link(database, signer)
    first = confirm(database, signer, token, "", NOW)
    assert confirm(database, signer, token, "", NOW + DAY) == first
    assert len(mails(database, "welcome")) == 1


def test_a_link_confirms_the_edition_that_its_mail_named(database: Database, signer: Signer) -> None:
    sign_up(database, signer, replace(WISH, edition="world"), NOW)
    sign_up(database, signer, replace(WISH, email="ANN@example.org", edition="uk"), NOW)  # a stranger may do so
    first, second = mails(database)  # or it was a slip, and the page says that a mail about the other one is there
    waiting = state(database)
    assert waiting
    assert waiting.edition == "uk"
    assert confirmation(database, signer, signer.sign_expiring(CONFIRM, second["payload"])).subscription.edition == "uk"
    for edition in ("world", "uk"):
        sign_up(database, signer, replace(WISH, edition=edition), NOW)
    assert len(mails(database)) == 2

    sign_up(database, signer, WISH, NOW + 2 * DAY)
    assert (len(mails(database)), state(database)) == (3, waiting)
    token = signer.sign_expiring(CONFIRM, first["payload"])
    assert confirmation(database, signer, token).subscription.edition == "world"
    assert confirm(database, signer, token, "", NOW + 2 * DAY).edition == "world"
    assert confirm(database, signer, link(database, signer), "", NOW + 2 * DAY).edition == "world"
    with database.read() as connection:
        record = consents.of(connection, signer.person("ann@example.org"))
    assert [one.edition for one in record if one.action == "confirmed"] == ["world"]


def test_a_link_of_the_old_kind_is_refused_politely(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    old = signer.sign_expiring(CONFIRM, mails(database)[0]["payload"].rpartition(":")[0])
    with pytest.raises(TokenError, match="sign up again"):
        confirm(database, signer, old, "", NOW)


def test_six_sign_ups_bring_one_mail_and_a_new_day_another(database: Database, signer: Signer) -> None:
    for minute in range(6):
        sign_up(database, signer, WISH, NOW + timedelta(minutes=minute))
    assert len(mails(database)) == 1
    sign_up(database, signer, WISH, NOW + DAY + timedelta(seconds=1))
    assert len(mails(database)) == 2


def test_many_newsletters_cannot_bomb_one_address(database: Database, signer: Signer) -> None:
    for number in range(9):
        sign_up(database, signer, replace(WISH, newsletter=f"letter-{number}"), NOW)
    assert len(mails(database)) == 3


def test_an_active_reader_is_told_so_and_keeps_name_and_edition(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    before = confirm(database, signer, link(database, signer), "", NOW)
    for _ in range(2):
        sign_up(database, signer, replace(WISH, name="Mallory"), NOW + 2 * DAY)
    assert state(database) == before
    assert len(mails(database)) == 1
    assert len(mails(database, "already")) == 1


def test_a_stranger_renames_no_reader_by_a_second_newsletter(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    confirm(database, signer, link(database, signer), "", NOW)
    for _ in range(2):  # the second time there is a sign-up that waits
        sign_up(database, signer, replace(WISH, newsletter="other", name="Mallory"), NOW)
    both = [state(database), state(database, newsletter="other")]
    assert [one and (one.state, one.subscriber.name) for one in both] == [(ACTIVE, "Ann"), (PENDING, "Ann")]


def test_who_gets_one_edition_and_asks_for_another_is_asked_whether_to_change(
    database: Database, signer: Signer
) -> None:
    sign_up(database, signer, WISH, NOW)
    first = link(database, signer)
    before = confirm(database, signer, first, "", NOW + DAY)
    for _ in range(2):
        sign_up(database, signer, replace(WISH, edition="world"), NOW + 2 * DAY)
    assert state(database) == before  # a stranger may have typed it
    [mail] = mails(database, NoticeKind.SWITCH)
    token = signer.sign_expiring(CONFIRM, mail["payload"])
    asked = confirmation(database, signer, token)
    assert (asked.subscription.edition, asked.is_done) == ("world", False)
    assert confirm(database, signer, token, "192.0.2.1", NOW + 2 * DAY, "Yes") == replace(before, edition="world")
    assert confirmation(database, signer, token).is_done
    assert confirm(database, signer, first, "", NOW + 2 * DAY).edition == "world"  # it was used
    assert len(mails(database, "welcome")) == 1
    with database.write() as connection:
        record = consents.of(connection, signer.person("ann@example.org"))
        assert [(one.action, one.edition) for one in record][-2:] == [("asked", "world"), ("moved", "world")]
        back = Consent(NOW + 3 * DAY, ConsentAction.MOVED, "tech", "uk", ConsentMethod.PREFERENCES)
        change_edition(connection, signer, replace(before, edition="world"), back)
    assert confirm(database, signer, token, "", NOW + 3 * DAY).edition == "uk"  # nor does this one work twice


def test_a_link_to_change_does_nothing_for_who_left_meanwhile(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    confirm(database, signer, link(database, signer), "", NOW + DAY)
    sign_up(database, signer, replace(WISH, edition="world"), NOW + 2 * DAY)
    token = signer.sign_expiring(CONFIRM, mails(database, NoticeKind.SWITCH)[0]["payload"])
    unsubscribe(database, signer, leaving(database, signer), UNSUBSCRIBE, "", NOW + 3 * DAY)
    with pytest.raises(TokenError, match="used already"):
        confirm(database, signer, token, "", NOW + 3 * DAY)


def test_one_who_left_stays_so_until_they_confirm_themselves(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    old = link(database, signer)
    confirm(database, signer, old, "", NOW)
    unsubscribe(database, signer, leaving(database, signer), UNSUBSCRIBE, "", NOW + DAY)

    with pytest.raises(TokenError, match="used already"):
        confirm(database, signer, old, "", NOW + DAY)
    sign_up(database, signer, replace(WISH, edition="world", name="Mallory"), NOW + 2 * DAY)
    still = state(database)
    assert still
    assert (still.state, still.subscriber.name) == (UNSUBSCRIBED, "Ann")
    back = confirm(database, signer, link(database, signer), "", NOW + 2 * DAY)
    assert (back.state, back.edition) == (ACTIVE, "world")


def test_the_suppressed_get_nothing_and_cannot_be_told_from_others(database: Database, signer: Signer) -> None:
    with database.write() as connection:
        subscribers.suppress(connection, signer.person("ann@example.org"), "complaint", NOW)
    assert sign_up(database, signer, WISH, NOW) is None
    assert state(database) is None
    assert not mails(database)


def test_suppressed_between_the_mail_and_the_click(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    with database.write() as connection:
        subscribers.suppress(connection, signer.person("ann@example.org"), "complaint", NOW)
    with pytest.raises(TokenError, match="never mailed"):
        confirm(database, signer, link(database, signer), "", NOW)


def test_a_link_is_good_for_a_week(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    old = Signer("a key of some length", lambda: NOW - timedelta(days=8))
    with pytest.raises(TokenError, match="too old"):
        confirm(database, signer, old.sign_expiring(CONFIRM, mails(database)[0]["payload"]), "", NOW)


def test_a_refused_address_leaves_no_trace(database: Database, signer: Signer) -> None:
    with pytest.raises(AddressError):
        sign_up(database, signer, replace(WISH, email="nobody"), NOW)
    with database.read() as connection:
        assert connection.execute(select(tables.consents)).first() is None


def test_the_link_of_an_erased_or_imagined_reader_ends_nothing(database: Database, signer: Signer) -> None:
    for nobody in (0, 4711):
        token = signer.subscription(UNSUBSCRIBE, nobody, "tech")
        assert unsubscribe(database, signer, token, UNSUBSCRIBE, "", NOW) is None


def test_a_sent_notice_keeps_no_address(database: Database, signer: Signer) -> None:
    sign_up(database, signer, WISH, NOW)
    with database.write() as connection:
        notice = notices.claim(connection, NOW, timedelta(minutes=5))
        assert notice
        assert notices.claim(connection, NOW, timedelta(minutes=5)) is None
        again = notices.claim(connection, NOW + DAY, timedelta(minutes=5))
        assert again
        assert again.id == notice.id
    assert notice.email == "ann@example.org"
