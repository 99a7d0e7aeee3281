"""Lists of readers as people have them: exports of other services, Excel, broken lines, anything."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.app import utc_now
from newsletter.domain.subscriber import SubscriptionState
from newsletter.errors import NewsletterError
from newsletter.services import readers
from newsletter.services.import_batch import LEFT
from newsletter.services.importing import ImportReport, Target, import_file
from newsletter.services.subscribe import SignUp
from newsletter.store import consents, notices, subscribers
from newsletter.store.database import Database
from newsletter.text.csvfile import CsvFile
from newsletter.text.roster import Columns, as_written, clean_name, harmless, is_plain_name, moment
from newsletter.text.token import CONFIRM, Signer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TARGET = Target("tech", "uk", ("uk", "world"), ("tech", "other"), origin="list.csv")
SIGNER = Signer("a key of some length", utc_now)
REAL = Path(__file__).parents[2].parent / "shared/data/subscribers-csv"


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """For what has nothing to do with the kind of database."""
    opened = Database(sqlite_url)
    yield opened
    opened.close()


def bring(database: Database, text: str | bytes, target: Target = TARGET) -> ImportReport:
    content = text.encode() if isinstance(text, str) else text
    return import_file(database, SIGNER, io.BytesIO(content), target, NOW)


def numbers(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.refused_count


def table(database: Database) -> dict[str, tuple[str, str, str]]:
    """email -> name, edition, state"""
    return {
        one.subscriber.email: (one.subscriber.name, one.edition, one.state.value) for one in readers.listing(database)
    }


def test_columns_in_any_order_and_case(database: Database) -> None:
    report = bring(database, "NAME,Tags,e-mail,EDITION\nAnn,a;b,Ann@Example.org,World\nBob,,bob@example.org,\n")
    assert numbers(report) == (2, 0, 0, 0)
    assert table(database) == {
        "ann@example.org": ("Ann", "world", "active"),
        "bob@example.org": ("Bob", "uk", "active"),
    }
    with database.read() as connection:
        ann = subscribers.find(connection, "ann@example.org")
        assert ann
        assert ann.tags == ("a", "b")


def test_a_list_without_a_header_is_told_to_get_one(sqlite: Database) -> None:
    with pytest.raises(NewsletterError, match=r"no header line\. Put one above its first line, like `email,name`"):
        bring(sqlite, "ada@example.org,Ada\nbob@example.org,Bob\n")
    with pytest.raises(NewsletterError, match="no column of addresses among 'who, where'"):
        bring(sqlite, "who,where\nAda,London\n")


def test_again_and_changed(database: Database) -> None:
    bring(database, "email,name\na@example.org,Ann\nb@example.org,Bob\n")
    assert numbers(bring(database, "email,name\na@example.org,Ann\nb@example.org,Bob\n")) == (0, 0, 2, 0)
    report = bring(database, "email,name,edition\na@example.org,,world\nb@example.org,Bobby,\nc@example.org,,\n")
    assert numbers(report) == (1, 2, 0, 0)
    assert table(database)["a@example.org"] == ("Ann", "world", "active")
    assert table(database)["b@example.org"] == ("Bobby", "uk", "active")


def test_a_reader_keeps_the_edition_they_chose_when_the_list_names_none(database: Database) -> None:
    bring(database, "email,edition\na@example.org,world\n")
    assert numbers(bring(database, "email\na@example.org\n")) == (0, 0, 1, 0)
    assert table(database)["a@example.org"][1] == "world"


def test_a_second_newsletter_of_a_known_reader_is_added(database: Database) -> None:
    bring(database, "email,name\na@example.org,Ann\n")
    report = bring(database, "email,name\na@example.org,Anna\n", replace(TARGET, newsletter="other", edition="main"))
    assert numbers(report) == (1, 0, 0, 0)
    assert {(one.newsletter, one.edition, one.subscriber.name) for one in readers.listing(database)} == {
        ("tech", "uk", "Anna"),
        ("other", "main", "Anna"),
    }


def test_bad_lines_are_told_with_number_and_reason_and_stop_nothing(database: Database) -> None:
    text = (
        "name,email,edition\r\n"
        '"Ann\r\nof two lines",ann@example.org,uk\r\n'  # lines 2 and 3
        "Bob,bob,uk\r\n"
        "\r\n"
        "Carl,carl@example.org,mars\r\n"  # line 6
        ',"  ",\r\n'
        "Dora,,\r\n"  # line 8
        'Eve,"eve@example.org,uk\r\n'  # line 9: never closed
        "Fred,fred@example.org\r\n"
        "Gül,gül@example.org,\r\n"  # line 11
        "Hal,hal@example.org,uk,more,cells\r\n"
    )
    report = bring(database, text)
    assert [(one.line, one.value) for one in report.refused] == [
        (4, "bob"),
        (6, "carl@example.org"),
        (8, "Dora"),
        (9, 'Eve,"eve@example.org,uk'),
        (11, "gül@example.org"),
    ]
    reasons = [one.reason for one in report.refused]
    for reason, words in zip(reasons, ("no @", "uk, world", "empty", "never closed", "plain letters"), strict=True):
        assert words in reason
    assert set(table(database)) == {"ann@example.org", "fred@example.org", "hal@example.org"}
    assert table(database)["ann@example.org"][0] == "Ann of two lines"


def test_a_stray_quote_spoils_its_own_line_only(database: Database) -> None:
    lines = [f"r{number}@example.org,Reader {number}" for number in range(1000)]
    lines[10] = 'x@example.org,"Reader'
    lines[500] = '"y@example.org,Reader'
    report = bring(database, "email,name\n" + "\n".join(lines))
    assert report.added == 998
    assert [one.line for one in report.refused] == [12, 502]


@pytest.mark.parametrize(
    ("text", "added", "refused"),
    [
        ('email,name\na@example.org,"x\nb@example.org,"y\nc@example.org,z\n', "c", [2, 3]),
        ('email,name\na@example.org,"x\nb@example.org,y\nc@example.org,z"\nd@example.org,\n', "bcd", [2]),
        ('name,email\n"x,a@example.org\ny",b@example.org\nz,c@example.org\n', "bc", [2]),
        ('name,email\n"x,a@example.org\n"y, z",b@example.org\n",",c@example.org\n', "bc", [2]),
        ('email,name,note\na@example.org,x,"\nb@example.org,"\ny",z\n', "b", [2]),
        ('email;name\r\na@example.org;"x\r\nb@example.org;"y;"\r\n', "b", [2]),
    ],
)
def test_nobody_vanishes_into_the_cell_of_a_neighbour(
    sqlite: Database, text: str, added: str, refused: list[int]
) -> None:
    report = bring(sqlite, text)
    assert set(table(sqlite)) == {f"{letter}@example.org" for letter in added}
    assert [one.line for one in report.refused] == refused
    assert all("never closed" in one.reason for one in report.refused)


@pytest.mark.parametrize(
    "text",
    [
        'email,name,note\na@example.org,Ann,"met at\nthe fair, see\nbob@example.org\n\n""soon"""\nb@example.org,,\n',
        'note,name,email\n"line one\nline two, and\n",Ann,a@example.org\n,,b@example.org\n',
        'email;name\r\n"a@example.org";"Ann\n(second line)"\r\n"b@example.org";""\r\n',
        'email,name,note\n"a@example.org\n","Ann","x\r\ny"\r\nb@example.org,,\r\n',
    ],
    ids=["address in a note", "address behind the note", "excel", "line end behind the address"],
)
def test_a_cell_of_several_lines_is_one_cell(sqlite: Database, text: str) -> None:
    assert numbers(bring(sqlite, text)) == (2, 0, 0, 0)
    assert set(table(sqlite)) == {"a@example.org", "b@example.org"}


