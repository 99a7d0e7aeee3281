"""The network layer of `fetch`: where a connection may go, and until when.

A name is resolved once, every address of it is judged, and the connection goes to the judged address itself:
no second look-up can lead it elsewhere.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore2

from newsletter.errors import OffLimits
from newsletter.text.links import is_public_address

WEB_PORTS = frozenset({80, 443})


class Deadline:
    """A moment that no part of a conversation may pass, however slowly the other side drips."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, most: float | None) -> float:
        """Seconds that the next step may take. Raises ReadTimeout when none are left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the answer took too long")
        return left if most is None else min(left, most)


@dataclass(frozen=True)
class GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections to public addresses on web ports, and to `trusted` (host, port), the operator's own."""

    deadline: Deadline
    trusted: tuple[str, int]

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        target = host if (host, port) == self.trusted else _public_address(host, port)
        stream = httpcore2.SyncBackend().connect_tcp(
            target, port, self.deadline.left(timeout), local_address, socket_options
        )
        return _TimedStream(stream, self.deadline)


class _TimedStream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _public_address(host: str, port: int) -> str:
    """One address of `host`, all of which are public. Raises OffLimits, or ConnectError for an unknown name."""
    if port not in WEB_PORTS:
        raise OffLimits(f"it leads to port {port} of {host}, which is no port of the public web")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(str(error)) from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        if not is_public_address(ipaddress.ip_address(address)):
            raise OffLimits(f"it leads to {host}, which is on a private network ({address})")
    if not addresses:
        raise httpcore2.ConnectError("no address")
    return addresses[0]
