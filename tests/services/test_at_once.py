"""Two who do something to one reader at the same moment: one after the other, on PostgreSQL too."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from newsletter.domain.issue import IssueState
from newsletter.domain.subscriber import SubscriptionState
from newsletter.errors import TokenError, WrongState
from newsletter.services import preferences, readers, steer
from newsletter.services.importing import ImportReport, Target, import_file
from newsletter.services.subscribe import SignUp, confirm, sign_up, unsubscribe
from newsletter.store import issues, notices, subscribers, tables
from newsletter.store.database import Database
from newsletter.store.serial import all_at_once, one_at_a_time
from newsletter.text.token import ADDRESS, CONFIRM, PREFERENCES, UNSUBSCRIBE, Signer
from tests.ledger import draft

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNER = Signer("a key of some length", lambda: NOW)
ANN = "ann@example.org"
WISH = SignUp("tech", "uk", ANN)
SECONDS = 0.2


def joined(database: Database, email: str = ANN) -> int:
    return readers.add_active(database, SIGNER, SignUp("tech", "uk", email), NOW).subscriber.id


def confirmation(database: Database) -> str:
    sign_up(database, SIGNER, WISH, NOW)
    with database.read() as connection:
        [payload] = connection.scalars(select(tables.notices.c.data).where(tables.notices.c.kind == CONFIRM))
    return SIGNER.sign_expiring(CONFIRM, payload["payload"])


def number(database: Database, kind: str) -> int:
    with database.read() as connection:
        asked = select(func.count()).where(tables.notices.c.kind == kind)
        return connection.scalar(asked) or 0


def moving(reader: int, old: str, new: str) -> str:
    return SIGNER.sign_expiring(ADDRESS, f"{reader}:0:{old}:{new}")


DEEDS: dict[str, Callable[[Database, int], object]] = {
    "sign_up": lambda database, _: sign_up(database, SIGNER, WISH, NOW),
    "add_active": lambda database, _: readers.add_active(database, SIGNER, WISH, NOW),
    "remove": lambda database, _: readers.remove(database, SIGNER, [ANN], None, "", NOW),
    "erase": lambda database, _: readers.erase(database, SIGNER, ANN, "", NOW),
    "let_back": lambda database, _: readers.let_back(database, SIGNER, ANN, "", NOW),
    "unsubscribe": lambda database, reader: unsubscribe(
        database, SIGNER, SIGNER.subscription(UNSUBSCRIBE, reader, "tech"), UNSUBSCRIBE, "", NOW
    ),
    "change": lambda database, reader: preferences.change(
        database, SIGNER, SIGNER.subscription(PREFERENCES, reader, "tech"), "Ann", {"tech": None}, {}, "", NOW
    ),
    "change_address": lambda database, reader: preferences.change_address(
        database, SIGNER, moving(reader, ANN, "new@example.org"), "", NOW
    ),
    "their address is taken": lambda database, reader: preferences.change_address(
        database, SIGNER, moving(joined(database, "bob@example.org"), "bob@example.org", ANN), "", NOW
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_who_comes_second_waits(database: Database, deed: str) -> None:
    reader = joined(database)
    with ThreadPoolExecutor(1) as other:
        with database.write() as connection:
            one_at_a_time(connection, SIGNER.person(ANN))
            done = other.submit(DEEDS[deed], database, reader)
            assert not wait([done], timeout=SECONDS).done
        error = done.exception(timeout=10)
        assert error is None or (deed == "their address is taken" and isinstance(error, TokenError))


def test_nobody_waits_for_another_reader(furnished_url: str) -> None:
    database = Database(furnished_url)
    reader = joined(database)
    with database.write() as connection:
        one_at_a_time(connection, SIGNER.person("bob@example.org"))
        with ThreadPoolExecutor(1) as other:
            assert other.submit(DEEDS["unsubscribe"], database, reader).result(timeout=10)
    database.close()


def test_two_clicks_on_one_button_bring_one_welcome(database: Database) -> None:
    token = confirmation(database)
    with ThreadPoolExecutor(6) as clicks:
        found = list(clicks.map(lambda _: confirm(database, SIGNER, token, "", NOW), range(12)))
    assert {one.state for one in found} == {SubscriptionState.ACTIVE}
    assert number(database, "welcome") == 1


def test_sign_ups_of_one_moment_bring_one_mail(database: Database) -> None:
    joined(database)
    with ThreadPoolExecutor(6) as clicks:
        list(clicks.map(lambda _: sign_up(database, SIGNER, WISH, NOW), range(12)))
    assert number(database, "already") == 1


def test_of_two_readers_who_want_one_address_the_second_is_told(database: Database) -> None:
    tokens = [moving(joined(database, f"{name}@example.org"), f"{name}@example.org", ANN) for name in ("bob", "cy")]

    def move(token: str) -> str:
        try:
            return preferences.change_address(database, SIGNER, token, "", NOW)
        except TokenError as error:
            return error.kind

    with ThreadPoolExecutor(2) as clicks:
        assert sorted(clicks.map(move, tokens)) == [ANN, "taken"]


def test_who_is_erased_while_they_sign_up_again_does_not_come_back(database: Database) -> None:
    joined(database)
    with ThreadPoolExecutor(4) as clicks:
        signing = [clicks.submit(sign_up, database, SIGNER, WISH, NOW) for _ in range(6)]
        readers.erase(database, SIGNER, ANN, "", NOW)
        wait(signing)
        assert [one.exception() for one in signing] == [None] * 6
    with database.read() as connection:
        assert subscribers.find(connection, ANN) is None
        assert notices.waiting(connection) == 0


def test_who_starts_an_issue_second_is_told_that_it_is_being_sent(database: Database) -> None:
    joined(database)
    issue = draft(database)
    with ThreadPoolExecutor(1) as other:
        with database.write() as connection:
            assert issues.move(connection, issue.id, [IssueState.DRAFT], IssueState.SENDING, started_at=NOW)
            second = other.submit(steer.start, database, issue.id, NOW)
            assert not wait([second], timeout=SECONDS).done
        with pytest.raises(WrongState, match=f"issue {issue.id} is being sent, not a draft"):
            second.result(timeout=10)


LIST = b"email\nann@example.org\nbob@example.org\n"
TARGET = Target("tech", "uk", ("uk", "world"), ("tech",), origin="list.csv")


def bring(database: Database) -> ImportReport:
    return import_file(database, SIGNER, io.BytesIO(LIST), TARGET, NOW)


@pytest.mark.parametrize("deed", ["sign_up", "remove", "erase", "unsubscribe", "change", "change_address"])
def test_while_a_list_comes_in_nobody_else_changes_a_reader(furnished_url: str, deed: str) -> None:
    """A sign-up in between once threw a whole batch away, and who left in between was active again."""
    database = Database(furnished_url)
    reader = joined(database)
    with ThreadPoolExecutor(1) as other:
        with database.write() as connection:
            all_at_once(connection)
            done = other.submit(DEEDS[deed], database, reader)
            assert not wait([done], timeout=SECONDS).done
        done.result(timeout=10)
        with database.write() as connection:
            one_at_a_time(connection, SIGNER.person("cy@example.org"))
            brought = other.submit(bring, database)
            assert not wait([brought], timeout=SECONDS).done
        brought.result(timeout=10)
    database.close()


def test_lists_and_readers_that_come_at_the_same_moment_lose_nobody(database: Database) -> None:
    people = [f"r{number}@example.org" for number in range(60)]
    text = "\n".join(["email", *people, ""]).encode()

    def one_by_one(at: int) -> None:
        for email in people[at::2]:
            sign_up(database, SIGNER, SignUp("tech", "world", email), NOW)
            readers.remove(database, SIGNER, [email, people[-1]], None, "", NOW)

    with ThreadPoolExecutor(4) as crowd:
        lists = [crowd.submit(import_file, database, SIGNER, io.BytesIO(text), TARGET, NOW) for _ in range(2)]
        others = [crowd.submit(one_by_one, at) for at in range(2)]
        reports = [one.result(timeout=60) for one in lists]
        for one in others:
            one.result(timeout=60)
    assert all(not report.refused for report in reports)
    with database.read() as connection:
        assert all(subscribers.find(connection, email) for email in people)
