"""Where SQLite's file is, and what lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.domain.delivery import DeliveryPolicy
from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.embedded import left_behind
from newsletter.store.ledger import open_ledger
from tests.ledger import draft


def test_what_lies_beside_a_link_lies_beside_the_file_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "subscribers.db").symlink_to(tmp_path / "disk" / "real.db")
    database = Database(f"sqlite:///{tmp_path / 'subscribers.db'}")
    assert database.file == tmp_path / "disk" / "real.db"
    assert database.beside("-issue-3.journal") == tmp_path / "disk" / "real.db-issue-3.journal"
    database.close()


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:{folder}/own.db?uri=true"])
def test_without_a_file_that_we_know_nothing_is_looked_for_or_left_beside_one(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    database = Database(address.format(folder=tmp_path))
    assert (database.file, database.beside("-wal"), left_behind(database)) == (None, None, [])
    with pytest.raises(StoreError, match="an issue needs a file to be delivered from"):
        open_ledger(database, draft(database), DeliveryPolicy(), "w")
    assert not list(Path().iterdir())
    database.close()


@pytest.mark.postgres
def test_postgresql_has_no_file(furnished_url: str) -> None:
    database = Database(furnished_url)
    assert (database.file, database.beside("-wal")) == (None, None)
    database.close()
