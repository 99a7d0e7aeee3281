"""A database copied to the other kind and back is the same, and goes on counting where it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, insert, select, update

from newsletter.errors import StoreError, WrongState
from newsletter.services.steer import pause, resume, start
from newsletter.store import queue_schema, subscribers, tables, tallies
from newsletter.store.copying import COPIED, copy, demand_rest
from newsletter.store.database import Database, close_for, identity, signing_key
from newsletter.store.erasure import erase
from newsletter.store.tables import Instant
from tests.ledger import NOW, draft, subscribe

ROWS = 3
LATER = NOW + timedelta(hours=1)


def value(column: Column[Any], number: int) -> object:
    """Another one for each row; a key of another table's row where it must be one."""
    if isinstance(column.type, Boolean):
        return bool(number % 2)
    if isinstance(column.type, Instant):
        return NOW + timedelta(minutes=number, microseconds=number)
    if isinstance(column.type, Integer):
        return number
    if isinstance(column.type, Float):
        return number + 0.5
    if isinstance(column.type, LargeBinary):
        return bytes([number, 0, 255])
    if isinstance(column.type, JSON):
        return [{"ünï": number}]
    return f"ü{number}\n'\"\\"


def fill(database: Database) -> None:
    with database.write() as connection:
        for table in COPIED:
            rows = [{column.name: value(column, number) for column in table.columns} for number in range(1, ROWS + 1)]
            connection.execute(insert(table), rows)


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """But for what PostgreSQL's queue keeps there for itself."""
    with database.read() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key))
                if row[0] not in queue_schema.KEYS
            ]
            for table in COPIED
        }


@pytest.mark.postgres
def test_there_and_back_all_is_the_same(sqlite_url: str, postgres_url: str, tmp_path: Path) -> None:
    here, there, back = Database(sqlite_url), Database(postgres_url), Database(f"sqlite:///{tmp_path}/back.db")
    fill(here)
    heard: list[tuple[int, int]] = []
    counts = copy(here, there, NOW, lambda done, total: heard.append((done, total)))
    copy(there, back, NOW, lambda done, total: None)
    assert counts == dict.fromkeys(counts, ROWS) | {"settings": ROWS + 1}  # its identity
    assert heard[-1] == (sum(counts.values()), sum(counts.values()))
    assert everything(here) == everything(there) == everything(back)
    assert identity(here) == identity(there)
    with there.write() as connection:
        issue = connection.execute(select(tables.issues)).mappings().first()
        assert issue is not None
        new = {**issue, "number": 99, "edition": "another"}
        del new["id"]
        assert connection.execute(insert(tables.issues).values(new).returning(tables.issues.c.id)).scalar() == ROWS + 1
    for database in (here, there, back):
        database.close()
    again = Database(postgres_url)  # as every command does from then on
    assert everything(again)["subscribers"]
    again.close()


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["there", "and back"])
def test_an_erased_readers_number_is_given_to_nobody(
    sqlite_url: str, postgres_url: str, tmp_path: Path, way: str
) -> None:
    """It stands in their old links, which go on working."""
    here, there, back = Database(sqlite_url), Database(postgres_url), Database(f"sqlite:///{tmp_path}/back.db")
    for number in (1, 2):
        with here.write() as connection:
            assert subscribers.create(connection, f"r{number}@example.org", "", NOW).id == number
    with here.write() as connection:
        erase(connection, 2, b"2", NOW)
    copy(here, there, NOW, lambda done, total: None)
    new = there
    if way == "and back":
        copy(there, back, NOW, lambda done, total: None)
        new = back
    with new.write() as connection:
        assert subscribers.create(connection, "new@example.org", "", NOW).id == 3
    for database in (here, there, back):
        database.close()


@pytest.mark.postgres
def test_a_paused_issue_goes_on_in_the_new_database_by_whoever_sends_there(sqlite_url: str, postgres_url: str) -> None:
    here, there = Database(sqlite_url), Database(postgres_url)
    subscribe(here, 2300)
    issue = draft(here)
    start(here, 1, NOW)
    pause(here, 1)
    copy(here, there, NOW, lambda done, total: None)
    resume(there, 1)
    with there.read() as connection:
        cut = connection.execute(select(tables.chunks).order_by(tables.chunks.c.first)).all()
        ids = connection.scalars(select(tables.deliveries.c.id).where(tables.deliveries.c.issue == issue.id)).all()
    assert all(chunk.job for chunk in cut)
    assert len(cut) >= 3
    assert [sum(chunk.first <= one <= chunk.last for chunk in cut) for one in ids] == [1] * 2300
    for database in (here, there):
        database.close()


def test_the_key_that_signs_links_comes_along(sqlite_url: str, tmp_path: Path) -> None:
    here, there = Database(sqlite_url), Database(f"sqlite:///{tmp_path}/new.db")
    key = signing_key(here)
    copy(here, there, NOW, lambda done, total: None)
    assert signing_key(there) == key
    for database in (here, there):
        database.close()


def test_a_database_that_holds_anything_is_left_as_it_is(sqlite_url: str, tmp_path: Path) -> None:
    here, there = Database(sqlite_url), Database(f"sqlite:///{tmp_path}/other.db")
    fill(here)
    subscribe(there, 1)
    before = everything(there)
    with pytest.raises(StoreError, match=r"other\.db is not empty: it has subscribers"):
        copy(here, there, NOW, lambda done, total: None)
    assert everything(there) == before
    for database in (here, there):
        database.close()


def test_nothing_is_copied_while_somebody_works_on_it(sqlite_url: str, tmp_path: Path) -> None:
    here, there = Database(sqlite_url), Database(f"sqlite:///{tmp_path}/new.db")
    with here.write() as connection:
        tallies.beat(connection, "somebody", "serve", NOW)
    with pytest.raises(WrongState, match="`newsletter serve` works on this database"):
        copy(here, there, NOW, lambda done, total: None)
    subscribe(here, 1)
    draft(here)
    start(here, 1, NOW)
    with pytest.raises(WrongState, match="issue 1 is being sent, or its sending was cut short"):
        copy(here, there, LATER, lambda done, total: None)
    for database in (here, there):
        database.close()


def test_who_lives_on_writes_nothing_to_a_database_that_was_closed(sqlite_url: str) -> None:
    """What `serve` took in after the copy was made would be in the old one only."""
    living, other = Database(sqlite_url), Database(sqlite_url)
    close_for(other, "sqlite:///new.db")
    with pytest.raises(StoreError, match=r"was copied to sqlite:///new\.db, and is closed"), living.write():
        raise AssertionError("written")
    close_for(other, "")
    subscribe(living, 1)
    for database in (living, other):
        database.close()


def test_what_a_dead_worker_holds_is_taken_over_first(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    subscribe(database, 1)
    draft(database)
    start(database, 1, NOW)
    pause(database, 1)
    with database.write() as connection:
        connection.execute(update(tables.deliveries).values(worker="gone"))
    with database.read() as connection, pytest.raises(WrongState, match="a worker that died holds deliveries"):
        demand_rest(database, connection, LATER)
    database.close()
