"""What a database refuses is told with its remedy."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from newsletter.errors import Away, StoreError
from newsletter.store.database import Database
from newsletter.store.mishaps import explain


@pytest.mark.postgres
def test_a_user_that_postgresql_does_not_know_is_no_silence(postgres_server: Path) -> None:
    with pytest.raises(psycopg.OperationalError) as refusal:
        psycopg.connect(host=str(postgres_server), user="nobodyhere", dbname="postgres")
    assert explain(str(refusal.value)).startswith("the database server does not let us in;")


def test_a_server_that_is_not_there_does_not_answer() -> None:
    with pytest.raises(psycopg.OperationalError) as refusal:
        psycopg.connect(host="127.0.0.1", port=9)
    assert explain(str(refusal.value)).startswith("the database server does not answer;")


def test_a_locked_file_is_away_and_says_so_in_few_words_and_in_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.store.database.BUSY_TIMEOUT_MS", 20)
    database, other = (Database(f"sqlite:///{tmp_path}/subscribers.db") for _ in range(2))
    with database.write(), pytest.raises(Away) as refused, other.write():
        pass
    assert refused.value.said == "database is locked"
    assert "Try again in a moment." in str(refused.value)


def test_a_damaged_file_is_no_matter_of_waiting(tmp_path: Path) -> None:
    file = tmp_path / "subscribers.db"
    database = Database(f"sqlite:///{file}")
    database.close()
    pages = bytearray(file.read_bytes())
    pages[4096:] = b"\xff" * (len(pages) - 4096)
    file.write_bytes(pages)
    with pytest.raises(StoreError, match="damaged") as refused, database.read() as connection:
        connection.execute(text("SELECT * FROM subscribers"))
    assert not isinstance(refused.value, Away)


def test_a_row_that_does_not_fit_is_our_own_mistake(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/subscribers.db")
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(text("INSERT INTO settings (key) VALUES (NULL)"))
