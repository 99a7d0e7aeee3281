"""The header block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.preflight.examined import Examined
from newsletter.preflight.finding import Finding, block

_ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
_LISTED = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")


def cannot_be_made(examined: Examined) -> Iterator[Finding]:
    if not examined.issue.html.strip():
        yield block("HTML", "The HTML part is empty.")
    if examined.trouble:
        yield block("message", f"The message cannot be made: {examined.trouble}")


def field(examined: Examined) -> Iterator[Finding]:
    if not examined.raw:
        return
    message = examined.message
    head = examined.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    if not examined.raw.isascii() or any(len(line) > 998 for line in head):
        yield block("headers", "A header is not plain ASCII in lines of at most 998 characters.")
    for name in (*_ONCE, *_LISTED):
        if (times := len(message.get_all(name, []))) != 1:
            yield block(name, f"The header {name} stands there {times} times; it belongs there once.")
    if not str(message["Subject"]).strip():
        yield block("Subject", "The subject is empty.")
    if not re.match(r"<https?://[^<>\s]+>", str(message["List-Unsubscribe"])):
        yield block("List-Unsubscribe", "List-Unsubscribe holds no web address.", "Set `site.url`.")
    for name in _ONCE:
        for defect in getattr(message[name], "defects", ()):
            yield block(name, f"A header is malformed: {defect}")