@pytest.mark.parametrize(
    "content",
    [
        "email;name\r\nann@example.org;Ännchen\r\n".encode("utf-8-sig"),
        "email\tname\nann@example.org\tÄnnchen\n".encode("utf-16"),
        "email,name\r\nann@example.org,Ännchen\r\n".encode("utf-16-le"),
        "email,name\r\nann@example.org,Ännchen\r\n".encode("utf-16-be"),
        "email;name\rann@example.org;Ännchen\r".encode("cp1252"),
        "sep=;\r\nemail;name\r\nann@example.org;Ännchen".encode("cp1252"),
        b"\n \nemail,name\n\nann@example.org,\xc3\x84nnchen",
    ],
    ids=["excel", "utf-16 tabs", "utf-16-le", "utf-16-be", "old mac", "sep line", "blank lines"],
)
def test_whatever_a_spreadsheet_writes(sqlite: Database, content: bytes) -> None:
    assert numbers(bring(sqlite, content)) == (1, 0, 0, 0)
    assert table(sqlite) == {"ann@example.org": ("Ännchen", "uk", "active")}


def test_one_line_in_another_encoding_leaves_its_neighbours_alone(database: Database) -> None:
    content = "email,name\na@example.org,Zoë\n".encode() + "b@example.org,Zoë\n".encode("cp1252")
    bring(database, content)
    assert {name for name, _, _ in table(database).values()} == {"Zoë"}
    assert len(table(database)) == 2


