"""Documents from the web: redirects, sizes, time and addresses within limits, errors in words for people.

`fetch` trusts the address it is given (the operator wrote it), private networks included, but no redirect that leads
from there to a private network. `fetch_picture` trusts none: a post named it.
"""

from __future__ import annotations

import base64
import email.utils
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpcore2
import httpx2

from newsletter.domain.picture import MOST_BYTES
from newsletter.errors import OffLimits, SourceError
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

LONGEST_WAIT = timedelta(days=7)  # a Retry-After beyond this is a slip, not a wish
_CALM = timedelta(minutes=15)  # after a 429 that names no time
_PACKINGS = frozenset({"", "gzip", "x-gzip", "deflate"})
_USER_AGENT = "newsletter (feed reader)"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one fetch: `seconds` from its first to its last byte, `size` in bytes after decompression."""

    seconds: float = 30.0
    size: int = 16_000_000
    what: str = "feed"  # that is no larger


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: status 200, or 304 with an empty body. Header names are in lower case.

    `moved_to` is the new address when the server said that the old one is gone for good.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    moved_to: str | None = None


class AskLater(SourceError):
    """The server asks not to be asked before `until`."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


def fetch(url: str, headers: Mapping[str, str], now: datetime, limits: Limits = LIMITS) -> Fetched:
    """The document at an address that the operator chose.

    Raises AskLater, OffLimits for a redirect to a private network, SourceError for all else.
    """
    parsed = _parsed(url)
    return _Conversation(parsed, headers, now, limits, trusted=_origin(parsed)).run()


def fetch_picture(url: str, headers: Mapping[str, str], now: datetime, seconds: float) -> Fetched:
    """The picture at an address that somebody else chose.

    Raises OffLimits for one on a private network, or on a port that is none of the web's; SourceError for all else.
    """
    limits = Limits(seconds, MOST_BYTES, "picture")
    return _Conversation(_parsed(url), headers, now, limits, trusted=NOTHING_PRIVATE).run()


