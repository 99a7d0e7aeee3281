"""Gmail cuts a long message off, and the unsubscribe link with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.finding import Finding, block, warn
from newsletter.domain.size import CUT, KB, LONG
from newsletter.preflight.examined import Examined
from newsletter.preflight.plausible import html_bytes


def too_long(examined: Examined) -> Iterator[Finding]:
    """For this reader, or for one with long values if that is more. `build` has shortened what could be shortened."""
    size = max(len(examined.html.encode()), html_bytes(examined.issue.html, examined.edition.site_url))
    told = f"The HTML is {_kb(size)} as Gmail counts it, with a reader's values in it{_on_the_way(examined)}"
    if size > CUT:
        yield block(
            "HTML", f"{told}; Gmail cuts it off at {_kb(CUT)}.", "Lower `max_stories`, or shorten the lead story."
        )
    elif size > LONG:
        yield warn("HTML", f"{told}; from {_kb(CUT)} on Gmail cuts it off.", "Think of fewer stories.")


def _on_the_way(examined: Examined) -> str:
    """The part as it travels: quoted-printable makes it longer, three bytes for each that is not ASCII."""
    part = re.search(rb"Content-Type: text/html.*?\r\n\r\n(.*?)\r\n--=_", examined.raw, re.DOTALL)
    return f" ({_kb(len(part[1]))} on its way, encoded)" if part else ""


def _kb(size: int) -> str:
    return f"{size / KB:.0f} KB"