def test_a_line_without_end_is_told_by_what_is_wrong_with_it_and_not_repeated(sqlite: Database) -> None:
    long = "y" * 200_000
    report = bring(
        sqlite, f'email,edition\na@example.org,{long}\nb@example.org,\nc@example.org,{long[:99_000]}\n{long}"\n'
    )
    assert set(table(sqlite)) == {"b@example.org"}
    assert [one.line for one in report.refused] == [2, 4, 5]
    words = ("longer than 131,072", "no edition 'yyy", "longer than 131,072")
    assert all(word in one.reason for word, one in zip(words, report.refused, strict=True))
    assert all(len(one.value) < 300 and len(one.reason) < 400 for one in report.refused)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"PK\x03\x04 workbook", "Save it as CSV"),
        (b"\0" * 200_000, "list.csv is no text file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "list.csv is no text file"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", "list.csv is no text file"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "list.csv is no text file"),
        ("email\na@example.org\n".encode("utf-32"), "no text"),
        (b"x" * 200_000 + b",email\n", "list.csv:1: the header has a cell of more than 131,072"),
        (b"x" * 100 + b"," * 200_000 + b"\n", "list.csv:1: no column of addresses among 'x{100}, [, ]{152}…'"),
        (b"name,phone\nAnn,1\n", "one of them is `email`"),
        (b"ann@example.org\nbob@example.org\n", "no header line"),
    ],
)
def test_a_file_that_is_no_list_says_what_to_do(sqlite: Database, content: bytes, words: str) -> None:
    with pytest.raises(NewsletterError, match=words):
        bring(sqlite, content)


def test_who_left_and_who_is_never_mailed_stay_so(database: Database) -> None:
    bring(database, "email\na@example.org\nb@example.org\n")
    readers.remove(database, SIGNER, ["a@example.org"], "tech", "test", NOW)
    readers.erase(database, SIGNER, "b@example.org", "test", NOW)
    report = bring(database, "email,name\na@example.org,Ann\nb@example.org,Bob\nc@example.org,\n")
    assert numbers(report) == (1, 1, 0, 1)
    assert [(one.line, one.value) for one in report.refused] == [(3, "b@example.org")]
    assert {email: state for email, (_, _, state) in table(database).items()} == {
        "a@example.org": "unsubscribed",
        "c@example.org": "active",
    }


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("status", "unsubscribed"), ("Status", "Cleaned"), ("state", "hard bounced"), ("status", "opted-out"),
        ("UNSUB_TIME", "2023-06-06 12:56:15"), ("unsubscribed_at", "2024-03-13 11:33:53 UTC"), ("unsubscribed", "true"),
        ("email_disabled", "true"), ("subscribed_to_emails", "false"), ("Subscribed", "No"), ("status", "blocklisted"),
        ("status", "inactive"), ("Bounced", "1"), ("status", "0"), ("status", "complained"),
        ("deleted_at", "2020-01-01"), ("blacklisted", "true"), ("status", "Blacklisted"), ("status", "Désabonné"),
        ("status", "abgemeldet"), ("state", "Desuscrito"), ("status", "dado de baja"), ("status", "uitgeschreven"),
    ],
)  # fmt: skip
def test_who_left_elsewhere_never_comes_in_as_active(sqlite: Database, header: str, cell: str) -> None:
    assert numbers(bring(sqlite, f"email,{header}\na@example.org,{cell}\n")) == (1, 0, 0, 0)
    assert table(sqlite)["a@example.org"][2] == "unsubscribed"
    bring(sqlite, "email\nb@example.org\n")
    assert numbers(bring(sqlite, f"email,{header}\nb@example.org,{cell}\n")) == (0, 1, 0, 0)
    assert table(sqlite)["b@example.org"][2] == "unsubscribed"


