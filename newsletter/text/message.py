"""MIME messages: made once per issue, filled for each reader.

`compile_message` encodes everything that all readers share and cuts it at the slots; `CompiledMessage.fill` only
puts a reader's values between the pieces. Its first two chunks are the header block (the reader's fields, then those
that all share), the rest is the body: a signer (DKIM) takes the chunks after `fill`, before the transport, and puts
its field in front of the first.
"""

from __future__ import annotations

import hashlib
import html as markup
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import NamedTuple

from newsletter.domain.edition import Edition
from newsletter.domain.subscriber import Reader
from newsletter.text.attached import attached, related, related_head
from newsletter.text.headers import list_id_field, mailbox, mailbox_field, raw_field, text_field, web_url
from newsletter.text.plain import one_line
from newsletter.text.quoted import SOFT, encode, encode_short, is_tame
from newsletter.text.slots import SLOTS, fill_html, fill_text, slot, split, used, values

__all__ = [
    "SLOTS", "CompiledMessage", "Content", "Headers", "compile_message", "fill_html", "fill_text",
    "issue_headers", "notice_headers", "plain_message", "slot", "values",
]  # fmt: skip

_ONE_CLICK = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says; `html` and `text` may hold slots. `pictures` travel with it: the HTML names them (cid:)."""

    subject: str
    html: str
    text: str
    pictures: tuple[tuple[str, bytes], ...] = ()  # name (text.media) and file


@dataclass(frozen=True, slots=True)
class Headers:
    """What a message says about itself; `date` is aware.

    `list_id` (`label.domain`) makes it list mail: it then carries List-Id, List-Post and one-click unsubscribing,
    by mail too where there is an `unsubscribe_mailbox`. `extra` are further fields, raw ASCII, never a reader's words.
    """

    sender: str
    date: datetime
    reply_to: str | None = None
    language: str = ""
    list_id: str = ""
    list_name: str = ""
    unsubscribe_mailbox: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


def issue_headers(edition: Edition, number: int, date: datetime) -> Headers:
    """The headers of an edition's issue. Feedback-ID names issue, edition, newsletter and sender, never a reader."""
    domain = mailbox(edition.sender)[1].rpartition("@")[2]
    label = f"{_label(edition.key)}.{_label(edition.newsletter)}"
    feedback = f"{number}:{_label(edition.key)}:{_label(edition.newsletter)}:{_sender_id(domain)}"
    return Headers(
        sender=edition.sender,
        date=date,
        reply_to=edition.reply_to,
        language=edition.language,
        list_id=f"{label}.{domain}",
        list_name=edition.name,
        unsubscribe_mailbox=edition.unsubscribe_mailbox,
        extra=(("Feedback-ID", feedback), ("Precedence", "bulk")),
    )


def notice_headers(edition: Edition, date: datetime) -> Headers:
    """The headers of a mail to one person about their own subscription (RFC 3834: no vacation note comes back)."""
    automatic = (("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All"))
    return Headers(
        sender=edition.sender, date=date, reply_to=edition.reply_to, language=edition.language, extra=automatic
    )


class Gap(NamedTuple):
    """Where `fill` puts a slot's value: its places in the text, and in the HTML."""

    slot: str
    in_text: tuple[int, ...]
    in_html: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A message with everything encoded but the readers' values."""

    common: bytes  # header fields that all readers share, and the empty line below them
    mailto: str  # the address of unsubscribing by mail, "" for none
    listed: bool  # list mail: carries List-Unsubscribe
    body: tuple[bytes, ...]  # b"" in each gap
    gaps: tuple[Gap, ...]

    def fill(self, reader: Reader) -> list[bytes]:
        """The reader's message: the header block in two chunks, then the body. CRLF, ASCII, no line begins with a dot.

        Raises AddressError when the reader's address or links cannot stand in a message.
        """
        chunks = [self._personal_fields(reader), self.common, *self.body]
        for name, in_text, in_html in self.gaps:
            text, html = _encoded(getattr(reader, name))
            for place in in_text:
                chunks[place] = text
            for place in in_html:
                chunks[place] = html
        return chunks

    def _personal_fields(self, reader: Reader) -> bytes:
        personal = mailbox_field("To", reader.name, reader.email)
        personal += raw_field("Message-ID", f"<{reader.message_id.strip('<>')}>")
        if self.listed:
            personal += _unsubscribe_field(reader.unsubscribe_url, self.mailto)
        return personal


