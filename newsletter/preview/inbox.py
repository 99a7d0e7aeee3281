"""What an inbox shows before anybody opens the mail: sender, subject, and the first words of the HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import AddressHeader
from html.parser import HTMLParser

from newsletter.text.opened import Opened
from newsletter.text.preheader import FILLER

SNIPPET = 200  # characters; no mailbox shows more than 140
_FAR = 8 * SNIPPET  # what pads a preheader is longer than the preheader
_STEP = 4096  # characters that are read at once
_SILENT = ("style", "script", "title")
_PADDING = re.compile(f"[\\s{FILLER}]*(?:[{FILLER}]\\s*){{3,}}")


@dataclass(frozen=True, slots=True)
class InboxLine:
    sender: str
    subject: str
    snippet: str  # the preheader; where it ends without padding, mailboxes go on with the words below it
    padded: bool

    @property
    def initial(self) -> str:
        """The letter in the circle beside the sender."""
        return next((char.upper() for char in self.sender if char.isalnum()), "?")


def inbox_line(message: Opened) -> InboxLine:
    spoken = _first_words(message.html)
    padding = _PADDING.search(spoken)
    shown = spoken[: padding.start()] if padding else spoken
    return InboxLine(_sender(message), message.field("Subject"), " ".join(shown.split())[:SNIPPET], padding is not None)


def _sender(message: Opened) -> str:
    field = message.parsed["From"]
    if not isinstance(field, AddressHeader) or not field.addresses:
        return str(field or "")
    first = field.addresses[0]
    return str(first.display_name or first.addr_spec)


def _first_words(html: str) -> str:
    """The texts of a mail in their order, as far as an inbox may look. What is invisible counts, comments do not."""
    words = _Words()
    for start in range(0, len(html), _STEP):
        words.feed(html[start : start + _STEP])
        if words.length > _FAR:
            break
    else:
        words.close()
    return " ".join(words.found)


class _Words(HTMLParser):
    """What stands between the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.length = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT

    def handle_data(self, data: str) -> None:
        if self._silent <= 0 and data.strip():
            self.found.append(data)
            self.length += len(data)
