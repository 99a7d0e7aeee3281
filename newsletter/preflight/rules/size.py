"""Gmail cuts a long message off, and the unsubscribe link with it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.preflight.examined import Examined
from newsletter.preflight.finding import Finding, block, warn

GMAIL_CUTS_AT = 102 * 1024  # bytes of HTML, as a reader gets it
GETS_LONG_AT = 80 * 1024


def too_long(examined: Examined) -> Iterator[Finding]:
    size = len(examined.html.encode())
    told = f"The HTML is {size / 1024:.0f} KB"
    if size > GMAIL_CUTS_AT:
        yield block("HTML", f"{told}; Gmail cuts it off at 102 KB.", "Lower `max_stories`.")
    elif size > GETS_LONG_AT:
        yield warn("HTML", f"{told}; from 102 KB on Gmail cuts it off.", "Think of fewer stories.")
