"""The reader whose message is the longest that an issue is likely to become."""

from __future__ import annotations

from newsletter.domain.subscriber import Reader
from newsletter.text.slots import fill_html, used, values

_TOKEN = "t" * 64  # of the tenth million's reader of a newsletter with a name of 20 letters
_LONG = Reader(
    email=f"{'a' * 44}@{'b' * 31}.com",  # of 100 addresses 99 are shorter
    name="N" * 60,
    unsubscribe_url="",
    preferences_url="",
    message_id="",
    since="30 September 2026, a Wednesday",
)


def longest(site_url: str) -> Reader:
    """`site_url` is where the links of readers begin."""
    site = site_url.rstrip("/")
    return _LONG._replace(
        unsubscribe_url=f"{site}/unsubscribe/{_TOKEN}", preferences_url=f"{site}/preferences/{_TOKEN}"
    )


def html_bytes(html: str, site_url: str) -> int:
    """Bytes of an issue's HTML once its slots are filled with long values: what Gmail counts, for it decodes first."""
    filling = dict.fromkeys(used(html), "") | values(longest(site_url))
    return len(fill_html(html, filling).encode())
