"""What a message would load, run or send by itself. By default it tells nobody that it was opened."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.domain.finding import Finding, warn
from newsletter.preflight.addresses import host_of
from newsletter.preflight.examined import Examined
from newsletter.preflight.listing import first_of
from newsletter.preflight.place import place_of

_ACTIVE = {
    "script": "Mail programs take scripts out, and filters distrust a message with one.",
    "form": "Gmail warns of forms, Outlook takes them out.",
    "iframe": "No mail program shows it.",
    "object": "No mail program shows it.",
    "embed": "No mail program shows it.",
    "applet": "No mail program shows it.",
    "base": "Webmail takes it out, and every relative link with it.",
}
_LOADING = ("src", "background", "poster", "data", "srcset")
_URL = re.compile(r"url\(\s*[\"']?([^\"')]*)", re.IGNORECASE)


def active_content(examined: Examined) -> Iterator[Finding]:
    for tag, why in _ACTIVE.items():
        if found := list(examined.page.all(tag)):
            yield warn(place_of(found[0]), f"The message holds <{tag}>. {why}", "Take it out; a link does it too.")
    handlers = [each for each in examined.page.root.iter() if any(name.startswith("on") for name in each.attrib)]
    if handlers:
        yield warn(place_of(handlers[0]), f"Elements with scripts in attributes: {len(handlers)}.", "Take them out.")


def style_from_elsewhere(examined: Examined) -> Iterator[Finding]:
    """Stylesheets and fonts that are fetched when the message is opened."""
    for link in examined.page.all("link"):
        if {"stylesheet", "preload", "preconnect", "dns-prefetch"} & set(link.get("rel", "").lower().split()):
            reason = f"A stylesheet or font is fetched from elsewhere: {first_of([link.get('href', '')])}."
            yield warn("<link>", reason, "Put what it says into a <style> block; use fonts that readers have.")
    for name in dict.fromkeys(name for name, _ in examined.sheet.at_rules):
        if name in ("import", "font-face"):
            reason = f"@{name} fetches from elsewhere when the message is opened, and most programs ignore it."
            yield warn("<style>", reason, "Use fonts that readers have.")


def third_party(examined: Examined) -> Iterator[Finding]:
    """Hosts, other than the site's and the media's, that learn who opened the message."""
    own = [host_of(examined.edition.site_url), examined.known.media_host]
    strangers: dict[str, list[str]] = {}
    for url in _loaded(examined):
        host = host_of(url)
        if host and not any(_is_of(host, ours) for ours in own if ours):
            strangers.setdefault(host, []).append(url)
    for host, urls in strangers.items():
        reason = f"Opening the message asks {host} for {first_of(urls)}: it learns who reads, and when."
        yield warn("HTML", reason, "Serve it from your own site.")


def _loaded(examined: Examined) -> Iterator[str]:
    """Every address that is fetched without a click."""
    for element in examined.page.root.iter():
        for name in _LOADING:
            if value := element.get(name, ""):
                yield from (
                    (part.split()[0] for part in value.split(",") if part.strip()) if name == "srcset" else [value]
                )
        yield from _URL.findall(element.get("style", ""))
    for block in examined.page.all("style"):
        yield from _URL.findall(block.text or "")


def _is_of(host: str, ours: str) -> bool:
    """The same host, or one below the other: a blog at example.org, its newsletter at news.example.org."""
    host, ours = host.removeprefix("www."), ours.lower().removeprefix("www.")
    return host == ours or host.endswith(f".{ours}") or (ours.endswith(f".{host}") and "." in host)
