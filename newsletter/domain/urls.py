"""One spelling for the many addresses of one page, so that two posts can be seen to be the same page."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote, urlsplit

_TRACKERS = re.compile(
    r"(?:utm|at|ns|mc|mtm|pk|piwik|matomo|hsa|vero|oly|wt|ga|stm|itm|guce|soc|mkt|elq|sc|_hs|__hs|_ga|_gl)[_.].*"
    r"|_hsenc|_hsmi|__hstc|_openstat|_ga|_gl|_branch_match_id|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|twclid|ttclid"
    r"|yclid|ysclid|igsh|igshid|li_fat_id|rdt_cid|epik|srsltid|spm|scm|xtor|ocid|s_cid|ncid|icid|cmpid?|campaign"
    r"|campaign_?id|smid|smtyp|partner|ito|ref|ref_?src|ref_?url|referrer|referer|source|src|via|from|share|shared|sharetype"
    r"|trk|trkid|tracking|tracker|trackingid|guccounter|ftag|sref|nr_email_referer|elqtrack.*|rss|amp|outputtype"
    r"|mbid|sr_share|sfns|cn-reloaded|taid|wickedid|mkt_tok|_r",
    re.IGNORECASE,
)
_HOST_LABEL = re.compile(r"(?:www\d?|m|amp|mobile)\.(?=[^.]+\.[^.]+)")
_AMP_CACHE = re.compile(r"(?:/amp)?/(?:c|v|i|amp)/(?:s/)?([^/]+\.[^/]+/?.*)")
_AMP_TAIL = re.compile(r"(?:/amp|\.amp(?=\.html?$)|\.amp$|/index\.x?html?|/amp\.html)/?$", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_PLAIN = re.compile(
    r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)*/?"
)  # most are: fast
_DRESSED = re.compile(r"//(?:www\d?|m|amp|mobile)\.|ampproject|/amp|\.amp|/index\.", re.IGNORECASE)
_FRONT = re.compile(r"(?:https?://[^/?#]*)?")
_PORTS = {"http": "80", "https": "443"}


def canonical(url: str) -> str:
    """The address without what does not change the page; the same for every spelling of it.

    Gone are the scheme's kind, `www.`, `m.` and `amp.`, default ports, a trailing slash, `index.html`, `/amp`,
    the fragment, the order of the query and the parameters that only tell where a reader came from.
    Canonical twice is canonical once. What is not http(s) comes back as it is, stripped.
    """
    text = url.strip()
    return text.rstrip("/") if _PLAIN.fullmatch(text) and not _DRESSED.search(text) else _undress(text)


def _undress(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return text
    if parts.scheme.lower() not in _PORTS or not host:
        return text
    cached = _AMP_CACHE.fullmatch(parts.path) if _is_amp_cache(host, parts.path) else None
    if cached:
        return canonical(f"https://{cached[1]}" + (f"?{parts.query}" if parts.query else ""))
    netloc = _host(host) + (f":{port}" if port and str(port) not in _PORTS.values() else "")
    route = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
    query = _query(parts.query)
    return f"https://{netloc}{_path(parts.path)}" + (f"?{query}" if query else "") + route


def is_page(address: str) -> bool:
    """False for a site's front page (canonical), which many posts may link to without being the same post."""
    return not _FRONT.fullmatch(address)


def _is_amp_cache(host: str, path: str) -> bool:
    return host.endswith(".cdn.ampproject.org") or (
        host in ("google.com", "www.google.com") and path.startswith("/amp/")
    )


def _host(host: str) -> str:
    with suppress(UnicodeError):
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    return _until_still(_without_label, host.lower())


def _without_label(host: str) -> str:
    return host[label.end() :] if (label := _HOST_LABEL.match(host)) else host


def _path(path: str) -> str:
    return _until_still(_path_once, path)


def _path_once(path: str) -> str:
    spelled = quote(_ESCAPE.sub(_spell, path), safe="/!$&'()*+,;=:@~%-._")
    clean = posixpath.normpath("/" + spelled.lstrip("/"))
    return _AMP_TAIL.sub("", clean).rstrip("/")


def _spell(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if char.isascii() and (char.isalnum() or char in "-._~") else escape[0].upper()


def _query(query: str) -> str:
    kept = [pair for pair in query.split("&") if pair and not _TRACKERS.fullmatch(pair.partition("=")[0])]
    return "&".join(sorted(set(kept)))


def _until_still(step: Callable[[str], str], text: str) -> str:
    while (after := step(text)) != text:
        text = after
    return text
