"""Headers and MIME: each rule of them, broken on purpose in the sample's bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.preflight.examined import Examined
from newsletter.preflight.known import Known
from newsletter.preflight.rules import fields, list_fields, mime
from tests.digests import DATE
from tests.preflight.judging import Rule, examined, rewritten, said

SAMPLE = examined().raw
RULES = [
    fields.cannot_be_made,
    fields.field,
    fields.sender,
    fields.date,
    fields.message_id,
    fields.header_lines,
    fields.encoded_words,
    list_fields.list_field,
    list_fields.one_click,
    list_fields.list_id,
    list_fields.feedback_id,
    list_fields.what_kind_of_mail,
    list_fields.unsubscribe_port,
    mime.parts,
    mime.encodings,
    mime.body_lines,
    mime.boundary,
]


def line(name: str) -> bytes:
    """A field of the sample, with its folded lines and their end."""
    found = re.search(rb"(?m)^" + name.encode() + rb":(?:.*\r\n[ \t])*.*\r\n", SAMPLE)
    assert found, name
    return found[0]


@pytest.mark.parametrize("rule", RULES)
def test_the_sample_is_silent(rule: Rule) -> None:
    assert said(rule, examined(known=Known(now=DATE))) == ""


@pytest.mark.parametrize("rule", RULES)
def test_a_message_that_could_not_be_made_is_told_once(rule: Rule) -> None:
    broken = replace(examined(), raw=b"", trouble="no mailbox")
    assert said(rule, broken) == (
        "block: The message cannot be made: no mailbox" if rule is fields.cannot_be_made else ""
    )


@pytest.mark.parametrize(
    ("rule", "name", "new", "found"),
    [
        (fields.field, "Date", "", "Date stands there 0 times"),
        (fields.field, "Subject", "Subject: a\r\nSubject: b\r\n", "Subject stands there 2 times"),
        (fields.field, "Precedence", "Precedence: bulk\r\nPrecedence: bulk\r\n", "Precedence stands there 2"),
        (fields.field, "Subject", "Subject:  \r\n", "subject is empty"),
        (fields.sender, "From", "From: Tech Decoded <hello@localhost>\r\n", "no domain that others know"),
        (fields.sender, "From", "From: a@example.org, b@example.org\r\n", "no single mailbox"),
        (fields.date, "Date", "Date: yesterday\r\n", "no date"),
        (fields.date, "Date", "Date: Fri, 20 Nov 2026 08:00:00 -0000\r\n", "no zone"),
        (fields.message_id, "Message-ID", "Message-ID: <12@localhost>\r\n", "no form"),
        (fields.message_id, "Message-ID", "Message-ID: 12.7@example.org\r\n", "no form"),
        (fields.message_id, "Message-ID", "Message-ID: <1 2@example.org>\r\n", "no form"),
        (fields.header_lines, "Subject", f"Subject: {'x' * 1000}\r\n", "at most 998"),
        (fields.header_lines, "Subject", "Subject: a\r\n \r\n b\r\n", "header block is broken"),
        (fields.encoded_words, "Subject", f"Subject: =?utf-8?b?{'QUJD' * 20}?=\r\n", "longer than 75"),
        (fields.encoded_words, "From", "From: x <=?utf-8?q?hello?=@example.org>\r\n", "inside an address"),
        (list_fields.list_field, "List-Id", "", "List-Id stands there 0"),
        (list_fields.list_field, "List-Post", "List-Post: NO\r\nList-Post: NO\r\n", "List-Post stands there 2"),
        (list_fields.list_field, "List-Post", "List-Post: mailto:a@example.org\r\n", "no list of addresses"),
        (list_fields.one_click, "List-Unsubscribe-Post", "List-Unsubscribe-Post: One-Click\r\n", "not exactly"),
        (list_fields.one_click, "List-Unsubscribe", "List-Unsubscribe: <mailto:a@example.org>\r\n", "no web address"),
        (
            list_fields.one_click,
            "List-Unsubscribe",
            "List-Unsubscribe: <https://e.example/u> and more\r\n",
            "no list of addresses",
        ),
        (
            list_fields.one_click,
            "List-Unsubscribe",
            "List-Unsubscribe: <https://e.example/u>, <https://e.example/v>\r\n",
            "several web addresses",
        ),
        (
            list_fields.one_click,
            "List-Unsubscribe",
            "List-Unsubscribe: =?utf-8?q?=3Chttps=3A//e.example/u=3E?=\r\n",
            "encoded words",
        ),
        (list_fields.list_id, "List-Id", "List-Id: Tech Decoded\r\n", "does not end in"),
        (list_fields.list_id, "List-Id", "List-Id: <nodots>\r\n", "does not end in"),
        (mime.parts, "Content-Type", 'Content-Type: multipart/mixed;\r\n boundary="x"\r\n', "no multipart/alternative"),
        (mime.body_lines, "Subject", "Subject: a\n b\r\n", "does not end in CRLF"),
    ],
)
def test_what_is_broken_in_the_headers_blocks(rule: Rule, name: str, new: str, found: str) -> None:
    told = said(rule, rewritten(line(name), new.encode()))
    assert "block: " in told
    assert found in told


@pytest.mark.parametrize(
    ("rule", "name", "new", "found"),
    [
        (
            fields.sender,
            "To",
            f"Sender: Tech Decoded <hello@example.org>\r\n{line('To').decode()}",
            "Sender repeats From",
        ),
        (fields.message_id, "Message-ID", "Message-ID: <12@mailer.example.net>\r\n", "is of mailer.example.net"),
        (fields.header_lines, "Subject", f"Subject: {'word ' * 20}\r\n", "78 are advised"),
        (list_fields.feedback_id, "Feedback-ID", "Feedback-ID: 12:uk:tech\r\n", "not a:b:c:sender"),
        (list_fields.feedback_id, "Feedback-ID", "Feedback-ID: 12:uk:tech:abc\r\n", "5 to 15"),
        (list_fields.feedback_id, "Feedback-ID", "Feedback-ID: a@example.org:uk:tech:example\r\n", "names a mailbox"),
        (list_fields.what_kind_of_mail, "Precedence", "Precedence: junk\r\n", "Precedence is junk"),
        (list_fields.what_kind_of_mail, "Precedence", "Auto-Submitted: auto-generated\r\n", "a program answers"),
        (
            list_fields.unsubscribe_port,
            "List-Unsubscribe",
            "List-Unsubscribe: <https://e.example:8443/u>\r\n",
            "port",
        ),
    ],
)
def test_what_is_odd_in_the_headers_warns(rule: Rule, name: str, new: str, found: str) -> None:
    told = said(rule, rewritten(line(name), new.encode()))
    assert told.startswith("warn: ")
    assert found in told


@pytest.mark.parametrize(
    ("rule", "name", "new"),
    [
        (fields.sender, "From", 'From: "Doe, Jane" <jane@mail.example.org>\r\n'),
        (fields.header_lines, "Subject", f"Subject:\r\n {'x' * 90}\r\n"),  # one word cannot be folded
        (list_fields.list_field, "List-Post", "List-Post: <mailto:a@example.org>, <https://example.org/post>\r\n"),
        (list_fields.what_kind_of_mail, "Precedence", "Precedence: list\r\n"),
        (list_fields.what_kind_of_mail, "Precedence", ""),
        (list_fields.feedback_id, "Feedback-ID", ""),
        (list_fields.list_id, "List-Id", "List-Id: =?utf-8?b?VMOkZ2xpY2g=?= <uk.tech.example.org>\r\n"),
    ],
)
def test_what_is_allowed_is_silent(rule: Rule, name: str, new: str) -> None:
    assert said(rule, rewritten(line(name), new.encode())) == ""


@pytest.mark.parametrize(
    ("away", "told"),
    [(timedelta(), False), (timedelta(days=20), False), (timedelta(days=60), True), (-timedelta(hours=3), True)],
)
def test_the_date_is_near_now(away: timedelta, told: bool) -> None:
    assert bool(said(fields.date, examined(known=Known(now=DATE + away)))) is told


def body(old: bytes, new: bytes) -> Examined:
    head, mark, rest = SAMPLE.partition(b"\r\n\r\n")
    assert old in rest
    return replace(examined(), raw=head + mark + rest.replace(old, new, 1))


@pytest.mark.parametrize(
    ("rule", "old", "new", "found"),
    [
        (mime.parts, b"text/plain", b"text/html", "text/plain comes first"),
        (mime.parts, b"charset=utf-8", b"charset=latin-1", "no charset utf-8"),
        (mime.encodings, b"quoted-printable", b"8bit", "sent as 8bit"),
        (mime.encodings, b"quoted-printable", b"7bit", "sent as 7bit"),
        (mime.body_lines, b"Tech", "Täch".encode(), "not ASCII"),
        (mime.body_lines, b"\r\n", b"\n", "CRLF"),
        (mime.body_lines, b"Tech", b"Te\rch", "CRLF"),
        (mime.body_lines, b"Tech", b"Te\x00ch", "zero byte"),
        (mime.body_lines, b"Tech", b"x" * 999, "998 are the most"),
    ],
)
def test_what_is_broken_in_the_body_blocks(rule: Rule, old: bytes, new: bytes, found: str) -> None:
    told = said(rule, body(old, new))
    assert told.startswith("block: ")
    assert found in told


def test_a_long_line_that_servers_pass_on_warns() -> None:
    assert said(mime.body_lines, body(b"Tech", b"x" * 80)).startswith("warn: A line of the body has")


def test_a_boundary_inside_a_part_blocks() -> None:
    mark = re.search(rb'boundary="([^"]+)"', SAMPLE)
    assert mark
    assert "occurs inside" in said(mime.boundary, body(b"Tech Decoded", b"x\r\n--" + mark[1] + b"ly\r\n"))
