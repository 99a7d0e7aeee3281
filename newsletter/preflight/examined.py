"""What the rules look at, made once for all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from functools import cached_property

from newsletter.domain.edition import Edition
from newsletter.domain.issue import Issue
from newsletter.preflight.css import Sheet, sheet
from newsletter.preflight.features import Use, used
from newsletter.preflight.known import Known
from newsletter.preflight.page import Page
from newsletter.preflight.painting import Painting
from newsletter.text.opened import Opened


@dataclass(frozen=True)
class Examined:
    """An issue, the message that one reader gets of it, and what is known beside it.

    `raw` is that message, b"" when it could not be made; `trouble` says why then.
    """

    issue: Issue
    edition: Edition
    raw: bytes
    trouble: str = ""
    known: Known = field(default_factory=Known)

    def knowing(self, known: Known) -> Examined:
        """The same message with something else known beside it; what was taken apart need not be again."""
        other = replace(self, known=known)
        vars(other).update(vars(self) | {"known": known})
        return other

    @cached_property
    def opened(self) -> Opened:
        return Opened(self.raw)

    @property
    def message(self) -> EmailMessage:
        return self.opened.parsed

    @property
    def html(self) -> str:
        """The HTML part as the reader gets it."""
        return self.opened.html

    @property
    def text(self) -> str:
        """The text part as the reader gets it."""
        return self.opened.text

    @cached_property
    def page(self) -> Page:
        return Page(self.html)

    @cached_property
    def way_out(self) -> str:
        """The address behind the reader's unsubscribe link, as the header names it; "" when it names none."""
        found = re.search(r"<(https?://[^<>\s]+)>", str(self.message["List-Unsubscribe"] or ""))
        return found[1] if found else ""

    @cached_property
    def sheet(self) -> Sheet:
        """What the <style> blocks of the HTML part hold."""
        return sheet(self.page.all("style"))

    @cached_property
    def painting(self) -> Painting:
        return Painting(self.page, self.sheet.rules)

    @cached_property
    def features(self) -> tuple[Use, ...]:
        """What the HTML part asks of mail programs."""
        return tuple(used(self.page, self.sheet))
