"""Pictures that travel with a message: multipart/related (RFC 2387), the HTML first, each under a Content-ID."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from newsletter.text import media
from newsletter.text.headers import raw_field

_LINE = 57  # bytes that 76 characters of base64 hold


def related(boundary: bytes) -> bytes:
    """The inner boundary: like the outer one it stands neither in quoted-printable nor in base64; neither begins so."""
    return boundary[:2] + b"r" + boundary[2:]


def related_head(boundary: bytes) -> bytes:
    """Begins, within `boundary`, the part that holds the HTML and its pictures."""
    kind = raw_field("Content-Type", 'multipart/related; type="text/html";', f'boundary="{related(boundary).decode()}"')
    return b"--" + boundary + b"\r\n" + kind


def attached(boundary: bytes, pictures: Sequence[tuple[str, bytes]]) -> bytes:
    """The pictures (name, file) behind the HTML, and the end of what they and it are in."""
    return b"".join(_part(boundary, name, data) for name, data in pictures) + b"\r\n--" + boundary + b"--"


def _part(boundary: bytes, name: str, data: bytes) -> bytes:
    head = raw_field("Content-Type", media.content_type(name))
    head += raw_field("Content-ID", f"<{media.content_id(name)}>")
    head += raw_field("Content-Disposition", f'inline; filename="{name}"')
    head += raw_field("Content-Transfer-Encoding", "base64")
    lines = (base64.b64encode(data[at : at + _LINE]) for at in range(0, len(data), _LINE))
    return b"\r\n--" + boundary + b"\r\n" + head + b"\r\n" + b"\r\n".join(lines)
