"""What laws and mailbox providers ask of a sender."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.preflight.examined import Examined
from newsletter.preflight.finding import Finding, warn


def postal_address(examined: Examined) -> Iterator[Finding]:
    if not examined.edition.postal_address:
        reason = "There is no `postal_address`. Many laws (CAN-SPAM among them) ask for one."
        yield warn("footer", reason, "Write it into the newsletter's section of config.yaml.")


def not_https(examined: Examined) -> Iterator[Finding]:
    if urlsplit(examined.edition.site_url).scheme != "https":
        reason = "`site.url` is not https: mail programs offer one-click unsubscribing for https links only."
        yield warn("List-Unsubscribe", reason, "Serve the pages over https.")
