"""Where the links lead."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.preflight.examined import Examined
from newsletter.preflight.finding import Finding, warn


def to_this_machine(examined: Examined) -> Iterator[Finding]:
    local = sorted({url for link in examined.page.links if _is_local(url := link.get("href", ""))})
    if local:
        reason = f"A link leads to this machine, where no reader gets to: {local[0]}."
        yield warn("HTML", reason, "Is `site.url` right?")


def leads_nowhere(examined: Examined) -> Iterator[Finding]:
    empty = sum(link.get("href", "").strip() in ("", "#") for link in examined.page.links)
    if empty:
        yield warn("HTML", f"Links that lead nowhere: {empty}.", "Give each an address, or take it out.")


def _is_local(url: str) -> bool:
    try:
        host = (urlsplit(url).hostname or "") if "://" in url else ""
    except ValueError:
        return False
    return host == "localhost" or host.startswith("127.") or host in ("::1", "0.0.0.0")  # noqa: S104 - a comparison
