"""The journal of a delivery: what was written is read again, what was half written is not."""

from __future__ import annotations

import errno
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter.domain.delivery import DeliveryPolicy, Outcome, OutcomeKind, settle
from newsletter.errors import Busy
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.journal import Journal, read
from newsletter.store.ledger import open_ledger
from tests.ledger import NOW
from tests.limits import FILE_BYTES, limited
from tests.sending import started

entries = st.lists(
    st.tuples(st.lists(st.tuples(st.text(), st.integers(), st.none() | st.text())), st.lists(st.integers()))
)


@given(rounds=st.lists(st.tuples(entries, st.none() | st.just(([], [7]))), min_size=1, max_size=5))
def test_what_is_read_is_what_the_last_round_wrote(
    rounds: list[tuple[list[object], object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("journal") / "one"
    journal = Journal(path, "a title")
    for written, first in rounds:
        journal.begin_anew(first)
        for entry in written:
            journal.write(entry)
    wanted = [entry for entry in (first, *written) if entry is not None]
    assert read(path, "a title") == wanted
    assert read(path, "another") == []
    journal.remove()
    assert read(path, "a title") == []


@given(cut=st.integers(0, 400))
def test_a_file_cut_anywhere_gives_whole_entries(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "one"
    journal = Journal(path, "a title")
    journal.start()
    written = [([("sent", number, "words\nwith lines")], [number]) for number in range(6)]
    for entry in written:
        journal.write(entry)
    path.write_bytes(path.read_bytes()[:cut])
    found = read(path, "a title")
    assert found == written[: len(found)]
    assert len(found) >= (cut - 40) // 60


def test_one_flipped_bit_ends_the_reading(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "one", "a title")
    journal.start()
    for number in range(3):
        journal.write(number)
    bytes_ = bytearray((tmp_path / "one").read_bytes())
    bytes_[bytes_.rindex(b"1 1\n") + 2] ^= 1
    (tmp_path / "one").write_bytes(bytes_)
    assert read(tmp_path / "one", "a title") == [0]


def test_a_full_disk_writes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "one", "a title")
    journal.start()
    journal.write("first")
    full = limited(FILE_BYTES, (tmp_path / "one").stat().st_size + 10)
    with full, pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        journal.write("second, which does not fit")
    assert read(tmp_path / "one", "a title") == ["first"]
    journal.write("third")
    assert read(tmp_path / "one", "a title") == ["first", "third"]


def test_on_a_full_disk_there_is_room_for_the_answer_to_what_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "one", "a title")
    journal.start()
    journal.keep_room()
    journal.write("begun")

    def full(*where: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("newsletter.store.journal._take_room", full)
    with limited(FILE_BYTES, (tmp_path / "one").stat().st_size):
        journal.write("answered")
        for number in range(2000):
            try:
                journal.keep_room()
            except OSError:
                break
            journal.write(f"begun {number}, with an address of some length")
        else:
            pytest.fail("it went on as if there was no end")
        journal.write("answered too")
    assert read(tmp_path / "one", "a title")[-1] == "answered too"


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS])
def test_a_file_system_that_keeps_no_room_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def cannot(*where: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("newsletter.store.journal._take_room", cannot)
    journal = Journal(tmp_path / "one", "a title")
    journal.start()
    journal.keep_room()
    journal.write("begun")
    assert read(tmp_path / "one", "a title") == ["begun"]


def test_a_link_or_a_pipe_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """What it leads to would have been emptied; a pipe would have been waited for."""
    precious = tmp_path / "precious"
    precious.write_text("years of work")
    (tmp_path / "one").symlink_to(precious)
    with pytest.raises(OSError, match="symbolic"):
        Journal(tmp_path / "one", "a title")
    assert precious.read_text() == "years of work"
    os.mkfifo(tmp_path / "two")
    with pytest.raises(OSError, match="no file"):
        Journal(tmp_path / "two", "a title")


@pytest.mark.parametrize(
    "text", ["", "1", "x (1, 2)", "1 (", "1 ('a title',)", "1 7", "1 __import__('os')", "1 " + "(" * 300 + ")" * 300]
)
def test_what_is_none_of_ours_is_not_read(tmp_path: Path, text: str) -> None:
    """Though the checksum may be right."""
    (tmp_path / "one").write_bytes(b"%08x %s\n" % (zlib.crc32(text.encode()), text.encode()))
    assert read(tmp_path / "one", "a title") == []
    Journal(tmp_path / "one", "a title").start()


def test_only_one_has_it_and_nothing_of_it_is_lost_to_who_is_refused(tmp_path: Path) -> None:
    first = Journal(tmp_path / "one", "a title")
    first.start()
    first.write("mine")
    with pytest.raises(Busy, match="another process"):
        Journal(tmp_path / "one", "a title")
    first.write("mine, too")
    first.close()
    assert Journal(tmp_path / "one", "a title").left == ["mine", "mine, too"]


def test_a_journal_that_somebody_deletes_is_there_again_with_the_next_round(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "one", "a title")
    journal.start()
    (tmp_path / "one").unlink()
    journal.write("into nowhere")
    journal.begin_anew("in flight")
    journal.write("next")
    assert read(tmp_path / "one", "a title") == ["in flight", "next"]


def test_who_put_another_journal_in_its_place_is_not_written_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "one", "a title")
    journal.start()
    (tmp_path / "one").unlink()
    another = Journal(tmp_path / "one", "a title")
    another.start()
    another.write("theirs")
    with pytest.raises(Busy):
        journal.begin_anew(None)
    assert read(tmp_path / "one", "a title") == ["theirs"]


def test_a_round_whose_beginning_was_not_written_begins_with_the_next_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "one", "a title")
    journal.start()
    journal.write("of the old round")

    def full(*args: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr("newsletter.store.journal.os.pwrite", full)
        for write in (journal.begin_anew, journal.write):
            with pytest.raises(OSError, match=os.strerror(errno.EIO)):
                write("in flight")
    assert read(tmp_path / "one", "a title") == ["of the old round"]
    journal.write("next")
    assert read(tmp_path / "one", "a title") == ["in flight", "next"]


def test_no_address_stands_in_it(sqlite_url: str) -> None:
    """Who is erased after a crash would stay in a file that nobody looks into."""
    database = Database(sqlite_url)
    issue = started(database, 2)
    policy = DeliveryPolicy()
    ledger = open_ledger(database, issue, policy, "w")
    ledger.open(NOW)
    first, second = ledger.claim(2, NOW, frozenset())
    ledger.turn([], [first, second])
    refused = Outcome(OutcomeKind.REJECTED, 550, "5.1.1", f"<{first.email}> no such person, nor {second.email}")
    ledger.turn([settle(first, refused, policy, NOW)], [])
    [file] = Path(str(database.engine.url.database)).parent.glob("*.journal")
    assert b"no such person" in file.read_bytes()
    assert b"@" not in file.read_bytes()
    ledger.leave(NOW)
    ledger.let_go()
    with database.read() as connection:
        told = connection.scalar(select(tables.deliveries.c.text).where(tables.deliveries.c.id == first.id))
    assert told == refused.text
    database.close()
