"""Pictures, and what is left of the message without them."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.preflight.examined import Examined
from newsletter.preflight.finding import Finding, warn


def no_alt(examined: Examined) -> Iterator[Finding]:
    without = sum("alt" not in picture.attrib for picture in examined.page.all("img"))
    if without:
        reason = f"Pictures without an alt attribute: {without}. Readers without pictures learn nothing of them."
        yield warn("HTML", reason, 'Give each an `alt`, an empty one (`alt=""`) where it is decoration.')
