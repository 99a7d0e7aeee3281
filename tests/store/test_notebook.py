"""What a run on PostgreSQL noted and did not record: whoever comes next on this machine reads it, once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.delivery import DeliveryPolicy, DeliveryState, Outcome, OutcomeKind, Settled, settle
from newsletter.errors import Away
from newsletter.services import steer
from newsletter.store import accounts, holders
from newsletter.store.database import Database
from newsletter.store.journal import Journal
from newsletter.store.ledger import read_the_notebooks
from newsletter.store.notebook import Notebook, Shelf, left_behind, shelf
from newsletter.store.shared import SharedLedger
from tests.ledger import NOW, draft, subscribe

moments = st.datetimes(min_value=NOW.replace(tzinfo=None)).map(lambda at: at.replace(tzinfo=NOW.tzinfo))
words = st.text().filter(lambda said: "@" not in said)
lines = st.builds(
    Settled, id=st.integers(1, 5), was=st.sampled_from(DeliveryState), state=st.sampled_from(DeliveryState),
    attempts=st.integers(0, 9), doubts=st.integers(0, 9), due_at=st.none() | moments, first_at=st.none() | moments,
    at=moments, code=st.integers(0, 599), status=words, text=words,
)  # fmt: skip


def line(number: int = 1, text: str = "taken") -> Settled:
    return Settled(number, DeliveryState.QUEUED, DeliveryState.SENT, 1, 0, None, NOW, NOW, 250, "2.0.0", text)


def of(folder: Path) -> Shelf:
    return Shelf(folder, "postgresql-1234-", "1: deliveries of one")


def die(notebook: Notebook) -> None:
    """As kill -9 does it: the file stays, and its lock goes."""
    journal = notebook._journal
    assert journal is not None
    journal.close()


def noted(shelf: Shelf) -> dict[str, list[Settled]]:
    with left_behind(shelf) as found:
        return {one.worker: one.lines for one in found}


@pytest.fixture
def server(furnished_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = Database(furnished_url, tmp_path)
    yield opened
    opened.close()


@given(heard=st.lists(lines, min_size=1), recorded=st.integers(0, 9))
def test_what_the_dead_noted_last_of_each_is_read_word_for_word(
    heard: list[Settled], recorded: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What was recorded may stand there too."""
    there = of(tmp_path_factory.mktemp("machine"))
    notebook = Notebook(there, "a-host-17-beef")
    for one in heard:
        notebook.note(one)
    notebook.recorded(heard[:recorded])
    die(notebook)
    last = {one.id: one for one in heard}
    assert noted(there) == {"a-host-17-beef": list(last.values())}
    assert noted(there) == {}
    assert list(there.folder.iterdir()) == []


def test_a_long_one_begins_anew_with_what_is_not_recorded(tmp_path: Path) -> None:
    notebook = Notebook(of(tmp_path), "w")
    for number in range(2000):
        notebook.note(line(number, "nobody at home, and nobody to come " * 3))
        if number:
            notebook.recorded([line(number)])
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size < 100_000
    die(notebook)
    assert line(0) in [one._replace(text="taken") for one in noted(of(tmp_path))["w"]]


def test_the_livings_and_other_databases_are_left_alone(tmp_path: Path) -> None:
    living, other = Notebook(of(tmp_path), "w"), Notebook(of(tmp_path)._replace(start="postgresql-99-"), "w")
    living.note(line())
    other.note(line())
    die(other)
    (tmp_path / "subscribers.db-issue-1.journal").write_text("not ours\n")
    assert noted(of(tmp_path)) == {}
    assert len(list(tmp_path.iterdir())) == 3
    die(living)
    assert noted(of(tmp_path)) == {"w": [line()]}


def test_what_could_not_be_recorded_waits_for_the_next(tmp_path: Path) -> None:
    notebook = Notebook(of(tmp_path), "w")
    notebook.note(line())
    die(notebook)
    with pytest.raises(Away), left_behind(of(tmp_path)):
        raise Away("the database is locked")
    assert noted(of(tmp_path)) == {"w": [line()]}


def test_who_ends_well_leaves_nothing_and_who_does_not_leaves_the_rest(tmp_path: Path) -> None:
    well, ill = Notebook(of(tmp_path), "well"), Notebook(of(tmp_path), "ill")
    for notebook in (well, ill):
        notebook.note(line())
    well.recorded([line()])
    for notebook in (well, ill):
        notebook.close()
    assert noted(of(tmp_path)) == {"ill": [line()]}


def test_no_address_stands_in_it(tmp_path: Path) -> None:
    notebook = Notebook(of(tmp_path), "w")
    notebook.note(line(text="no such user ada@example.org here"))
    (path,) = tmp_path.iterdir()
    assert "ada@" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("trouble", ["gone", "a file", "a folder in its place"])
def test_without_a_place_nothing_is_noted_and_nobody_fails(tmp_path: Path, trouble: str) -> None:
    folder = tmp_path / "machine"
    if trouble == "a file":
        folder.write_text("")
    elif trouble == "a folder in its place":
        (folder / "postgresql-1234-w.journal").mkdir(parents=True)
    notebook = Notebook(of(folder), "w")
    notebook.note(line())
    notebook.recorded([line()])
    notebook.close()
    assert noted(of(folder)) == {}


def test_a_full_disk_keeps_nobody_from_sending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(of(tmp_path), "w")
    notebook.note(line(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lambda *_: 0)
        notebook.note(line(2))
        notebook.recorded([line(1)])
    notebook.note(line(3))
    die(notebook)
    assert noted(of(tmp_path)) == {"w": [line(1), line(3)]}


@pytest.mark.postgres
def test_each_database_has_a_shelf_of_its_own(server: Database, sqlite_url: str, tmp_path: Path) -> None:
    other = Database(sqlite_url, tmp_path)
    mine, theirs = shelf(server), shelf(other)
    other.close()
    assert mine
    assert theirs
    assert mine.start != theirs.start
    assert mine == shelf(server)


@pytest.mark.postgres
def test_a_notebook_that_tells_of_nothing_there_changes_nothing(server: Database, tmp_path: Path) -> None:
    notebook = Notebook(shelf(server), "w")
    notebook.note(line(77)._replace(due_at=NOW + timedelta(hours=1)))
    die(notebook)
    read_the_notebooks(server)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_a_torn_file_is_tidied_away(server: Database, tmp_path: Path) -> None:
    there = shelf(server)
    assert there
    Journal(tmp_path / f"{there.start}w.journal", there.title).close()
    read_the_notebooks(server)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_an_answer_to_an_earlier_try_says_nothing_of_the_one_that_was_begun(server: Database) -> None:
    subscribe(server, 1)
    issue = draft(server)
    steer.start(server, issue.id, NOW)
    policy, later = DeliveryPolicy(on_uncertain="hold"), NOW + timedelta(hours=1)
    ledger = SharedLedger(server, issue, policy, "w")
    ledger.open(NOW)
    for now in (NOW, later):
        (claim,) = ledger.claim(1, now, frozenset())
        assert ledger.turn([], [claim])
        if now is NOW:
            answer = settle(claim, Outcome(OutcomeKind.DEFERRED, 451, "4.2.0", "later"), policy, now)
            ledger.note(answer)
            ledger.turn([answer], [])
    die(ledger._notebook)
    ledger._close()
    read_the_notebooks(server)
    with server.write() as connection:
        holders.take_over(connection, issue.id, ["w"], policy, later)
        assert accounts.accounting(connection, issue.id).uncertain == 1
