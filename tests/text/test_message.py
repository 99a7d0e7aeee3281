"""What goes out parses back to exactly what was meant, whatever stands in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.subscriber import Reader
from newsletter.errors import AddressError
from newsletter.text.headers import list_id_field
from newsletter.text.message import (
    SLOTS,
    Content,
    Headers,
    compile_message,
    fill_html,
    fill_text,
    issue_headers,
    notice_headers,
    plain_message,
    slot,
    values,
)
from newsletter.text.plain import one_line
from newsletter.text.quoted import encode_short
from tests.digests import DATE, EDITION, READER

HEADERS = issue_headers(EDITION, 12, DATE)


def parsed(chunks: list[bytes]) -> EmailMessage:
    return message_from_bytes(b"".join(chunks), policy=policy.default)


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def display_name(head: bytes) -> str:
    """As RFC 2047 reads it: EmailMessage of Python 3.11 puts a space between two encoded words of one name."""
    name, _ = parseaddr(message_from_bytes(head)["To"])
    return one_line(str(make_header(decode_header(name))))


def unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()


def assert_sendable(raw: bytes) -> None:
    """The promises of CompiledMessage.fill."""
    assert raw.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    for line in rest.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))


TEXT = st.text(
    st.one_of(
        st.sampled_from(list("=.\n\r\t F<>&\"'{}%é€漢\U0001f600\u202e\u2028\x00\x0b\x85")),
        st.characters(exclude_categories=["Cs"], exclude_characters="\ufdd0\ufdd1"),
    ),
    max_size=300,
)
WITH_SLOTS = st.lists(st.one_of(TEXT, st.sampled_from([slot(name) for name in SLOTS])), max_size=8).map("".join)
NAME = st.one_of(
    TEXT, st.sampled_from(["", "Ada\r\nBcc: x@example.org", "=?utf-8?q?x?=", 'O\'Neil, "Bob" \\', "é" * 300])
)


@settings(max_examples=150, deadline=None)
@given(subject=TEXT, html=WITH_SLOTS, text=WITH_SLOTS, name=NAME)
def test_every_content_comes_back_as_it_was(subject: str, html: str, text: str, name: str) -> None:
    reader = READER._replace(name=name)
    chunks = compile_message(Content(subject, html, text), HEADERS).fill(reader)
    assert_sendable(b"".join(chunks))
    message = parsed(chunks)
    filling = {key: one_line(value) for key, value in values(reader).items()}
    assert body(message, "html") == unified(fill_html(html, filling))
    assert body(message, "plain") == unified(fill_text(text, filling))
    assert one_line(str(message["Subject"])) == one_line(subject)
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.org"]
    assert display_name(chunks[0]) == one_line(name)
    assert message["Bcc"] is None
    assert len(message.keys()) == len(set(message.keys()))


@given(value=TEXT)
def test_the_quick_encoding_of_a_value_keeps_its_promises(value: str) -> None:
    encoded = encode_short(one_line(value))
    assert all(len(line) <= 76 and not line.startswith(b".") for line in (encoded + b"=").split(b"\r\n"))


def test_the_headers_of_an_issue_are_those_of_a_newsletter() -> None:
    message = parsed(compile_message(Content("Hello", "<p>x", "x"), HEADERS).fill(READER))
    assert message["From"] == "Tech Decoded <hello@example.org>"
    assert message["To"] == "Ada Whitlock <ada@example.org>"
    assert message["Message-ID"] == "<12.7.0123456789abcdef@example.org>"
    assert message["Date"].datetime == DATE
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "Tech Decoded <uk.tech-decoded.example.org>"
    assert message["List-Post"] == "NO"
    assert message["Feedback-ID"] == "12:uk:tech-decoded:example-org"
    assert message["Auto-Submitted"] is None
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("name", ["Team a@b", "<list@example.net>", "", "Tägliches " * 8])
def test_a_list_is_named_by_its_id_whatever_its_name_holds(name: str) -> None:
    field = list_id_field(name, "uk.tech.example.org")
    assert b"".join(field.split())[-21:] == b"<uk.tech.example.org>"
    assert field.count(b"uk.tech") == 1
    shown, _, _ = str(make_header(decode_header(parsed([field, b"\r\n"])["List-Id"]))).rpartition("<")
    assert shown.strip(' "') == name.strip()


def test_list_unsubscribe_stays_raw_ascii_however_long_its_links() -> None:
    reader = READER._replace(unsubscribe_url="https://news.example.org/unsubscribe/" + "x" * 400)
    raw = b"".join(compile_message(Content("Hello", "x", "x"), HEADERS).fill(reader))
    field = re.search(rb"^List-Unsubscribe: (.*\r\n(?: .*\r\n)*)", raw, re.MULTILINE)
    assert field
    web, mail = field[1].decode().replace("\r\n", "").split(", ")
    assert web == f"<{reader.unsubscribe_url}>"
    assert mail == f"<mailto:leave@example.org?subject=unsubscribe%20{'x' * 400}>"
    assert b"=?" not in field[1]


def test_without_a_mailbox_there_is_no_unsubscribing_by_mail() -> None:
    headers = replace(HEADERS, unsubscribe_mailbox=None)
    message = parsed(compile_message(Content("Hello", "x", "x"), headers).fill(READER))
    assert message["List-Unsubscribe"] == f"<{READER.unsubscribe_url}>"


def test_a_notice_says_that_a_program_sent_it_and_is_no_list_mail() -> None:
    chunks = plain_message(
        Content("Please confirm", "<p>x</p>", "x"), notice_headers(EDITION, DATE), "a@b.example", "n1@c"
    )
    message = parsed(chunks)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == "a@b.example"
    assert not [name for name in message if name.startswith("List-")]


def test_a_notice_asks_for_no_answer_of_a_program_in_the_words_that_exchange_knows() -> None:
    chunks = plain_message(Content("Welcome", "<p>x</p>", "x"), notice_headers(EDITION, DATE), "a@b.example", "n1@c")
    assert parsed(chunks)["X-Auto-Response-Suppress"] == "All"


def test_a_notice_with_a_slot_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="slot"):
        plain_message(Content("x", slot("name"), "x"), notice_headers(EDITION, DATE), "a@b.example", "n1@c")


@pytest.mark.parametrize(
    "reader",
    [
        READER._replace(email="a@b.example\r\nBcc: c@d.example"),
        READER._replace(email="jörg@example.org"),
        READER._replace(email="<a@b.example>"),
        READER._replace(unsubscribe_url="https://x.example/a b"),
        READER._replace(unsubscribe_url="https://x.example/>\r\nBcc: a@b"),
    ],
)
def test_an_address_or_link_that_would_break_the_headers_is_refused(reader: Reader) -> None:
    with pytest.raises(AddressError):
        compile_message(Content("x", "x", "x"), HEADERS).fill(reader)


def test_a_domain_with_umlauts_travels_as_a_label() -> None:
    headers = Headers("Grüße <post@münchen.example>", DATE, list_id="x.example")
    message = parsed(compile_message(Content("x", "x", "x"), headers).fill(READER))
    assert message["From"].addresses[0].addr_spec == "post@xn--mnchen-3ya.example"
    assert message["From"].addresses[0].display_name == "Grüße"


def test_a_sender_that_is_no_mailbox_is_said() -> None:
    with pytest.raises(AddressError, match="no mailbox"):
        compile_message(Content("x", "x", "x"), Headers("nobody", DATE))


def test_the_same_issue_makes_the_same_bytes() -> None:
    content = Content("Hello", f"<p>{slot('name')}", "x")
    first, second = (b"".join(compile_message(content, HEADERS).fill(READER)) for _ in range(2))
    assert first == second


def test_the_header_block_is_the_first_two_chunks() -> None:
    chunks = compile_message(Content("Hello", f"<p>{slot('name')}", "x"), HEADERS).fill(READER)
    header = chunks[0] + chunks[1]
    assert header.endswith(b"\r\n\r\n")
    assert b"\r\n\r\n" not in header[:-4]
    assert chunks[0].endswith(b"\r\n")


def test_a_value_is_escaped_where_it_stands_in_html() -> None:
    reader = READER._replace(name="<b>Ada & Co</b>")
    message = parsed(compile_message(Content("x", f"<p>{slot('name')}</p>", slot("name")), HEADERS).fill(reader))
    assert body(message, "html") == "<p>&lt;b&gt;Ada &amp; Co&lt;/b&gt;</p>"
    assert body(message, "plain") == "<b>Ada & Co</b>"


def test_feedback_and_list_ids_are_lawful_for_any_key() -> None:
    edition = replace(EDITION, newsletter="Ünïcode News!", key="日本", sender="x <a@b.de>")
    message = parsed(compile_message(Content("x", "x", "x"), issue_headers(edition, 3, datetime.now(UTC))).fill(READER))
    assert message["List-Id"].endswith("<list.n-code-news.b.de>")
    sender_id = message["Feedback-ID"].split(":")[3]
    assert 5 <= len(sender_id) <= 15


PICTURES = (("0123456789abcdef" * 2 + ".jpg", bytes(range(256)) * 40), ("f" * 32 + ".png", b"\x89PNG."))


def with_pictures(html: str = "<p>x</p>", text: str = "x") -> Content:
    shown = "".join(f'<img src="cid:{name}@media" alt="">' for name, _ in PICTURES)
    return Content("Hello", f"{html}{shown}{slot('name')}", text, PICTURES)


@settings(max_examples=50, deadline=None)
@given(html=WITH_SLOTS, text=WITH_SLOTS, data=st.binary(max_size=400))
def test_pictures_travel_with_any_message(html: str, text: str, data: bytes) -> None:
    content = replace(with_pictures(html, text), pictures=((PICTURES[0][0], data),))
    chunks = compile_message(content, HEADERS).fill(READER)
    assert_sendable(b"".join(chunks))
    message = parsed(chunks)
    assert body(message, "html") == unified(fill_html(content.html, values(READER)))
    assert body(message, "plain") == unified(fill_text(content.text, values(READER)))
    (picture,) = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert picture.get_content() == data


def test_pictures_stand_beside_the_html_that_shows_them() -> None:
    message = parsed(compile_message(with_pictures(), HEADERS).fill(READER))
    assert not any(part.defects for part in message.walk())
    assert message.get_content_type() == "multipart/alternative"
    text, related = message.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert (related.get_content_type(), related.get_param("type")) == ("multipart/related", "text/html")
    html, *pictures = related.iter_parts()
    assert html.get_content_type() == "text/html"
    assert [picture["Content-ID"] for picture in pictures] == [f"<{name}@media>" for name, _ in PICTURES]
    assert [picture.get_content_disposition() for picture in pictures] == ["inline", "inline"]
    assert [picture.get_content_type() for picture in pictures] == ["image/jpeg", "image/png"]
    assert [picture.get_content() for picture in pictures] == [data for _, data in PICTURES]
    outer, inner = str(message.get_boundary()), str(related.get_boundary())
    assert not outer.startswith(inner)
    assert not inner.startswith(outer)


def test_pictures_are_encoded_once_for_all_readers() -> None:
    compiled = compile_message(with_pictures(), HEADERS)
    first, second = compiled.fill(READER), compiled.fill(READER._replace(name="Ben"))
    assert any(len(chunk) > 10_000 and chunk is other for chunk, other in zip(first, second, strict=True))
    assert first != second