@pytest.mark.parametrize(
    ("header", "cell"),
    [("status", "active"), ("status", "Subscribed"), ("unsubscribed", "false"), ("unsubscribed_at", ""),
     ("subscribed_to_emails", "true"), ("email_disabled", "FALSE"), ("status", ""), ("status", "enabled")],
)  # fmt: skip
def test_who_is_subscribed_elsewhere_comes_in(sqlite: Database, header: str, cell: str) -> None:
    bring(sqlite, f"email,{header}\na@example.org,{cell}\n")
    assert table(sqlite)["a@example.org"][2] == "active"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("nicht abonniert", "unsubscribed"), ("Non abonné", "unsubscribed"), ("não inscrito", "unsubscribed"),
        ("niet geabonneerd", "unsubscribed"), ("NEVER_SUBSCRIBED", "unsubscribed"),
        ("No longer subscribed", "unsubscribed"),
        ("not-active", "unsubscribed"), ("Abbestellt", "unsubscribed"), ("gelöscht", "unsubscribed"),
        ("Revoked", "unsubscribed"), ("no consent", "unsubscribed"), ("已退订", "unsubscribed"),
        ("deaktiviert", "unsubscribed"), ("désactivé", "unsubscribed"), ("inattivo", "unsubscribed"),
        ("Subscription expired", "unsubscribed"), ("consent denied", "unsubscribed"), ("ex-subscriber", "unsubscribed"),
        ("Subscribed: No", "unsubscribed"), ("not a member", "unsubscribed"),
        ("Confirmation required", "pending"), ("needs confirmation", "pending"), ("à confirmer", "pending"),
        ("consent not given", "pending"), ("subscribed to nothing", "pending"), ("Baja California", "pending"),
        ("nicht bestätigt", "pending"), ("nicht bestaetigt", "pending"), ("non confirmé", "pending"),
        ("None", "pending"), ("California", "pending"), ("Gold", "pending"),
        ("not paid", "active"), ("aktiv", "active"), ("Nonprofit member", "active"), ("Explicit", "active"),
        ("bestätigt", "active"), ("double opt-in", "active"),
    ],
)  # fmt: skip
def test_a_state_is_read_with_its_no(sqlite: Database, word: str, state: str) -> None:
    bring(sqlite, f"email,status\na@example.org,{word}\n")
    assert table(sqlite)["a@example.org"][2] == state


def test_the_worst_of_several_states_counts(sqlite: Database) -> None:
    bring(
        sqlite,
        "Email address,Email status,Email permission status,State\n"
        "a@example.org,Active,Unsubscribed,CA\nb@example.org,Active,Explicit,Baja California\n"
        "c@example.org,Gold,Explicit,CA\n",
    )
    assert {email: row[2] for email, row in table(sqlite).items()} == {
        "a@example.org": "unsubscribed", "b@example.org": "active", "c@example.org": "pending",
    }  # fmt: skip


def test_who_waits_for_a_word_that_was_not_known_comes_in_with_a_better_one(sqlite: Database) -> None:
    assert bring(sqlite, "email,status\na@example.org,Gold\n").waiting == 1
    assert bring(sqlite, "email,status\na@example.org,active\n").updated == 1
    assert table(sqlite)["a@example.org"][2] == "active"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("25.03.2021", "2021-03-25 00:00"), ("3/25/2021 10:30 AM", "2021-03-25 10:30"),
        ("03/25/2021 3:05:00 PM", "2021-03-25 15:05"), ("03.04.2021 8:05", "2021-04-03 08:05"),
        ("25.03.2021 10:00:00 +0200", "2021-03-25 08:00"), ("25.03.2021 12:00 AM", "2021-03-25 00:00"),
    ],
)  # fmt: skip
def test_dates_of_which_the_day_is_clear(written: str, read: str) -> None:
    found = moment(written)
    assert found
    assert f"{found:%Y-%m-%d %H:%M}" == read


