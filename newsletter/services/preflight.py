"""The checks that an issue passes before it may be sent. It looks at the message as a reader gets it.

BLOCK is what is certainly broken; WARN is what depends on taste, on the network or on the reader's mail client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from html.parser import HTMLParser
from urllib.parse import urlsplit

from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue
from newsletter.domain.subscriber import Reader
from newsletter.errors import Blocked, NewsletterError
from newsletter.text.message import Content, Headers, compile_message
from newsletter.text.slots import CLOSE, OPEN, SLOTS, used

GMAIL_CUTS_AT = 102 * 1024  # bytes of HTML; below it stands "Message clipped", and the unsubscribe link is gone
GETS_LONG_AT = 80 * 1024
_SYNTAX = re.compile(r"\{\{[^}<&\n]{0,60}(?:\}\})?|\{%[^%<&\n]{0,60}(?:%\})?|<mj-[a-z]+")
_ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
_LISTED = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")


class Level(StrEnum):
    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found; `message` is reason and remedy in a sentence or two."""

    level: Level
    message: str


def preflight(issue: Issue, edition: Edition, headers: Headers, reader: Reader) -> list[Finding]:
    """All findings, blocking ones first. `reader` is anyone with links of the usual length."""
    blocks = list(_slots(issue)) or list(_message(issue, headers, reader))
    warnings = [*_content(issue), *_links(issue), *_edition(edition)]
    return [
        *(Finding(Level.BLOCK, message) for message in blocks),
        *(Finding(Level.WARN, message) for message in warnings),
    ]


def blocking(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is Level.BLOCK]


def demand(findings: list[Finding]) -> None:
    """Raises Blocked, with every blocking reason in it, when there is one."""
    if reasons := [finding.message for finding in blocking(findings)]:
        raise Blocked("This issue must not be sent: " + " ".join(reasons))


def _slots(issue: Issue) -> Iterator[str]:
    for part, source in (("HTML", issue.html), ("text", issue.text)):
        if unknown := used(source) - set(SLOTS):
            yield f"The {part} part holds a slot that nothing fills: {', '.join(sorted(unknown))}."
        elif source.count(OPEN) != source.count(CLOSE) or source.count(OPEN) != len(_whole_slots(source)):
            yield f"The {part} part holds a broken slot. Build the issue again."
    for part, source in (("subject", issue.subject), ("preheader", issue.preheader)):
        if OPEN in source or CLOSE in source:
            yield f"The {part} holds a slot, but it is the same for all readers. Take the slot out of the template."


def _whole_slots(source: str) -> list[str]:
    return re.findall(f"{OPEN}[a-z_]+{CLOSE}", source)


def _message(issue: Issue, headers: Headers, reader: Reader) -> Iterator[str]:
    """What a reader would get, taken apart again."""
    if not issue.html.strip():
        yield "The HTML part is empty."
    for part, source in (("HTML", issue.html), ("text", issue.text)):
        if source.strip() and "unsubscribe_url" not in used(source):
            yield f"The {part} part has no unsubscribe link. Put {{{{ slot('unsubscribe_url') }}}} into its template."
    try:
        raw = b"".join(compile_message(Content(issue.subject, issue.html, issue.text), headers).fill(reader))
    except (NewsletterError, ValueError) as error:
        yield f"The message cannot be made: {error}"
        return
    message = message_from_bytes(raw, policy=policy.default)
    yield from _headers(message, raw)
    body = message.get_body(("html",))
    size = len(body.get_content().encode()) if body else 0
    if size > GMAIL_CUTS_AT:
        yield f"The HTML is {size / 1024:.0f} KB; Gmail cuts it off at 102 KB. Lower `max_stories`."


def _headers(message: EmailMessage, raw: bytes) -> Iterator[str]:
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    if not raw.isascii() or any(len(line) > 998 for line in head):
        yield "A header is not plain ASCII in lines of at most 998 characters."
    for name in (*_ONCE, *_LISTED):
        if len(message.get_all(name, [])) != 1:
            yield f"The header {name} stands there {len(message.get_all(name, []))} times; it belongs there once."
    if not str(message["Subject"]).strip():
        yield "The subject is empty."
    if not re.match(r"<https?://[^<>\s]+>", str(message["List-Unsubscribe"])):
        yield "List-Unsubscribe holds no web address. Set `site.url`."
    if defects := [defect for name in _ONCE for defect in getattr(message[name], "defects", ())]:
        yield f"A header is malformed: {defects[0]}"


def _content(issue: Issue) -> Iterator[str]:
    size = len(issue.html.encode())
    if GETS_LONG_AT < size <= GMAIL_CUTS_AT:
        yield f"The HTML is {size / 1024:.0f} KB; from 102 KB on Gmail cuts it off. Think of fewer stories."
    for part, source in (("subject", issue.subject), ("HTML part", issue.html), ("text part", issue.text)):
        if found := _SYNTAX.search(source):
            yield f"The {part} holds what looks like template syntax: {found[0][:60]}. Was a value meant?"
    if not issue.text.strip():
        yield "There is no text part. Some readers see nothing but that."
    if homeless := [story.title for story in issue.stories if not _is_on_the_web(story.url)]:
        yield (
            f"{len(homeless)} of {len(issue.stories)} stories have no web address, so no reader can open them, "
            f"first: {homeless[0]}. Name the site's `url` in its _config.yml, or in its source in config.yaml."
        )
    missing = [story.title for story in issue.stories if _is_on_the_web(story.url) and story.url not in issue.text]
    if issue.text.strip() and missing:
        yield f"The text part lacks {len(missing)} of {len(issue.stories)} stories, first: {missing[0]}."


def _links(issue: Issue) -> Iterator[str]:
    page = _Page()
    page.feed(issue.html)
    if page.without_alt:
        yield f"Pictures without an alt attribute: {page.without_alt}. Readers without pictures learn nothing of them."
    local = sorted({url for url in page.links if _is_local(url)})
    if local:
        yield f"A link leads to this machine, where no reader gets to: {local[0]}. Is `site.url` right?"
    if page.empty:
        yield f"Links that lead nowhere: {page.empty}."


def _edition(edition: Edition) -> Iterator[str]:
    if not edition.postal_address:
        yield "There is no `postal_address`. Many laws (CAN-SPAM among them) ask for one."
    if urlsplit(edition.site_url).scheme != "https":
        yield "`site.url` is not https: mail programs offer one-click unsubscribing for https links only."


def _is_on_the_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _is_local(url: str) -> bool:
    host = (urlsplit(url).hostname or "") if "://" in url else ""
    return host == "localhost" or host.startswith("127.") or host in ("::1", "0.0.0.0")  # noqa: S104 - a comparison


class _Page(HTMLParser):
    """Counts pictures without alt and links without a goal."""

    def __init__(self) -> None:
        super().__init__()
        self.without_alt = 0
        self.empty = 0
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img" and "alt" not in given:
            self.without_alt += 1
        if tag == "a" and "href" in given:
            href = given["href"] or ""
            self.links.append(href)
            self.empty += href.strip() in ("", "#")
