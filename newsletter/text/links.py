"""Web addresses found in other people's text: made absolute, and kept away from private networks.

Judged by how they are written; what a name resolves to is for whoever opens a connection to check.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from urllib.parse import unquote, urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PRIVATE_NAME = re.compile(
    r"(?:.*\.)?(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|home\.arpa|ip6-localhost)"
)
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}")
_EMBEDDED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))  # NAT64
_UNSAFE = {char: f"%{ord(char):02X}" for char in ' "<>`{}'}
_ESCAPE = str.maketrans(_UNSAFE)


def absolute(link: str, base: str) -> str | None:
    """`link` as an absolute http, https or mailto address; None when it is none, or lies on a private address.

    The host of `base` is the source's own, and so is never foreign ground.
    """
    link = _tidied(link)
    scheme = _SCHEME.match(link)
    try:
        whole = link if scheme else urljoin(_tidied(base), link)
        parts = urlsplit(whole)
        host, own = host_of(whole), host_of(base)
    except ValueError:
        return None
    if parts.scheme.lower() == "mailto":
        return whole if "@" in parts.path else None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    return whole.translate(_ESCAPE) if host == own or is_public_host(host) else None


def host_of(url: str) -> str:
    """The host as a browser would read it: lower case, digits of any script folded, "" when there is none."""
    netloc = urlsplit(_tidied(url)).netloc.rpartition("@")[2]
    host = netloc[: netloc.index("]") + 1] if "]" in netloc else netloc.partition(":")[0]
    return unicodedata.normalize("NFKC", unquote(host)).lower().replace("。", ".").rstrip(".")


def is_public_host(host: str) -> bool:
    """Whether a host, as written, may lie on the public internet: no private name, no private address."""
    if host.startswith("["):
        try:
            return is_public_address(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
        except ValueError:
            return False
    if _NUMERIC.fullmatch(host):
        try:
            return is_public_address(ipaddress.IPv4Address(socket.inet_aton(host)))
        except (OSError, ValueError):
            return False
    return "." in host and not _PRIVATE_NAME.fullmatch(host)


def is_public_address(address: Address) -> bool:
    """Whether an address is reachable by everybody, looking inside the IPv6 forms that wrap an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public_address(address.ipv4_mapped)
        if address.is_private or address.is_multicast:
            return False
        inner = address.sixtofour or (address.teredo and address.teredo[1])
        if not inner and any(address in network for network in _EMBEDDED):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public_address(inner)
    return address.is_global and not address.is_multicast


def _tidied(link: str) -> str:
    """What a browser does before it reads an address: outer spaces and inner line ends go, \\ becomes /."""
    link = re.sub(r"[\t\r\n]", "", link).strip("".join(map(chr, range(0x21))))
    head, mark, tail = link.partition("?")
    return head.replace("\\", "/") + mark + tail if not head.startswith("mailto:") else link