@pytest.mark.parametrize(
    "written", ["03/04/2021", "03/04/2021 10:00 AM", "32.01.2021", "13/13/2021", "25.03.2021 25:00"]
)
def test_dates_that_may_be_two_or_are_none(written: str) -> None:
    assert moment(written) is None


def test_columns_that_mean_nothing_are_named(sqlite: Database) -> None:
    assert bring(sqlite, "E-Mail,Shoe size,Name\na@example.org,42,Ann\n").left_alone == ["Shoe size"]


def test_words_that_are_not_understood_are_counted(sqlite: Database) -> None:
    report = bring(
        sqlite,
        "email,status,joined\na@example.org,Lapsed,03/04/2021\nb@example.org,lapsed,25/12/2019\n"
        "c@example.org,active,2021-04-03\nd@example.org,,0000-00-00\ne@example.org,abonnée,\nno address,odd,soon 1\n"
        "f@example.org,active,2099-01-01\n",
    )
    assert (report.odd_states, report.odd_dates) == ({"lapsed": 2}, {"03/04/2021": 1, "2099-01-01": 1})
    assert {email[0]: state for email, (_, _, state) in table(sqlite).items()} == {
        "a": "pending", "b": "pending", "c": "active", "d": "active", "e": "active", "f": "active",
    }  # fmt: skip


def test_who_left_by_the_list_is_counted(sqlite: Database) -> None:
    text = "email,status\na@example.org,unsubscribed\nb@example.org,active\nc@example.org,bounced\n"
    assert bring(sqlite, text).left == 2
    assert bring(sqlite, text).left == 0


def test_whom_a_list_unsubscribes_is_counted_and_nobody_vouches_for_them(database: Database) -> None:
    bring(database, "email\na@example.org\nb@example.org\n")
    report = bring(
        database, "email,status\na@example.org,cleaned\nb@example.org,subscribed\nc@example.org,unsubscribed\n"
    )
    assert numbers(report) == (1, 1, 1, 0)
    assert (report.unsubscribed, report.left) == (1, 1)
    vouched = "The importer vouches for the readers' consent."
    said = {
        email: [(one.action, one.words) for one in readers.about(database, SIGNER, email).consents]
        for email in ("a@example.org", "b@example.org", "c@example.org")
    }
    assert said == {
        "a@example.org": [("imported", vouched), ("unsubscribed", LEFT)],
        "b@example.org": [("imported", vouched)],
        "c@example.org": [("imported", LEFT)],
    }
    again = bring(database, "email,status\na@example.org,cleaned\n")
    assert (numbers(again), again.unsubscribed) == ((0, 0, 1, 0), 0)


def test_twice_in_one_list(database: Database) -> None:
    lines = ("email,name,status,edition", "a@example.org,Ann,unsubscribed,", "A@example.org,Anna,active,world")
    text = "\n".join((*lines, "a@example.org,,,"))
    assert numbers(bring(database, text)) == (1, 1, 1, 0)
    assert table(database) == {"a@example.org": ("Anna", "world", "unsubscribed")}
    assert numbers(bring(database, text)) == (0, 0, 3, 0)


def test_consent_is_kept_and_outlives_the_person(database: Database) -> None:
    bring(database, "email,optin_time\na@example.org,2018-02-12 10:54:27\n")
    [one] = readers.listing(database)
    assert one.since == datetime(2018, 2, 12, 10, 54, 27, tzinfo=UTC)
    person = SIGNER.person("a@example.org")
    with database.read() as connection:
        [consent] = consents.of_subscriber(connection, one.subscriber.id, person)
    assert (consent.action, consent.method, consent.origin, consent.at) == ("imported", "import", "list.csv", NOW)
    assert "vouches" in consent.words
    readers.erase(database, SIGNER, "a@example.org", "test", NOW)
    with database.read() as connection:
        assert [one.action for one in consents.of(connection, person)] == ["imported", "erased"]