def compile_message(content: Content, headers: Headers) -> CompiledMessage:
    """Encodes an issue once. Text comes first, HTML second, both quoted-printable; with pictures around the HTML."""
    boundary = _boundary(content)
    body = [_part_head(boundary, "plain")]
    in_text = _append(body, content.text)
    if content.pictures:
        body.append(b"\r\n" + related_head(boundary))
    body.append(b"\r\n" + _part_head(related(boundary) if content.pictures else boundary, "html"))
    in_html = _append(body, content.html)
    if content.pictures:
        body.append(attached(related(boundary), content.pictures))
    body.append(b"\r\n--" + boundary + b"--\r\n")
    return CompiledMessage(
        common=_common(content, headers, boundary),
        mailto=mailbox(headers.unsubscribe_mailbox)[1] if headers.unsubscribe_mailbox else "",
        listed=bool(headers.list_id),
        body=tuple(body),
        gaps=_by_slot(in_text, in_html),
    )


def plain_message(content: Content, headers: Headers, email: str, message_id: str) -> list[bytes]:
    """A whole message to one person, without slots: a notice. Chunks as `CompiledMessage.fill` gives them."""
    if left := used(content.html) | used(content.text):
        raise ValueError(f"a notice has no slots, but found {', '.join(sorted(left))}")
    return compile_message(content, headers).fill(Reader(email, "", "", "", message_id, ""))


def _common(content: Content, headers: Headers, boundary: bytes) -> bytes:
    fields = [
        mailbox_field("From", *mailbox(headers.sender)),
        mailbox_field("Reply-To", *mailbox(headers.reply_to)) if headers.reply_to else b"",
        text_field("Subject", content.subject),
        raw_field("Date", format_datetime(headers.date)),
    ]
    if headers.list_id:
        fields.append(list_id_field(headers.list_name, headers.list_id))
        fields += [raw_field("List-Post", "NO"), raw_field(*_ONE_CLICK)]
    fields += [raw_field(name, value) for name, value in headers.extra]
    if headers.language:
        fields.append(raw_field("Content-Language", headers.language))
    fields.append(raw_field("MIME-Version", "1.0"))
    fields.append(raw_field("Content-Type", "multipart/alternative;", f'boundary="{boundary.decode()}"'))
    return b"".join((*fields, b"\r\n"))


def _unsubscribe_field(url: str, address: str) -> bytes:
    link = f"<{web_url(url)}>"
    if not address:
        return raw_field("List-Unsubscribe", link)
    token = url.rstrip("/").rpartition("/")[2]
    return raw_field("List-Unsubscribe", f"{link},", f"<mailto:{address}?subject=unsubscribe%20{token}>")


def _encoded(value: str) -> tuple[bytes, bytes]:
    """One value for text and for HTML; most need no escaping, and then it is encoded once."""
    if is_tame(value):
        tame = value.encode("ascii")
        return tame, tame
    clean = one_line(value)
    escaped = markup.escape(clean)
    in_text = encode_short(clean)
    return in_text, in_text if escaped == clean else encode_short(escaped)


def _append(body: list[bytes], source: str) -> list[tuple[str, int]]:
    """Adds one part's pieces to `body`; tells its slots' gaps there. A gap has a line, or lines, of its own."""
    gaps: list[tuple[str, int]] = []
    parts = split(source)
    for at, part in enumerate(parts):
        if at % 2:
            gaps.append((part, len(body)))
            body.append(b"")
            continue
        piece = encode(part)
        before = SOFT if at > 0 and (piece or at < len(parts) - 1) and not piece.startswith(b"\r\n") else b""
        after = SOFT if piece and at < len(parts) - 1 and not piece.endswith(b"\r\n") else b""
        body.append(before + piece + after)
    return gaps


def _by_slot(in_text: list[tuple[str, int]], in_html: list[tuple[str, int]]) -> tuple[Gap, ...]:
    """From places in `body` to those in `fill`'s chunks, where the header block's two come first."""

    def places(found: list[tuple[str, int]], slot: str) -> tuple[int, ...]:
        return tuple(place + 2 for name, place in found if name == slot)

    slots = dict.fromkeys(name for name, _ in (*in_text, *in_html))
    return tuple(Gap(slot, places(in_text, slot), places(in_html, slot)) for slot in slots)


def _part_head(boundary: bytes, subtype: str) -> bytes:
    kind = raw_field("Content-Type", f"text/{subtype}; charset=utf-8")
    return b"--" + boundary + b"\r\n" + kind + raw_field("Content-Transfer-Encoding", "quoted-printable") + b"\r\n"


def _boundary(content: Content) -> bytes:
    """=_ never occurs in quoted-printable, so no body can hold this line; the same content has the same boundary."""
    digest = hashlib.sha256("\0".join((content.subject, content.text, content.html)).encode("utf-8", "replace"))
    return b"=_" + digest.hexdigest()[:24].encode("ascii")


def _label(key: str) -> str:
    """A key of config.yaml as a label of a domain name."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:63] or "list"


def _sender_id(domain: str) -> str:
    """Gmail's SenderId: 5 to 15 characters, the same for all that this domain sends."""
    name = re.sub(r"[^a-z0-9]+", "-", domain.lower()).strip("-")[:15].rstrip("-")
    return name if len(name) >= 5 else f"{name}-mail"
