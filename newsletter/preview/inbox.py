"""What an inbox shows before anybody opens the mail: sender, subject, and the first words of the HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import AddressHeader
from xml.etree.ElementTree import Element

import tinyhtml5

from newsletter.preview.letter import Letter

SNIPPET = 200  # characters; no mailbox shows more than 140
_SILENT = ("style", "script", "title", "head")
# What mails put behind the preheader, so that nothing else is drawn into it: joiners, soft hyphens, odd spaces.
_FILLER = "\u00ad\u034f\u061c\u115f\u17b4\u17b5\u180e\u2007\u200b-\u200f\u2060-\u2064\ufeff"
_PADDING = re.compile(f"[\\s{_FILLER}]*(?:[{_FILLER}]\\s*){{3,}}")


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


def inbox_line(letter: Letter) -> InboxLine:
    spoken = " ".join(_words(tinyhtml5.parse(letter.html, namespace_html_elements=False))) if letter.html else ""
    padding = _PADDING.search(spoken[: 4 * SNIPPET])
    shown = spoken[: padding.start()] if padding else spoken
    return InboxLine(_sender(letter), letter.field("Subject"), " ".join(shown.split())[:SNIPPET], padding is not None)


def _sender(letter: Letter) -> str:
    field = letter.message["From"]
    if not isinstance(field, AddressHeader) or not field.addresses:
        return str(field or "")
    first = field.addresses[0]
    return str(first.display_name or first.addr_spec)


def _words(element: Element) -> list[str]:
    """The texts of a page in their order. What is invisible counts, as it does in inboxes; comments do not."""
    if element.tag in _SILENT or not isinstance(element.tag, str):
        return []
    found = [element.text or ""]
    for child in element:
        found += _words(child)
        found.append(child.tail or "")
    return [text for text in found if text.strip()]