@dataclass(frozen=True)
class _Conversation:
    url: httpx2.URL
    headers: Mapping[str, str]
    now: datetime
    limits: Limits
    trusted: tuple[str, int]

    def run(self) -> Fetched:
        place = _shown(self.url)
        try:
            with connections(self.limits.seconds, self.trusted) as pool:
                return self._follow(pool)
        except OffLimits as error:
            raise OffLimits(f"{place}: not fetched: {error}.") from None
        except httpcore2.TimeoutException:
            raise SourceError(f"{place}: no complete answer within {self.limits.seconds:g} seconds.") from None
        except httpcore2.ConnectError as error:
            raise SourceError(f"{place}: cannot connect: {plainly(error)}.") from None
        except (httpcore2.ProtocolError, httpcore2.NetworkError, httpcore2.UnsupportedProtocol, zlib.error) as error:
            raise SourceError(f"{place}: the answer broke off or is no HTTP: {plainly(error)}.") from None

    def _follow(self, pool: httpcore2.ConnectionPool) -> Fetched:
        url, moved_to, permanent = self.url, None, True
        for _ in range(MOST_REDIRECTS + 1):
            with pool.stream(
                "GET", core_url(url), headers=self._request_headers(url), extensions={"timeout": _TIMEOUTS}
            ) as response:
                answered = headers_of(response)
                if response.status not in REDIRECTS:
                    return self._answer(response, answered, url, moved_to)
            permanent = permanent and response.status in PERMANENT
            url = self._next(url, answered.get("location", ""))
            moved_to = str(url) if permanent else moved_to
        raise SourceError(f"{_shown(self.url)}: redirected more than {MOST_REDIRECTS} times.")

    def _next(self, url: httpx2.URL, location: str) -> httpx2.URL:
        if not location:
            raise SourceError(f"{_shown(self.url)}: redirected, but nowhere.")
        try:
            found = url.join(location)
        except (httpx2.InvalidURL, ValueError):
            raise SourceError(f"{_shown(self.url)}: redirected to what is no address: {location[:200]!r}.") from None
        if found.scheme not in ("http", "https") or not found.host:
            raise OffLimits(f"it redirects to {_shown(found)}, which is no web address")
        return found

    def _request_headers(self, url: httpx2.URL) -> list[tuple[str, bytes]]:
        """Credentials in the address go to its own server only. A validator goes back as the bytes that it came as."""
        sent = {"Host": host_header(url), "User-Agent": _USER_AGENT, "Accept-Encoding": "gzip", "Connection": "close"}
        sent |= self.headers
        if self.url.userinfo and _origin(url) == _origin(self.url):
            plain = f"{self.url.username}:{self.url.password}".encode()
            sent["Authorization"] = "Basic " + base64.b64encode(plain).decode()
        return [(name, value.encode("latin-1", "replace")) for name, value in sent.items()]

    def _answer(
        self, response: httpcore2.Response, headers: Mapping[str, str], url: httpx2.URL, moved_to: str | None
    ) -> Fetched:
        if response.status == 304:
            return Fetched(304, str(url), headers, b"", moved_to)
        if response.status != 200:
            raise self._refusal(response.status, headers)
        encoding = headers.get("content-encoding", "").strip().lower().replace("identity", "")
        if encoding not in _PACKINGS:
            raise SourceError(f"{_shown(self.url)}: the answer is packed as {encoding[:40]!r}, which nobody asked for.")
        body = b"".join(self._limited(_unpacked(response.iter_stream()) if encoding else response.iter_stream()))
        return Fetched(200, str(url), headers, body, moved_to)

    def _limited(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.limits.size:
                told = f"larger than {self.limits.size / 1_000_000:g} MB, which no {self.limits.what} is"
                raise SourceError(f"{_shown(self.url)}: {told}.")
            yield chunk

    def _refusal(self, status: int, headers: Mapping[str, str]) -> SourceError:
        place = _shown(self.url)
        if status in (429, 503):
            until = _retry_after(headers.get("retry-after", ""), self.now)
            if until or status == 429:
                until = until or self.now + _CALM
                return AskLater(
                    f"{place}: the server is busy ({status}) and asks not to be asked before "
                    f"{until:%Y-%m-%d %H:%M} UTC.",
                    until,
                )
        return SourceError(f"{place}: {_words(status, self.limits.what)}.")


_TIMEOUTS = {"connect": 10.0, "read": 15.0, "write": 10.0, "pool": 5.0}
_STATUS = {
    401: "the server wants a name and password (401); write them into the address: https://name:password@…",
    403: "the server does not let us in (403)",
    404: "there is nothing at this address (404); the feed may have moved",
    410: "the feed is gone for good (410); remove this source from config.yaml",
    500: "the server has a fault (500); nothing to do but wait",
}


def _words(status: int, what: str) -> str:
    told = _STATUS.get(status, f"the server answered {status}")
    return told if what == "feed" else told.partition(";")[0].replace("feed", what)


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """In small steps, so that a bomb is noticed before it has gone off."""
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as its first bytes say
    for chunk in chunks:
        packed = chunk
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, 65_536)
            packed = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise zlib.error("the packed answer ends too early")


def _retry_after(value: str, now: datetime) -> datetime | None:
    """The moment that a Retry-After header names, in seconds or as a date; never in the past or beyond a week."""
    value = value.strip()
    if value.isdecimal():
        until = now + min(timedelta(seconds=int(value[:9])), LONGEST_WAIT)
    else:
        try:
            until = email.utils.parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return None
        until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
    return min(max(until, now), now + LONGEST_WAIT)


def _parsed(url: str) -> httpx2.URL:
    try:
        parsed = httpx2.URL(url.strip())
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise SourceError(f"{url[:200]}: this is no web address: {error}.") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SourceError(f"{url[:200]}: this is no web address; it begins with https:// (or http://).")
    return parsed


def _origin(url: httpx2.URL) -> tuple[str, int]:
    return url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


def _shown(url: httpx2.URL) -> str:
    """The address without name and password, short enough for one line."""
    return str(url.copy_with(username=None, password=None) if url.userinfo else url)[:200]
