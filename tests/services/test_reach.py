"""Asking for many addresses: politely, once an hour, and not for ever."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from newsletter.domain.answer import Answer
from newsletter.services import reach as asking
from newsletter.services.reach import reach, remembered
from newsletter.store.database import Database

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


class Web:
    """Answers what `statuses` say, 200 without a word; remembers who was asked, and how many at once of one host."""

    def __init__(self, slow: float = 0.0, **statuses: int) -> None:
        self.slow, self.statuses = slow, statuses
        self.asked: list[str] = []
        self.at_once = self.hosts_at_once = 0
        self._busy: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def __call__(self, url: str, now: datetime) -> Answer:
        host = url.split("/")[2]
        with self._lock:
            self.asked.append(url)
            self._busy[host] += 1
            self.at_once = max(self.at_once, self._busy[host])
            self.hosts_at_once = max(self.hosts_at_once, sum(count > 0 for count in self._busy.values()))
        time.sleep(self.slow)
        with self._lock:
            self._busy[host] -= 1
        return Answer(url, now, self.statuses.get(host.split(".")[0], 200))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_PAUSE", 0.0)


def urls(*hosts: str, each: int = 3) -> list[str]:
    return [f"https://{host}.example/{n}" for n in range(each) for host in hosts]


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.long])], indirect=True
)
def test_ten_thousand_addresses_are_kept_whatever_one_statement_holds(database: Database) -> None:
    """SQLite as Python brings it along takes 32,766 values in a statement, PostgreSQL 65,535."""

    held: list[int] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _u, sql, *_: held.append(sql.count("?") + sql.count("%(")),
    )
    wanted = urls("deaf", each=10_000)
    reach(database, wanted, lambda url, now: Answer(url, now, trouble="nobody"), NOW)
    assert len(remembered(database, wanted, NOW)) == 10_000
    assert max(held) < 32_766


def test_each_address_is_asked_once_and_not_again_within_an_hour(database: Database) -> None:
    web = Web()
    wanted = [*urls("a", "b"), *urls("a")]
    assert set(reach(database, wanted, web, NOW)) == set(wanted)
    assert sorted(web.asked) == sorted(set(wanted))
    again = reach(database, [*wanted, "https://c.example/"], web, NOW + timedelta(minutes=59))
    assert web.asked[6:] == ["https://c.example/"]
    assert again["https://a.example/0"].asked_at == NOW
    reach(database, urls("a"), web, NOW + timedelta(hours=2))
    assert len(web.asked) == 10


def test_what_was_heard_is_known_for_a_day_and_then_forgotten(database: Database) -> None:
    reach(database, urls("a"), Web(a=404), NOW)
    assert remembered(database, urls("a"), NOW + timedelta(hours=23))["https://a.example/1"].is_gone
    assert remembered(database, urls("a"), NOW + timedelta(hours=25)) == {}
    reach(database, urls("b"), Web(), NOW + timedelta(days=8))
    assert remembered(database, urls("a"), NOW, timedelta(days=900)) == {}


def test_an_address_of_any_length_is_kept(database: Database) -> None:
    long = "https://a.example/" + "é" * 9000
    reach(database, [long], Web(), NOW)
    assert long in remembered(database, [long], NOW)


def test_a_host_is_asked_one_after_the_other_and_hosts_beside_each_other(sqlite_url: str) -> None:
    web = Web(slow=0.02)
    reach(Database(sqlite_url), urls(*"abcd", each=4), web, NOW)
    assert web.at_once == 1
    assert web.hosts_at_once > 1


@pytest.mark.parametrize("status", [429, 0])
def test_who_is_busy_or_deaf_is_left_alone(sqlite_url: str, status: int) -> None:
    web = Web(a=status)
    answers = reach(Database(sqlite_url), urls("a", "b", each=6), web, NOW)
    assert len([url for url in web.asked if "//a." in url]) == (1 if status == 429 else 2)
    assert len([url for url in answers if "//b." in url]) == 6
    assert len([url for url in answers if "//a." in url]) == (1 if status == 429 else 6)


def test_when_the_time_is_over_the_rest_has_no_answer(sqlite_url: str) -> None:
    answers = reach(Database(sqlite_url), urls("a", each=50), Web(slow=0.02), NOW, patience=0.1)
    assert 0 < len(answers) < 50
