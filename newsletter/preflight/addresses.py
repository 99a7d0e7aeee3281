"""The addresses in a message: which lead to the web, which are our own, which lie where no reader gets to."""

from __future__ import annotations

import re

from newsletter.preflight.examined import Examined
from newsletter.text import links

_OURS = ("unsubscribe/", "preferences/", "archive/", "subscribe/", "confirm/", "media/")  # pages of the web part


def to_ask(examined: Examined) -> list[str]:
    """All pictures, and the links that strangers answer for, each once.

    Links to our own pages are left out: this issue is not in the archive yet, and a reader's links are the reader's.
    """
    site = examined.edition.site_url
    foreign = [link for link in examined.page.targets if not is_ours(link, site)]
    found = dict.fromkeys((*foreign, *examined.page.sources))
    return [url for url in found if is_web(url) and not is_private(url)]


def is_web(url: str) -> bool:
    return bool(re.match(r"https?://[^/\s]", url, re.IGNORECASE))


def is_ours(url: str, site_url: str) -> bool:
    """Whether it is a page that `newsletter serve` shows."""
    site = site_url.rstrip("/") + "/"
    return url.startswith(tuple(site + page for page in _OURS))


def is_private(url: str) -> bool:
    """Whether, as it is written, it lies on this machine or on a private network."""
    return is_web(url) and not links.is_public_host(host_of(url))


def host_of(url: str) -> str:
    """Its host, in lower case; "" where it has none, or is no address at all."""
    try:
        return links.host_of(url)
    except ValueError:
        return ""
