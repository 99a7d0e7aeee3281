"""The header fields of a message, decoded, each with what it is there for."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.text.opened import Opened

_MEANINGS = {
    "from": "Who writes. Its domain is the one that SPF, DKIM and DMARC must agree with.",
    "reply-to": "Where an answer goes. Without this field it goes to From.",
    "to": "The one reader of this copy.",
    "subject": "The first thing a reader sees. The rest of the inbox line is taken from the HTML.",
    "date": "When the issue began to go out; of a draft: now.",
    "message-id": "The message’s own name. A second copy after a crash has the same, so that mailboxes drop it.",
    "list-id": "Says that this is list mail, and of which list. Filters of readers go by it.",
    "list-post": "NO: nobody can write to the list.",
    "list-unsubscribe": "The way out that mail programs show beside the sender.",
    "list-unsubscribe-post": "One click is enough (RFC 8058); Gmail and Yahoo demand it of bulk senders.",
    "feedback-id": "Gmail counts complaints by it: issue, edition, newsletter, sender. It names no reader.",
    "precedence": "Asks answering machines to keep quiet.",
    "content-language": "The language of the mail.",
    "auto-submitted": "Written by a program: no holiday note comes back.",
    "x-auto-response-suppress": "The same, as Exchange understands it.",
    "mime-version": "Every mail with parts has it.",
    "content-type": "The message says the same in several forms, and the mail program shows the last that it can.",
    "dkim-signature": "Vouches for the sender’s domain and for the content.",
}
_UNKNOWN = "A field that is not of the usual ones."


@dataclass(frozen=True, slots=True)
class Field:
    """`value` is decoded, as a reader would see it."""

    name: str
    value: str
    meaning: str


def explained(message: Opened) -> list[Field]:
    """In the order in which they travel."""
    return [Field(name, str(value), _MEANINGS.get(name.lower(), _UNKNOWN)) for name, value in message.parsed.items()]