def test_confirm_asks_each(database: Database) -> None:
    bring(database, "email,status\nleft@example.org,unsubscribed\n")
    bring(database, "email\nhere@example.org\n")
    asking = replace(TARGET, state=SubscriptionState.PENDING)
    report = bring(database, "email\nleft@example.org\nhere@example.org\nnew@example.org\n", asking)
    assert numbers(report) == (1, 0, 2, 0)
    assert report.asked == 1
    assert table(database)["new@example.org"][2] == "pending"
    with database.read() as connection:
        since = datetime(2020, 1, 1, tzinfo=UTC)
        asked = [
            notices.queued_since(connection, SIGNER.person(f"{who}@example.org"), CONFIRM, since)
            for who in ("left", "here", "new")
        ]
    assert asked == [{}, {}, {"tech": 1}]
    # Whoever vouches later makes them active.
    assert numbers(bring(database, "email\nnew@example.org\n")) == (0, 1, 0, 0)


def test_export_is_harmless_and_comes_back(database: Database, tmp_path: Path) -> None:
    readers.add_active(database, SIGNER, SignUp("tech", "world", "=cmd@example.org", '+1 Ann, "the" first'), NOW)
    readers.add_active(database, SIGNER, SignUp("tech", "uk", "b@example.org", "Bob"), NOW)
    readers.remove(database, SIGNER, ["b@example.org"], None, "", NOW)
    before = table(database)
    out = io.StringIO()
    assert readers.export(database, out) == 2
    for row in out.getvalue().splitlines():
        assert row[0] not in "=+-@"
    assert "'=cmd@example.org,\"'+1 Ann" in out.getvalue()
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    assert numbers(bring(other, out.getvalue())) == (2, 0, 0, 0)
    assert table(other) == before
    other.close()


def test_an_export_cut_to_two_columns_comes_back_too(sqlite: Database) -> None:
    bring(sqlite, "email,name\n'=cmd@example.org,x;'=1\n")
    assert table(sqlite) == {"=cmd@example.org": ("x;=1", "uk", "active")}


def test_another_newsletters_line_is_refused(database: Database) -> None:
    report = bring(database, "email,newsletter\na@example.org,other\nb@example.org,tech\nc@example.org,Some Title\n")
    assert numbers(report) == (2, 0, 0, 1)
    assert "newsletter other" in report.refused[0].reason


