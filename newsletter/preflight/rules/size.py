"""Gmail cuts a long message off, and the unsubscribe link with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.finding import Finding, block, warn
from newsletter.preflight.examined import Examined
from newsletter.preflight.plausible import html_bytes

GMAIL_CUTS_AT = 102 * 1024  # bytes of HTML after decoding, as a reader gets it
GETS_LONG_AT = 80 * 1024


def too_long(examined: Examined) -> Iterator[Finding]:
    """For this reader, or for one with long values if that is more. `build` has shortened what could be shortened."""
    size = max(len(examined.html.encode()), html_bytes(examined.issue.html, examined.edition.site_url))
    told = f"The HTML is {_kb(size)} as Gmail counts it, with a reader's values in it{_on_the_way(examined)}"
    if size > GMAIL_CUTS_AT:
        yield block("HTML", f"{told}; Gmail cuts it off at 102 KB.", "Lower `max_stories`, or shorten the lead story.")
    elif size > GETS_LONG_AT:
        yield warn("HTML", f"{told}; from 102 KB on Gmail cuts it off.", "Think of fewer stories.")


def _on_the_way(examined: Examined) -> str:
    """The part as it travels: quoted-printable makes it longer, three bytes for each that is not ASCII."""
    part = re.search(rb"Content-Type: text/html.*?\r\n\r\n(.*?)\r\n--=_", examined.raw, re.DOTALL)
    return f" ({_kb(len(part[1]))} on its way, encoded)" if part else ""


def _kb(size: int) -> str:
    return f"{size / 1024:.0f} KB"
