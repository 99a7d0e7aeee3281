"""Dot-stuffing (RFC 5321 §4.5.2), remembered for the pieces that all readers share."""

from __future__ import annotations

from collections.abc import Sequence

_WORTH_KEEPING = 2000  # bytes: what is shorter is looked through as quickly, and may be one reader's own
_MOST_KEPT = 1000  # pieces
_DOT, _LINE_FEED = b".\n"


class DotStuffer:
    """Doubles each dot that begins a line. A bytes object keeps its hash, so a piece seen before costs one look-up."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def body(self, message: Sequence[bytes]) -> list[bytes]:
        """The message as it goes over the wire, with the line that ends it. `message` has CRLF line ends."""
        wire, known = [], self._known
        line_begins = True
        for piece in message:
            if not piece:
                continue
            if line_begins and piece[0] == _DOT:
                wire.append(b".")
            if len(piece) < _WORTH_KEEPING:
                wire.append(piece.replace(b"\n.", b"\n..") if b"\n." in piece else piece)
            else:
                wire.append(known.get(piece) or self._keep(piece))
            line_begins = piece[-1] == _LINE_FEED
        wire.append(b".\r\n" if line_begins else b"\r\n.\r\n")
        return wire

    def _keep(self, piece: bytes) -> bytes:
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        stuffed = self._known[piece] = piece.replace(b"\n.", b"\n..")
        return stuffed
