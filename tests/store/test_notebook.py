"""What a run on PostgreSQL has heard and not recorded: whoever comes next on this machine reads it, once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.delivery import DeliveryState, Settled
from newsletter.errors import Away
from newsletter.store.notebook import Notebook, Shelf, Start, unread
from tests.ledger import NOW
from tests.limits import FILE_BYTES, limited

START = Start(1, NOW)
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
    return Shelf(folder, ".postgresql-1234-", "heard, 1: 1234")


def die(notebook: Notebook) -> None:
    """As kill -9 does it: the file stays, and its lock goes."""
    journal = notebook._journal
    assert journal is not None
    journal.close()


def left(shelf: Shelf) -> dict[str, list[Settled]]:
    with unread(shelf) as found:
        return {one.worker: one.lines for one in found}


@given(heard=st.lists(lines, min_size=1), recorded=st.integers(0, 9))
def test_what_the_dead_noted_last_of_each_is_read_word_for_word(
    heard: list[Settled], recorded: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What was recorded may stand there too."""
    there = of(tmp_path_factory.mktemp("machine"))
    notebook = Notebook(there, "a-host-17-beef", START)
    for one in heard:
        notebook.keep(one)
    notebook.recorded(heard[:recorded])
    die(notebook)
    last = {one.id: one for one in heard}
    assert left(there) == {"a-host-17-beef": list(last.values())}
    assert left(there) == {}
    assert list(there.folder.iterdir()) == []


def test_a_long_one_begins_anew_with_what_is_not_recorded(tmp_path: Path) -> None:
    notebook = Notebook(of(tmp_path), "w", START)
    for number in range(2000):
        notebook.keep(line(number, "nobody at home, and nobody to come " * 3))
        if number:
            notebook.recorded([line(number)])
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size < 100_000
    die(notebook)
    assert line(0) in [one._replace(text="taken") for one in left(of(tmp_path))["w"]]


def test_the_livings_and_other_databases_are_left_alone(tmp_path: Path) -> None:
    living, other = (
        Notebook(of(tmp_path), "w", START),
        Notebook(of(tmp_path)._replace(start=".postgresql-99-"), "w", START),
    )
    living.keep(line())
    other.keep(line())
    die(other)
    (tmp_path / "subscribers.db-issue-1.journal").write_text("not ours\n")
    assert left(of(tmp_path)) == {}
    assert len(list(tmp_path.iterdir())) == 3
    die(living)
    assert left(of(tmp_path)) == {"w": [line()]}


def test_what_could_not_be_recorded_waits_for_the_next(tmp_path: Path) -> None:
    notebook = Notebook(of(tmp_path), "w", START)
    notebook.keep(line())
    die(notebook)
    with pytest.raises(Away), unread(of(tmp_path)):
        raise Away("the database is locked")
    assert left(of(tmp_path)) == {"w": [line()]}


def test_who_ends_well_leaves_nothing_and_who_does_not_leaves_the_rest(tmp_path: Path) -> None:
    well, ill = Notebook(of(tmp_path), "well", START), Notebook(of(tmp_path), "ill", START)
    for notebook in (well, ill):
        notebook.keep(line())
    well.recorded([line()])
    for notebook in (well, ill):
        notebook.close()
    assert left(of(tmp_path)) == {"ill": [line()]}


def test_no_address_stands_in_it(tmp_path: Path) -> None:
    notebook = Notebook(of(tmp_path), "w", START)
    notebook.keep(line(text="no such user ada@example.org here"))
    (path,) = tmp_path.iterdir()
    assert "ada@" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("trouble", ["gone", "a file", "a folder in its place"])
def test_without_a_place_nothing_is_noted_and_nobody_fails(tmp_path: Path, trouble: str) -> None:
    folder = tmp_path / "machine"
    if trouble == "a file":
        folder.write_text("")
    elif trouble == "a folder in its place":
        (folder / ".postgresql-1234-w.journal").mkdir(parents=True)
    notebook = Notebook(of(folder), "w", START)
    notebook.keep(line())
    notebook.recorded([line()])
    notebook.close()
    assert left(of(folder)) == {}


def test_a_full_disk_keeps_nobody_from_sending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(of(tmp_path), "w", START)
    notebook.keep(line(1))
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lambda *_: 0)
        notebook.keep(line(2))
        notebook.recorded([line(1)])
    notebook.keep(line(3))
    die(notebook)
    assert left(of(tmp_path)) == {"w": [line(1), line(2), line(3)]}


def test_what_stands_there_stays_however_full_the_disk_is(tmp_path: Path) -> None:
    """A few bytes more are taken, and no line."""
    notebook = Notebook(of(tmp_path), "w", START)
    for number in range(20):
        notebook.keep(line(number))
    (path,) = tmp_path.iterdir()
    with limited(FILE_BYTES, path.stat().st_size + 10):
        for number in range(20, 25):
            notebook.keep(line(number))
    die(notebook)
    assert len(left(of(tmp_path))["w"]) == 20


def test_what_could_not_be_kept_at_first_comes_with_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "machine"
    notebook = Notebook(of(folder), "w", START)
    notebook.keep(line(1))
    folder.mkdir()
    notebook.keep(line(2))
    die(notebook)
    assert left(of(folder)) == {"w": [line(1), line(2)]}
