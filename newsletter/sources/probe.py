"""Whether something answers at an address that stands in somebody else's text.

HEAD first, for it costs the server nothing; GET where HEAD is refused. The fetch guard judges each connection: nothing
on a private network is asked, not even by a redirect.
"""

from __future__ import annotations

from datetime import datetime

import httpcore2
import httpx2

from newsletter.domain.answer import Answer
from newsletter.errors import OffLimits
from newsletter.sources.web import (
    MOST_REDIRECTS,
    NOTHING_PRIVATE,
    PERMANENT,
    REDIRECTS,
    connections,
    core_url,
    headers_of,
    host_header,
    plainly,
)

SECONDS = 10.0  # from the first byte to the last
_BUSY = 429
_TIMEOUTS = {"connect": 5.0, "read": 8.0, "write": 5.0, "pool": 5.0}
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; newsletter link check)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


def probe(url: str, now: datetime, trusted: tuple[str, int] | None = None, seconds: float = SECONDS) -> Answer:
    """What the web says of `url`; never raises. `trusted` (host, port) may be private: the operator's own."""
    try:
        with connections(seconds, trusted or NOTHING_PRIVATE) as pool:
            answer = _followed(pool, "HEAD", url, now)
            return answer if answer.status < 400 or answer.status == _BUSY else _followed(pool, "GET", url, now)
    except OffLimits as error:
        return Answer(url, now, trouble=str(error), private=True)
    except httpcore2.TimeoutException:
        return Answer(url, now, trouble=f"nothing came within {seconds:g} seconds")
    except httpcore2.ConnectError as error:
        return Answer(url, now, trouble=plainly(error))
    except (httpcore2.ProtocolError, httpcore2.NetworkError, httpcore2.UnsupportedProtocol, OSError):
        return Answer(url, now, trouble="the answer broke off or was no HTTP")
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        return Answer(url, now, trouble="it is no web address")


def _followed(pool: httpcore2.ConnectionPool, method: str, url: str, now: datetime) -> Answer:
    at, moved_to, permanent = httpx2.URL(url), "", True
    for _ in range(MOST_REDIRECTS + 1):
        if at.scheme not in ("http", "https") or not at.host:
            return Answer(url, now, trouble="it leads to what is no web address")
        status, headers = _asked(pool, method, at)
        location = headers.get("location", "")
        if status not in REDIRECTS or not location:
            return Answer(url, now, status, moved_to, headers.get("content-type", "").partition(";")[0].strip().lower())
        permanent = permanent and status in PERMANENT
        at = at.join(location)
        moved_to = str(at) if permanent else moved_to
    return Answer(url, now, trouble=f"it is redirected more than {MOST_REDIRECTS} times")


def _asked(pool: httpcore2.ConnectionPool, method: str, url: httpx2.URL) -> tuple[int, dict[str, str]]:
    """Status and headers; a body is not waited for."""
    headers = {"Host": host_header(url), **_HEADERS}
    with pool.stream(
        method, core_url(url), headers=list(headers.items()), extensions={"timeout": _TIMEOUTS}
    ) as response:
        return response.status, headers_of(response)
