"""Quoted-printable in pieces: each piece is encoded by itself, and pieces joined by soft line breaks make one text.

Every line is at most 76 characters, ends in CRLF, and never begins with a dot or "From ": such a message passes
SMTP without dot-stuffing and mailboxes without mending.
"""

from __future__ import annotations

import binascii
import re

SOFT = b"=\r\n"
_WIDTH = 75  # a 76th column is kept for the = of a soft line break
_PLAIN = frozenset(range(0x20, 0x7F)) - {ord("=")}
_TOKENS = tuple(bytes([byte]) if byte in _PLAIN else b"=%02X" % byte for byte in range(256))
_DOT = ord(".")
_TAME = re.compile(r"(?!From )[\w:/-][\w:/.@+,-]*(?: [\w:/.@+,-]+)*", re.ASCII)  # and the same in HTML
_RISKY = re.compile(rb"(?:\A|\n)(?:\.|From )| \Z")  # what `encode` does better: the start of a line, a space at the end


def encode(text: str) -> bytes:
    """One piece of a text; line ends of any kind become CRLF. The next piece must be joined on with SOFT."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return b"\r\n".join(_line(line) for line in unified.encode("utf-8", "replace").split(b"\n"))


def encode_short(text: str) -> bytes:
    """The same for a value without line ends (a link, a name), quick enough to be done for every reader."""
    encoded = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=False)
    last = len(encoded) - encoded.rfind(b"\n") - 1
    if last > _WIDTH or _RISKY.search(encoded):
        return encode(text)
    return encoded.replace(b"\n", b"\r\n")


def is_tame(text: str) -> bool:
    """Whether a value is its own encoding, and means the same in HTML: most links, dates and names."""
    return len(text) <= _WIDTH and _TAME.fullmatch(text) is not None


def _line(line: bytes) -> bytes:
    lines: list[bytes] = []
    current: list[bytes] = []
    width = 0
    for at, byte in enumerate(line):
        token = _TOKENS[byte]
        if width + len(token) > _WIDTH:
            lines.append(b"".join(current))
            current, width = [], 0
        if width == 0 and (byte == _DOT or line.startswith(b"From ", at)):
            token = b"=%02X" % byte
        current.append(token)
        width += len(token)
    if current and current[-1] == b" ":
        current[-1] = b"=20"
        if width + 2 > _WIDTH:
            lines.append(b"".join(current[:-1]))
            current = current[-1:]
    lines.append(b"".join(current))
    return SOFT.join(lines)
