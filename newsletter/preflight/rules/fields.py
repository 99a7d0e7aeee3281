"""The header block: each field once, in a form that every server passes on and every client reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email.headerregistry import Address
from email.utils import parsedate_to_datetime

from newsletter.domain.finding import REPORT, Finding, block, warn
from newsletter.preflight.examined import Examined
from newsletter.preflight.headers import header_block, header_fields, miscounted

_ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
_AT_MOST_ONCE = ("Sender", "Reply-To", "Precedence", "Feedback-ID", "Content-Language", "Return-Path")
_ADVISED, _MOST = 78, 998  # characters of a line (RFC 5322), without its end
_LONGEST_ID = 250
_FUTURE, _PAST = timedelta(hours=1), timedelta(days=30)
_SETTINGS = "Write plain letters and a whole address into `sender`, `reply_to` and `site.url` of config.yaml."
_MESSAGE_ID = re.compile(r"<([!-;=?A-~]+)@([A-Za-z0-9.-]+\.[A-Za-z0-9-]+)>")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=")


def cannot_be_made(examined: Examined) -> Iterator[Finding]:
    if not examined.issue.html.strip():
        yield block("HTML", "The HTML part is empty.", "Build it again; look at your digest.mjml if you have one.")
    if examined.trouble:
        yield block("message", f"The message cannot be made: {examined.trouble}", _SETTINGS)


def field(examined: Examined) -> Iterator[Finding]:
    if not examined.raw:
        return
    yield from miscounted(examined, _ONCE, _AT_MOST_ONCE)
    for name in _ONCE:
        for defect in getattr(examined.message[name], "defects", ()):
            yield block(name, f"A header is malformed: {defect}", _SETTINGS)
    if not str(examined.message["Subject"]).strip():
        yield block("Subject", "The subject is empty.", "Write a `subject` in config.yaml.")


def sender(examined: Examined) -> Iterator[Finding]:
    """One mailbox in From, at a domain that can have a DKIM key; a Sender only where it is another."""
    if not examined.raw:
        return
    addresses = _addresses(examined, "From")
    if len(addresses) != 1 or not addresses[0].username or not addresses[0].domain:
        yield block("From", "From names no single mailbox.", 'Write `sender: "Name <you@example.org>"`.')
        return
    if "." not in addresses[0].domain:
        reason = f"From is at {addresses[0].domain}, which is no domain that others know."
        yield block("From", reason, "Send from a domain of yours, one with a dot in it.")
    if _addresses(examined, "Sender") == addresses:
        yield warn("Sender", "Sender repeats From.", "Leave it out: it is for whoever sends on behalf of another.")


def date(examined: Examined) -> Iterator[Finding]:
    """Without a zone, or far from now, a date is a sign of spam."""
    if not examined.raw:
        return
    try:
        at = parsedate_to_datetime(str(examined.message["Date"]))
    except (TypeError, ValueError):
        yield block("Date", "Date is no date.", REPORT)
        return
    now = examined.known.now
    if at.tzinfo is None:
        yield block("Date", "Date has no zone.", REPORT)
    elif now and not now - _PAST <= at <= now + _FUTURE:
        yield warn("Date", f"The message is dated {at:%Y-%m-%d %H:%M}, far from now.", "Is this machine's clock right?")


def message_id(examined: Examined) -> Iterator[Finding]:
    if not examined.raw:
        return
    written = str(examined.message["Message-ID"] or "").strip()
    found = _MESSAGE_ID.fullmatch(written)
    if not found or len(written) > _LONGEST_ID:
        yield block("Message-ID", f"Message-ID has no form that servers accept: {written[:80]}.", _SETTINGS)
        return
    addresses = _addresses(examined, "From")
    if addresses and found[2].lower() != addresses[0].domain.lower():
        reason = f"Message-ID is of {found[2]}, From of {addresses[0].domain}."
        yield warn("Message-ID", reason, "Spam filters like them to be the same.")


def header_lines(examined: Examined) -> Iterator[Finding]:
    if not examined.raw:
        return
    head = header_block(examined)
    lines = head.split(b"\r\n")
    if not head.isascii() or max(map(len, lines)) > _MOST:
        reason = f"A header is not plain ASCII in lines of at most {_MOST} characters."
        yield block("headers", reason, REPORT)
    elif long := [line for line in lines if len(line) > _ADVISED and b" " in line.strip().partition(b" ")[2]]:
        reason = f"A header line has {len(long[0])} characters; {_ADVISED} are advised."
        yield warn("headers", reason, "Shorten the names in config.yaml: of the newsletter, its edition, its `sender`.")
    if any(not line.strip() for line in lines) or not re.match(rb"[!-9;-~]+:", lines[0]):
        yield block("headers", "The header block is broken: an empty line, or a line that is no field.", REPORT)


def encoded_words(examined: Examined) -> Iterator[Finding]:
    """RFC 2047: at most 75 characters each, on a line of at most 76, never inside an address or a link."""
    for line in header_fields(examined):
        name = line.partition(b":")[0].decode("ascii", "replace")
        found = _ENCODED_WORD.findall(line)
        if any(len(word) > 75 for word in found):
            yield block(name, "An encoded word is longer than 75 characters; clients show it raw.", REPORT)
        if found and any(len(part) > 76 for part in line.split(b"\r\n") if _ENCODED_WORD.search(part)):
            yield block(name, "A line with an encoded word is longer than 76 characters.", REPORT)
        if re.search(rb"<[^>]*=\?[^>]*\?=[^>]*>", line):
            reason = "An encoded word stands inside an address or a link, where nobody decodes it."
            yield block(name, reason, _SETTINGS)


def _addresses(examined: Examined, name: str) -> tuple[Address, ...]:
    return tuple(getattr(examined.message[name], "addresses", ()))
