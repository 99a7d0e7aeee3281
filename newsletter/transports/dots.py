"""Dot-stuffing (RFC 5321 §4.5.2). Pieces that the message before had too are not looked through again."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet


class DotStuffer:
    """Doubles each dot that begins a line. A bytes object keeps its hash, so a piece seen before costs one look-up."""

    def __init__(self) -> None:
        self._dotless: AbstractSet[bytes] = frozenset()  # the pieces of the last message that needed nothing

    def body(self, message: Sequence[bytes]) -> tuple[bytes, bytes]:
        """The message as it goes over the wire, and the line that ends it. `message` has CRLF line ends."""
        pieces = frozenset(message)
        whole = b"".join(message)
        if any(map(_may_begin_with_dots, pieces - self._dotless)):
            whole = _stuffed(whole)
        else:
            self._dotless = pieces
        return whole, b".\r\n" if not whole or whole.endswith(b"\n") else b"\r\n.\r\n"


def _may_begin_with_dots(piece: bytes) -> bool:
    """Whether a line of it begins with a dot, or one would, should the piece before end a line."""
    return piece.startswith(b".") or b"\n." in piece


def _stuffed(message: bytes) -> bytes:
    doubled = message.replace(b"\n.", b"\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled
