"""What laws and mailbox providers ask of a sender."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import squeezed


def postal_address(examined: Examined) -> Iterator[Finding]:
    if not examined.edition.postal_address:
        reason = "There is no `postal_address`. Many laws (CAN-SPAM among them) ask for one."
        yield warn("footer", reason, "Write it into the newsletter's section of config.yaml.")


def address_not_shown(examined: Examined) -> Iterator[Finding]:
    """A template of one's own may have forgotten it."""
    wanted = squeezed(examined.edition.postal_address)
    if not wanted:
        return
    for part, said in (("HTML", examined.page.said), ("text", examined.text)):
        if said.strip() and wanted not in squeezed(said):
            yield warn(part, f"The {part} part does not show your postal address.", "Put it into the footer.")


def not_https(examined: Examined) -> Iterator[Finding]:
    if urlsplit(examined.edition.site_url).scheme != "https":
        reason = "`site.url` is not https: mail programs offer one-click unsubscribing for https links only."
        yield warn("List-Unsubscribe", reason, "Serve the pages over https.")
