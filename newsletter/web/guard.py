"""What stands between the pages and the world: headers on every answer, limits, and who is asking."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import logging
import math
import time
from collections.abc import Sequence
from enum import StrEnum
from secrets import compare_digest

from fastapi import Request
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.app import App
from newsletter.logs import tell

log = logging.getLogger("newsletter.web")

_ONCE_A_MINUTE = RateLimitItemPerMinute(1)
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"
EVERYWHERE = {
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a page's address may hold a reader's token
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
FRAMED = {"Content-Security-Policy": f"{_POLICY}; frame-ancestors *"}
"""For the one page that other sites may show inside theirs."""


class Headers:
    """Puts the headers on every answer; what a page set itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in EVERYWHERE.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


class BodyLimit:
    """Reads no more of a body than `most` bytes. It raises HTTPException 413 where the body is read, so that the answer
    is a page like all others: the limit that FastAPI has itself answers in plain text, before any of our own headers.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def limited() -> Message:
            nonlocal read
            announced = RequestHeaders(scope=scope).get("content-length", "")
            if announced.isdecimal() and int(announced) > self._most:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise HTTPException(413)
            return message

        await self._app(scope, limited if scope["type"] == "http" else receive, send)


class OneSlash:
    """A slash at the end changes nothing. A redirect instead would lead to whatever host the request names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)


class Mailing(StrEnum):
    """What has mails go to whomever somebody names; web/words knows the answer to too many of it by this."""

    SIGN_UP = "too_many"
    CHANGE_OF_ADDRESS = "too_many_changes"


_TOO_MANY = {
    Mailing.SIGN_UP: "Too many sign-ups came from your address. Please try again later.",
    Mailing.CHANGE_OF_ADDRESS: "Too many changes of address were asked for. Please try again later.",
}


class TooMany(HTTPException):
    def __init__(self, what: Mailing, wait: int) -> None:
        super().__init__(429, _TOO_MANY[what], {"Retry-After": str(wait)})
        self.what = what


class SignupLimit:
    """So many sign-ups an hour from one address of origin: an IPv4 address, or an IPv6 network of 64 bits.

    Changes of address are counted apart, up to the same number.
    """

    def __init__(self, per_hour: int, proxies: Sequence[str]) -> None:
        self.per_hour = per_hour
        self._item = RateLimitItemPerHour(per_hour)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._proxies = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]

    def spend(self, request: Request, what: Mailing = Mailing.SIGN_UP) -> str:
        """Counts one of them and returns where it came from. Raises TooMany when it is one too many."""
        origin = self.origin(request)
        keys = what.value, _group(origin)
        if not self._limiter.hit(self._item, *keys):
            reset = self._limiter.get_window_stats(self._item, *keys).reset_time
            self._tell(what)
            raise TooMany(what, max(1, round(reset - time.time())))
        return origin

    def _tell(self, what: Mailing) -> None:
        """Once a minute: behind a proxy that is not believed the whole world is refused, and only a log tells. It does
        not say whose address that is: it may be a reader's.
        """
        if self._limiter.hit(_ONCE_A_MINUTE, "told"):
            refused = "sign-ups" if what is Mailing.SIGN_UP else "changes of address"
            words = (
                f"{refused} are refused (429): more than {self.per_hour} in an hour came from one address. "
                "If that is your own proxy, name it under `proxies:` in config.yaml"
            )
            tell(log, logging.WARNING, "signup_limit", words, per_hour=self.per_hour)

    def origin(self, request: Request) -> str:
        """The address that asks. X-Forwarded-For counts only as far as our own proxies wrote it."""
        origin = request.client.host if request.client else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        while self.is_proxy(origin) and forwarded and (named := forwarded.pop().strip()):
            if _address(named) is None:
                break
            origin = named
        return origin

    def is_proxy(self, origin: str) -> bool:
        """Whether it is one of our own, whose X-Forwarded-For is believed."""
        address = _address(origin)
        return address is not None and any(address in network for network in self._proxies)


class ProxyWatch:
    """Tells once of what must be our own proxy, and is not believed: all readers are one then, to limit and brake."""

    def __init__(self, app: ASGIApp, limit: SignupLimit) -> None:
        self._app, self._limit, self._told = app, limit, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._told and scope["type"] == "http" and "x-forwarded-for" in RequestHeaders(scope=scope):
            self._look((scope.get("client") or ("",))[0])
        await self._app(scope, receive, send)

    def _look(self, peer: str) -> None:
        """What a stranger sends from the open net says nothing."""
        address = _address(peer)
        if address is None or address.is_global or self._limit.is_proxy(peer):
            return
        self._told = True
        words = (
            f"{address} sends X-Forwarded-For and is not believed: all who come through it count as one, and may sign "
            f"up {self._limit.per_hour} times an hour together. If it is your proxy, name it in config.yaml: "
            f'`proxies: ["{address}"]`'
        )
        tell(log, logging.WARNING, "proxy_unknown", words, proxy=str(address))


class PasswordBrake:
    """So many wrong passwords a minute from one address of origin, then none is looked at, the right one neither."""

    def __init__(self, per_minute: int = 10) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def check(self, origin: str) -> None:
        """Raises HTTPException 429 when the address is braked."""
        key = _group(origin)
        if self._limiter.test(self._item, key):
            return
        wait = max(1, math.ceil(self._limiter.get_window_stats(self._item, key).reset_time - time.time()))
        if self._limiter.hit(_ONCE_A_MINUTE, "told", key):
            words = f"too many wrong admin passwords from {origin}: none is looked at for {wait} seconds"
            tell(log, logging.WARNING, "password_brake", words, origin=origin)
        text = "Too many wrong passwords came from your address. Please try again in a minute."
        raise HTTPException(429, text, {"Retry-After": str(wait)})

    def count(self, origin: str) -> None:
        """One more wrong password. Raises HTTPException 429 when it is one too many."""
        if not self._limiter.hit(self._item, _group(origin)):
            self.check(origin)


def is_operator(request: Request, app: App) -> bool:
    """Whether the request carries the admin's password (HTTP Basic, any user name).

    Raises HTTPException 429 when too many wrong ones came from where it comes from.
    """
    password = app.config.web.password
    given = _basic_password(request.headers.get("authorization", ""))
    if password is None or given is None:
        return False
    brake: PasswordBrake = request.app.state.brake
    origin = request.app.state.limit.origin(request)
    brake.check(origin)
    right = compare_digest(given, password.get_secret_value().encode())
    if not right:
        brake.count(origin)
    return right


def is_local(request: Request) -> bool:
    """Whether somebody on this very machine asks, and no proxy asks for somebody else."""
    address = _address(request.client.host if request.client else "")
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return address is not None and address.is_loopback and not forwarded


def _basic_password(header: str) -> bytes | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return None


def _group(origin: str) -> str:
    address = _address(origin)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or origin)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 address written as one of IPv6 (RFC 4291 §2.5.5.2) is what it stands for."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address