def test_batches_make_no_difference(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.services.importing.BATCH", 7)
    monkeypatch.setattr("newsletter.text.csvfile.BLOCK", 5)
    rows = [f"r{number % 40}@example.org,Reader {number % 40}" for number in range(100)]
    assert numbers(bring(database, "email,name\n" + "\n".join(rows))) == (40, 0, 60, 0)


def real(name: str) -> bytes:
    found = list(REAL.rglob(name)) if REAL.is_dir() else []
    if not found:
        pytest.skip("the real exports of ../shared/data are not here")
    return found[0].read_bytes()


@pytest.mark.parametrize(
    ("name", "expected", "states"),
    [
        ("subscribed.csv", (5, 0, 0, 0), {"active": 5}),
        ("unsubscribed.csv", (5, 0, 0, 0), {"unsubscribed": 5}),
        ("cleaned.csv", (5, 0, 0, 0), {"unsubscribed": 5}),
        ("members.csv", (9, 0, 0, 0), {"active": 5, "unsubscribed": 3, "pending": 1}),
        ("fixtures_subscriber_emails.csv", (15, 0, 0, 2), {"active": 13, "unsubscribed": 2}),
        ("invalid.csv", (3, 0, 0, 0), {"active": 3}),
        ("subs-v1.csv", (3, 0, 0, 0), {"active": 1, "pending": 1, "unsubscribed": 1}),
        ("subs-v2.csv", (2, 0, 0, 0), {"active": 1, "unsubscribed": 1}),
        ("subscribers.csv", (16, 0, 0, 4), {"active": 16}),
        ("malformed.csv", (1, 0, 0, 0), {"active": 1}),
        ("import_rfc_4180_with_status.csv", (4, 0, 0, 0), {"active": 2, "unsubscribed": 2}),
        ("import_rfc_4180_upsert.csv", (4, 1, 0, 0), {"active": 4}),
        ("import_malformed1.csv", (3, 0, 0, 0), {"active": 3}),
        ("import_malformed2.csv", (0, 0, 0, 1), {}),
        ("import_with_data.csv", (2, 0, 0, 0), {"active": 2}),
        ("keila_import_template.csv", (2, 0, 0, 0), {"active": 2}),
        ("import_excel.csv", (201, 0, 0, 0), {"active": 201}),
        ("import_libreoffice.csv", (201, 0, 0, 0), {"active": 201}),
        ("subs.csv", (100, 0, 0, 0), {"active": 100}),
    ],
)
def test_real_exports(sqlite: Database, name: str, expected: tuple[int, int, int, int], states: dict[str, int]) -> None:
    assert numbers(bring(sqlite, real(name))) == expected
    found = [state for _, _, state in table(sqlite).values()]
    assert {state: found.count(state) for state in set(found)} == states


def test_real_names_and_tags(sqlite: Database) -> None:
    bring(sqlite, real("import_excel.csv"))
    assert table(sqlite)["foo-1@example.com"][0] == "Joël Müller-Schultheiß"
    bring(sqlite, real("subs-v1.csv"))
    with sqlite.read() as connection:
        dolor = subscribers.find(connection, "dolor@example.com")
        assert dolor
        assert (dolor.name, dolor.tags) == ("Dolor Simet", ("Multiple Tags", "Example", "More tags"))


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_no_bytes_make_the_reader_of_files_stumble(content: bytes) -> None:
    try:
        read = CsvFile(io.BytesIO(content), "x.csv")
    except NewsletterError:
        return
    for records, broken in read.blocks():
        assert all(1 <= line <= read.line for line, *_ in [*records, *broken])


CELLS = st.text('ab,;"\n\r x', max_size=6)
WAYS = st.sampled_from([("email", "name", "note"), ("name", "email", "note"), ("note", "name", "email")])


def written(header: tuple[str, ...], rows: list[tuple[str, str]], quoting: Literal[0, 1]) -> list[str]:
    """What csv makes of some readers, one text for each; the first is the header."""
    texts = []
    for email, name, note in [("email", "name", "note"), *((reader(at), *row) for at, row in enumerate(rows))]:
        out = io.StringIO()
        cells = {"email": email, "name": name, "note": note}
        csv.writer(out, quoting=quoting).writerow([cells[title] for title in header])
        texts.append(out.getvalue())
    return texts


def reader(number: int) -> str:
    return f"r{number}@example.org"


@given(WAYS, st.lists(st.tuples(CELLS, CELLS), max_size=12), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
@settings(max_examples=60)
def test_what_a_csv_writer_writes_is_read_again(
    header: tuple[str, ...], rows: list[tuple[str, str]], quoting: Literal[0, 1]
) -> None:
    read = CsvFile(io.BytesIO("".join(written(header, rows, quoting)).encode()), "x.csv")
    blocks = list(read.blocks())
    assert not any(broken for _, broken in blocks)
    found = [row for records, _ in blocks for _, row in records]
    cells = [{"email": reader(at), "name": name, "note": note} for at, (name, note) in enumerate(rows)]
    expected = [[row[title] for title in header] for row in cells]
    if quoting == csv.QUOTE_MINIMAL:  # spaces before a cell without quotes are nobody's
        found, expected = [[[cell.lstrip(" ") for cell in row] for row in some] for some in (found, expected)]
    assert found == expected


@given(
    WAYS,
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.data(),
)
@settings(max_examples=100)
def test_a_stray_quote_costs_nobody_but_its_own_line(
    header: tuple[str, ...], rows: list[tuple[str, str]], quoting: Literal[0, 1], data: st.DataObject
) -> None:
    texts = written(header, rows, quoting)
    hurt = data.draw(st.integers(1, len(rows)))
    place = data.draw(st.integers(0, len(texts[hurt]) - 1))
    texts[hurt] = texts[hurt][:place] + '"' + texts[hurt][place:]
    read = CsvFile(io.BytesIO("".join(texts).encode()), "x.csv")
    everybody = {reader(at) for at in range(len(rows))}
    came: set[str] = set()
    refused: set[int] = set()
    for records, broken in read.blocks():
        refused |= {line for line, _, _ in broken}
        for line, row in records:
            address = read.columns.address(row)
            came |= {address} & everybody
            refused |= set() if address in everybody else {line}
    line = 1
    for number, text in enumerate(texts):
        after = line + len(re.findall(r"\r\n|\r|\n", text))
        if number:
            assert reader(number - 1) in came or refused & set(range(line, after)), (number, text)
        line = after


@given(st.text("ab .'-\t='+é", max_size=8))
def test_a_plain_name_is_a_clean_name(name: str) -> None:
    if is_plain_name(name):
        assert clean_name(name) == name


@given(st.text("a;,=+-@'\" \t\r\n", max_size=10))
@settings(max_examples=300)
def test_an_import_undoes_exactly_what_an_export_did(cell: str) -> None:
    made = harmless(cell)
    assert as_written(made) == cell
    for found in re.split(r"[;\t]", made):
        assert found.lstrip('" ')[:1] not in ("=", "+", "-", "@", "\r")


@given(st.text("ab;,=+-@'\" é", max_size=10).map(clean_name))
@settings(max_examples=100)
@example(";=1")
@example("'=1")
@example('x;"=1"')
def test_any_name_goes_out_and_comes_back(name: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["email", "name"], [harmless("=a@example.org"), harmless(name)]])
    [(records, _)] = CsvFile(io.BytesIO(out.getvalue().encode()), "x.csv").blocks()
    entry = Columns(["email", "name"]).entry(records[0][1])
    assert (entry.email, entry.name) == ("=a@example.org", name)
    for cell in next(csv.reader([out.getvalue().splitlines()[1]], delimiter=";")):
        assert cell[:1] not in ("=", "+", "-", "@")


@pytest.mark.parametrize(
    "text",
    ["2021-02-04 07:55:20 +0000", "2021-02-04T07:55:20.000Z", "2021-02-04 07:55:20 UTC", "2021-02-04 07:55:20",
     "2021-02-04 08:55:20 +01:00", "4 Feb 2021 07:55:20", "February 4, 2021 07:55:20", "1612425320", "1612425320000",
     "Thu, 04 Feb 2021 08:55:20 +0100", "2021/02/04 07:55:20"],
)  # fmt: skip
def test_dates_as_exports_write_them(text: str) -> None:
    assert moment(text) == datetime(2021, 2, 4, 7, 55, 20, tzinfo=UTC)


def test_other_dates_are_left_out() -> None:
    others = ("", "04/02/2021", "soon", "0", "may be", "1 Foo 2021", "32 Jan 2021")
    assert [moment(text) for text in others] == [None] * 7


@given(st.text("0123456789 ,:-+/TZJanMy()") | st.text())
def test_no_words_make_the_reader_of_dates_stumble(text: str) -> None:
    Columns(["email", "since"]).entry(["a@example.org", f"{text} Jan"])
    Columns(["email", "since"]).entry(["a@example.org", text])


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "1970-01-01", "9999-12-31"])
def test_an_empty_date_written_as_one_is_no_date(day: str) -> None:
    assert moment(f"{day}T00:00:00Z") is None


def test_who_is_erased_while_a_list_comes_in_does_not_come_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was suppressed when it began, and the line that names them is in a later batch."""
    monkeypatch.setattr("newsletter.services.importing.BATCH", 500)
    bring(database, "email\nvictim@example.org\n")
    lines = [f"r{number}@example.org" for number in range(20_000)]
    text = "\n".join(["email", *lines, "victim@example.org", ""])
    erased: list[int] = []

    def erase(line: int) -> None:
        if not erased:
            erased.append(line)
            readers.erase(database, SIGNER, "victim@example.org", "", NOW)

    report = import_file(database, SIGNER, io.BytesIO(text.encode()), TARGET, NOW, erase)
    assert erased[0] < len(lines)
    assert report.added == len(lines)
    assert [(one.line, one.value) for one in report.refused] == [(len(lines) + 2, "victim@example.org")]
