"""What every question to the web has in common: guarded connections, redirects, and what went wrong in words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpcore2
import httpx2

from newsletter.sources.guard import Deadline, GuardedBackend

MOST_REDIRECTS = 8
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
NOTHING_PRIVATE = ("", 0)
"""No host and port that may be on a private network."""


@contextmanager
def connections(seconds: float, trusted: tuple[str, int]) -> Iterator[httpcore2.ConnectionPool]:
    """For one question, its redirects included, of so many seconds. `trusted` (host, port) may be private."""
    backend = GuardedBackend(Deadline(seconds), trusted)
    with httpcore2.ConnectionPool(ssl_context=httpx2.create_ssl_context(), network_backend=backend) as pool:
        yield pool


def core_url(url: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def host_header(url: httpx2.URL) -> str:
    return url.netloc.decode("ascii")


def headers_of(response: httpcore2.Response) -> dict[str, str]:
    """By their names in lower case; of a name that comes twice the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}


def plainly(error: Exception) -> str:
    """Why there is no connection."""
    text = str(error)
    if "refused" in text:
        return "nothing listens there (connection refused)"
    reason = error.args[0] if error.args else None
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message})"
    if any(word in text for word in ("Name or service", "getaddrinfo", "nodename", "Temporary failure", "No address")):
        return "nobody knows that name"
    return text or type(error).__name__
