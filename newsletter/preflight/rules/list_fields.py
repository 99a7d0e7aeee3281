"""What makes it list mail: List-* (RFC 2369, 2919, 8058), Feedback-ID, Precedence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.domain.finding import REPORT, Finding, block, warn
from newsletter.preflight.addresses import is_private
from newsletter.preflight.examined import Examined
from newsletter.preflight.headers import header_fields, miscounted

_ONCE = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
_AT_MOST_ONCE = ("List-Post", "List-Help", "List-Subscribe", "List-Owner", "List-Archive")
_SETTINGS = "Write `site.url` in plain letters, https:// in front and nothing but the host and a path behind."
_URIS = re.compile(r"<[a-z][a-z0-9+.-]*:[^<>\s]+>(?:\s*,\s*<[a-z][a-z0-9+.-]*:[^<>\s]+>)*", re.IGNORECASE)
_LIST_ID = re.compile(r"(?:.*?\s)?<([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)>", re.DOTALL)
_FEEDBACK = re.compile(r"[^:]*:[^:]*:[^:]*:([^:\s]+)")


def list_field(examined: Examined) -> Iterator[Finding]:
    if not examined.raw:
        return
    yield from miscounted(examined, _ONCE, _AT_MOST_ONCE)
    for name in _AT_MOST_ONCE:
        value = _value(examined, name)
        if value and not _URIS.fullmatch(value) and (name, value) != ("List-Post", "NO"):
            yield block(name, f"{name} is no list of addresses in < and >: {value[:80]}.", _SETTINGS)


def one_click(examined: Examined) -> Iterator[Finding]:
    """RFC 8058: mail programs POST to it at a click, and want https for that."""
    if not examined.raw:
        return
    value = _value(examined, "List-Unsubscribe")
    if not examined.way_out:
        yield block("List-Unsubscribe", "List-Unsubscribe holds no web address.", "Set `site.url`.")
    elif not _URIS.fullmatch(value):
        reason = f"List-Unsubscribe is no list of addresses in < and >: {value[:80]}."
        yield block("List-Unsubscribe", reason, _SETTINGS)
    if len(re.findall(r"<https?:", value, re.IGNORECASE)) > 1:
        reason = "List-Unsubscribe holds several web addresses; mail programs POST to one."
        yield block("List-Unsubscribe", reason, REPORT)
    if any(b"=?" in field for field in header_fields(examined) if field.lower().startswith(b"list-unsubscribe:")):
        reason = "List-Unsubscribe holds encoded words, which mail programs do not read."
        yield block("List-Unsubscribe", reason, _SETTINGS)
    if _value(examined, "List-Unsubscribe-Post") not in ("List-Unsubscribe=One-Click", ""):
        reason = "List-Unsubscribe-Post is not exactly List-Unsubscribe=One-Click."
        yield block("List-Unsubscribe-Post", reason, REPORT)


def list_id(examined: Examined) -> Iterator[Finding]:
    value = _value(examined, "List-Id")
    if not value:
        return
    found = _LIST_ID.fullmatch(value)
    if not found or len(found[1]) > 255:
        reason = f"List-Id does not end in <label.domain> of at most 255 characters: {value[:80]}."
        yield block("List-Id", reason, "It is the edition's and the newsletter's key at the domain of `sender`.")


def feedback_id(examined: Examined) -> Iterator[Finding]:
    """Gmail groups its spam reports by it: three parts of ours, then who sends; never a reader."""
    if not (value := _value(examined, "Feedback-ID")):
        return
    found = _FEEDBACK.fullmatch(value)
    if not found or not 5 <= len(found[1]) <= 15:
        reason = f"Feedback-ID is not a:b:c:sender with a sender of 5 to 15 characters: {value[:80]}."
        yield warn("Feedback-ID", reason, "Gmail ignores it like this.")
    elif "@" in value:
        yield warn("Feedback-ID", "Feedback-ID names a mailbox.", "It is to be the same for all readers.")


def what_kind_of_mail(examined: Examined) -> Iterator[Finding]:
    """An issue is list mail that people asked for, and no program's answer."""
    if not examined.raw:
        return
    if (value := _value(examined, "Precedence").lower()) not in ("", "bulk", "list"):
        yield warn("Precedence", f"Precedence is {value[:40]}; it is bulk, list or absent.", REPORT)
    if _value(examined, "Auto-Submitted"):
        reason = "Auto-Submitted says that a program answers; some mailboxes put such mail aside."
        yield warn("Auto-Submitted", reason, "It belongs to notices, not to issues.")


def unsubscribe_port(examined: Examined) -> Iterator[Finding]:
    """The link that providers open for the reader, from their own servers."""
    url = examined.way_out
    if url and not is_private(url) and (urlsplit(url).port or 443) not in (80, 443):
        reason = "The unsubscribe link leads to a port that is none of the web's; mailbox providers may not open it."
        yield warn("List-Unsubscribe", reason, "Put the pages behind a web server on port 443, and set `site.url`.")


def _value(examined: Examined, name: str) -> str:
    return " ".join(str(examined.message[name] or "").split())
